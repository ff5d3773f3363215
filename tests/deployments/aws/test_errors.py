"""What AWS says, sorted into what it means for the portal."""

import pytest

from deployments.aws.errors import ErrorKind, classify


@pytest.mark.parametrize(
    ("code", "message", "status", "kind"),
    [
        ("ResourceInUse", "Training job names must be unique within an AWS account and region", 400, "already_exists"),
        ("ValidationException", "Cannot create already existing model", 400, "already_exists"),
        ("ValidationException", "Cannot create already existing endpoint configuration", 400, "already_exists"),
        ("ValidationException", "Cannot create already existing endpoint", 400, "already_exists"),
        ("ValidationException", "Model Package Group already exists: arn:aws:…", 400, "already_exists"),
        ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, "already_exists"),
        ("ExecutionAlreadyExists", "Execution Already Exists", 400, "already_exists"),
        ("DuplicateRecordException", "", 400, "already_exists"),
        ("ValidationException", "Requested resource not found.", 400, "not_found"),
        ("ValidationException", "Could not find requested job with name x", 400, "not_found"),
        ("ValidationException", "Could not find model", 400, "not_found"),
        ("ValidationException", "Could not find endpoint", 400, "not_found"),
        ("ValidationException", "Model Package Group x does not exist.", 400, "not_found"),
        ("ValidationError", "Stack with id X does not exist", 400, "not_found"),
        ("ResourceNotFound", "", 400, "not_found"),
        ("404", "Not Found", 404, "not_found"),
        ("ThrottlingException", "Rate exceeded", 400, "throttled"),
        ("LimitExceededException", "", 400, "throttled"),
        ("SlowDown", "", 503, "throttled"),
        ("", "", 429, "throttled"),
        ("ResourceLimitExceeded", "The account-level service limit is 0 Instances", 400, "quota"),
        (
            "ValidationException",
            "The request was rejected because the training job is in status Completed.",
            400,
            "conflict",
        ),
        ("ConflictException", "", 409, "conflict"),
        ("ValidationException", "Could not assume role arn:aws:iam::1:role/x", 400, "denied"),
        ("AccessDeniedException", "", 400, "denied"),
        ("InvalidClientTokenId", "", 403, "denied"),
        ("ValidationException", "1 validation error detected: Value 'x' at 'y'", 400, "invalid"),
        ("SomethingNew", "", 400, "invalid"),
        ("InternalFailure", "", 500, "transient"),
        ("SomethingNew", "", 503, "transient"),
        ("ExpiredTokenException", "", 400, "transient"),
        ("RequestTimeTooSkewed", "", 403, "transient"),
    ],
)
def test_every_error_text_that_is_known_has_its_kind(code: str, message: str, status: int, kind: str) -> None:
    assert classify(code, message, status) == ErrorKind(kind)
