"""The names that AWS accepts, so that nothing leaves the portal which AWS would refuse.

Patterns: botocore's service models for SageMaker and STS; bucket rules: Amazon S3 user guide, "Bucket naming rules".
Each function returns a sentence that says what is wrong, or an empty text.
"""

import re
from urllib.parse import urlsplit

_BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9]))*[a-z0-9]")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_REGION = re.compile(r"([a-z]{2}(-(iso[a-z]?|gov))?|eusc-de)-(central|(north|south)(east|west)?|east|west)-[0-9]")
_IMAGE = re.compile(r"[\S]{1,255}")


def account_problem(value: str) -> str:
    return "" if re.fullmatch(r"[0-9]{12}", value) else "An AWS account has exactly 12 digits, such as 111122223333."


def region_problem(value: str) -> str:
    return "" if _REGION.fullmatch(value) else "Give a region's code, such as eu-west-1."


def role_problem(value: str) -> str:
    if 20 <= len(value) <= 2048 and _ROLE.fullmatch(value):
        return ""
    return "Give the ARN of a role, such as arn:aws:iam::111122223333:role/coe-portal."


def bucket_problem(value: str) -> str:
    reserved = re.fullmatch(r"\d+\.\d+\.\d+\.\d+", value) or value.endswith(_RESERVED_ENDS)
    if 3 <= len(value) <= 63 and _BUCKET.fullmatch(value) and not reserved:
        return ""
    return (
        "Give a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, "
        "with a letter or digit at both ends and no s3:// in front."
    )


def queue_problem(value: str) -> str:
    parts = urlsplit(value)
    whole = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
    if whole and re.fullmatch(r"/[0-9]{12}/[A-Za-z0-9_-]{1,80}", parts.path):
        return ""
    return "Give the URL of an SQS queue, such as https://sqs.eu-west-1.amazonaws.com/111122223333/coe-portal-events."


def image_problem(value: str) -> str:
    return "" if _IMAGE.fullmatch(value) else "Give an image URI of at most 255 characters without spaces."


def s3_location_problem(value: str) -> str:
    remedy = "Give an S3 location such as s3://bucket/folder/."
    if not value.startswith("s3://"):
        return f"“{value[:60]}” does not start with s3://. {remedy}"
    bucket, _, key = value.removeprefix("s3://").partition("/")
    if bucket_problem(bucket):
        return f"“{bucket[:70]}” is no bucket name. {remedy}"
    if len(value) > 1024 or not key.isprintable():
        return f"The location is longer than 1,024 characters or holds control characters. {remedy}"
    return ""
