"""One way to call AWS: checked before, limited, its errors turned into ours."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError

from deployments.aws.boto import limits, sessions
from deployments.aws.boto.sessions import client
from deployments.aws.errors import OWN_LIMIT, AwsError, ErrorKind, classify
from deployments.aws.gateway import AwsAccount
from deployments.aws.validation import require_valid

# boto3 hands out a JSON answer that was cut off as an empty one; without its main member it says nothing.
_MAIN_MEMBERS = {
    "DescribeTrainingJob": "TrainingJobStatus",
    "Search": "Results",
    "ListTags": "Tags",
    "ListTrainingJobs": "TrainingJobSummaries",
    "DescribeLogStreams": "logStreams",
    "GetLogEvents": "nextForwardToken",
    "GetCallerIdentity": "Account",
    "GetQueueAttributes": "Attributes",
}
_STALE_CREDENTIALS = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidClientTokenId"}
)
_WITHOUT_BODY = frozenset({"HeadObject", "HeadBucket"})
_LONGEST_MESSAGE = 1000


def call(account: AwsAccount, service: str, operation: str, *, family: str = "", **params: Any) -> dict[str, Any]:
    """Make one call, such as ``call(account, "sagemaker", "StopTrainingJob", family="stop", TrainingJobName=…)``.

    Args:
        family: the rate limit that the call counts against; empty when it was reserved before or has none.

    Raises:
        AwsError: refused here, by the limiter, by AWS, or not answered whole.
    """
    require_valid(service, operation, params)
    if family and (wait := limits.take(account.account_id, account.region, family)):
        raise AwsError(ErrorKind.THROTTLED, "The portal's own rate limit is used up.", OWN_LIMIT, wait)
    answer = translated(lambda: _method(account, service, operation)(**params), account, family)
    main = _MAIN_MEMBERS.get(operation)
    if main and answer.get(main) is None:
        raise AwsError(ErrorKind.TRANSIENT, f"AWS's answer to {operation} was cut off.")
    return answer


def _method(account: AwsAccount, service: str, operation: str) -> Callable[..., dict[str, Any]]:
    made = client(account, service)
    names = {api: python for python, api in made.meta.method_to_api_mapping.items()}
    method: Callable[..., dict[str, Any]] = getattr(made, names[operation])
    return method


def translated[T](work: Callable[[], T], account: AwsAccount, family: str = "") -> T:
    """Run ``work``; whatever boto3 raises becomes an AwsError."""
    try:
        return work()
    except ClientError as error:
        told = from_client(error)
        if told.kind is ErrorKind.THROTTLED and family:
            limits.throttled(account.account_id, account.region, family)
        raise told from error
    except ParamValidationError as error:
        raise AwsError(ErrorKind.INVALID, str(error)) from error
    except NoCredentialsError as error:
        raise AwsError(ErrorKind.DENIED, "The portal has no AWS credentials.", "NoCredentials") from error
    except Exception as error:
        # No answer, or one that boto3 cannot read: nobody knows whether AWS acted.
        raise AwsError(ErrorKind.TRANSIENT, f"AWS did not answer: {error}"[:_LONGEST_MESSAGE]) from error


def from_client(error: ClientError) -> AwsError:
    """Our error for one that AWS answered with."""
    answer = error.response
    code, message = str(answer["Error"].get("Code", "")), str(answer["Error"].get("Message", ""))
    about = answer.get("ResponseMetadata", {})
    status, wait = int(about.get("HTTPStatusCode", 0) or 0), _retry_after(about.get("HTTPHeaders") or {})
    if code in _STALE_CREDENTIALS:
        sessions.forget()  # the next try reads the credentials anew
    if code in ("", str(status)) and error.operation_name not in _WITHOUT_BODY:
        return _unreadable(error.operation_name, status, wait)
    kind = classify(code, message, status)
    if kind is ErrorKind.UNSUPPORTED:
        message = f"The AWS at this endpoint does not know {error.operation_name}. {message}".strip()
    return AwsError(kind, message[:_LONGEST_MESSAGE] or f"AWS answered {status}.", code, wait)


def _unreadable(operation: str, status: int, wait: float | None) -> AwsError:
    """An answer without AWS's error document: cut off, or from something that stands in between."""
    kind = {429: ErrorKind.THROTTLED, 501: ErrorKind.UNSUPPORTED}.get(status, ErrorKind.TRANSIENT)
    told = f"The AWS at this endpoint answers {operation} with status {status} and no explanation."
    return AwsError(kind, told, retry_after=wait)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from the header Retry-After, at most five minutes; None when it names none."""
    raw = str(headers.get("retry-after", ""))
    return min(300.0, float(raw)) if raw.isascii() and raw.isdigit() else None
