"""What can go wrong at AWS, in nine kinds.

Sources of the tables: botocore's service models (modelled errors), ``botocore/retries/standard.py`` (throttling codes),
and the texts that AWS answers with where it uses one code, ``ValidationException``, for quite different things.
"""

from enum import StrEnum


class ErrorKind(StrEnum):
    ALREADY_EXISTS = "already_exists"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    QUOTA = "quota"
    CONFLICT = "conflict"
    DENIED = "denied"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"
    TRANSIENT = "transient"


OWN_LIMIT = "OwnLimit"  # the code of an AwsError that our own rate limiter raised


class AwsError(Exception):
    """AWS refused or did not answer.

    Attributes:
        kind: what it means for us.
        message: AWS's own words, or a sentence of ours.
        code: AWS's error code; empty when there was no answer.
        retry_after: seconds to wait before the next try, when known.
    """

    def __init__(self, kind: ErrorKind, message: str, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind, self.message, self.code, self.retry_after = kind, message, code, retry_after

    @property
    def told(self) -> str:
        """For people: the message, with AWS's code when there is one."""
        return f"{self.message} ({self.code})" if self.code else self.message

    @property
    def may_pass(self) -> bool:
        """The same call may succeed later."""
        return self.kind in {ErrorKind.THROTTLED, ErrorKind.TRANSIENT}


_K = ErrorKind
_CODES: dict[str, ErrorKind] = {
    **dict.fromkeys(
        (
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottledException",
            "RequestThrottled",
            "TooManyRequestsException",
            "ProvisionedThroughputExceededException",
            "TransactionInProgressException",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "LimitExceededException",
            "SlowDown",
            "PriorRequestNotComplete",
            "EC2ThrottledException",
            "OverLimit",
            "KMS.ThrottlingException",
        ),
        _K.THROTTLED,
    ),
    **dict.fromkeys(("ResourceLimitExceeded", "ServiceQuotaExceededException"), _K.QUOTA),
    **dict.fromkeys(
        (
            "ResourceInUse",
            "ResourceInUseException",
            "ResourceAlreadyExistsException",
            "AlreadyExistsException",
            "DuplicateRecordException",
            "ExecutionAlreadyExists",
            "PreconditionFailed",
            "412",
        ),
        _K.ALREADY_EXISTS,
    ),
    **dict.fromkeys(
        (
            "ResourceNotFound",
            "ResourceNotFoundException",
            "NotFoundException",
            "NotFound",
            "NoSuchKey",
            "NoSuchBucket",
            "404",
            "AWS.SimpleQueueService.NonExistentQueue",
            "QueueDoesNotExist",
            "StateMachineDoesNotExist",
            "ExecutionDoesNotExist",
        ),
        _K.NOT_FOUND,
    ),
    **dict.fromkeys(
        ("ConflictException", "ConditionalRequestConflict", "OperationAborted", "TokenAlreadyExistsException"),
        _K.CONFLICT,
    ),
    **dict.fromkeys(
        (
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
            "AuthorizationError",
            "AuthFailure",
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "OptInRequired",
            "InvalidToken",
            "NotSignedUp",
            "AccountProblem",
            "AllAccessDisabled",
            "403",
        ),
        _K.DENIED,
    ),
    **dict.fromkeys(
        (
            "InternalFailure",
            "InternalServerError",
            "InternalServerException",
            "InternalServiceError",
            "InternalError",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "RequestTimeout",
            "RequestTimeoutException",
            "RequestTimeTooSkewed",
            "RequestExpired",
            "ExpiredToken",
            "ExpiredTokenException",
            "TokenRefreshRequired",
        ),
        _K.TRANSIENT,
    ),
    **dict.fromkeys(
        (
            "UnknownOperationException",
            "UnknownOperation",
            "UnsupportedOperation",
            "InvalidAction",
            "NotImplemented",
            "MethodNotAllowed",
            "501",
        ),
        _K.UNSUPPORTED,
    ),
}
# Code → (start of the message in lower case → kind). AWS distinguishes these by text only.
_VALIDATION: tuple[tuple[str, ErrorKind], ...] = (
    ("requested resource not found", _K.NOT_FOUND),
    ("could not find", _K.NOT_FOUND),
    ("cannot create already existing", _K.ALREADY_EXISTS),
    ("the request was rejected because the", _K.CONFLICT),
    ("only pipelines with", _K.CONFLICT),
    ("cannot update in-progress", _K.CONFLICT),
    ("cannot update endpoint", _K.CONFLICT),
    ("rate exceeded", _K.THROTTLED),
    ("could not assume role", _K.DENIED),
    ("no updates are to be performed", _K.ALREADY_EXISTS),
)
_VALIDATION_INSIDE: tuple[tuple[str, ErrorKind], ...] = (
    ("already exists", _K.ALREADY_EXISTS),
    ("does not exist", _K.NOT_FOUND),
)
_BY_TEXT = {"ValidationException", "ValidationError", "InvalidRequestException"}


def classify(code: str, message: str = "", http_status: int = 0) -> ErrorKind:
    """The kind of an AWS error from its code, its message and the status of the answer."""
    if code in _BY_TEXT:
        return _by_text(message.strip().lower())
    if code in _CODES:
        return _CODES[code]
    if http_status >= 500:
        return ErrorKind.TRANSIENT
    return ErrorKind.THROTTLED if http_status == 429 else ErrorKind.INVALID


def _by_text(text: str) -> ErrorKind:
    for start, kind in _VALIDATION:
        if text.startswith(start):
            return kind
    for part, kind in _VALIDATION_INSIDE:
        if part in text:
            return kind
    return ErrorKind.INVALID
