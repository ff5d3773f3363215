"""One way to call AWS: checked before, limited, its errors turned into ours."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

from deployments.aws.boto import limits
from deployments.aws.boto.sessions import client
from deployments.aws.errors import AwsError, ErrorKind, classify
from deployments.aws.gateway import AwsAccount
from deployments.aws.validation import require_valid


def call(account: AwsAccount, service: str, operation: str, *, family: str = "", **params: Any) -> dict[str, Any]:
    """Make one call, such as ``call(account, "sagemaker", "StopTrainingJob", family="stop", TrainingJobName=…)``.

    Args:
        family: the rate limit that the call counts against; empty when it was reserved before or has none.

    Raises:
        AwsError: refused here, by the limiter, by AWS, or not answered.
    """
    require_valid(service, operation, params)
    if family and (wait := limits.take(account.account_id, account.region, family)):
        raise AwsError(ErrorKind.THROTTLED, "The portal's own rate limit is used up.", "OwnLimit", wait)
    return translated(lambda: _method(account, service, operation)(**params), account, family)


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
    except (BotoCoreError, OSError, ValueError) as error:
        # No answer, or one that cannot be read: nobody knows whether AWS acted.
        raise AwsError(ErrorKind.TRANSIENT, f"AWS did not answer: {error}") from error


def from_client(error: ClientError) -> AwsError:
    """Our error for one that AWS answered with."""
    answer = error.response
    code, message = str(answer["Error"].get("Code", "")), str(answer["Error"].get("Message", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    return AwsError(classify(code, message, status), message or f"AWS answered {status}.", code)
