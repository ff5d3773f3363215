"""Prefixes in S3 as people write them: checked, spelt in one way, compared. Pure.

Bucket rules: Amazon S3 user guide, "General purpose bucket naming rules". Of the characters that S3 calls safe in keys,
those that an IAM policy would read as a pattern (``*``, ``?``, ``$``) are left out.
"""

import re

_BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.'()=+@,:-]+(?:/[A-Za-z0-9!_.'()=+@,:-]+)*")
REMEDY = "Give a prefix such as s3://bucket/claims/2026/."
LONGEST = 1024


def spelt(value: str) -> str:
    """The location with exactly one slash at its end."""
    return value.strip().rstrip("/") + "/" if value.strip() else ""


def problem(value: str) -> str:
    """What is wrong with a location in its one spelling; empty when nothing is."""
    if not value.startswith("s3://"):
        return f"This does not start with s3://. {REMEDY}"
    bucket, prefix = split(value)
    if not _BUCKET.fullmatch(bucket) or re.fullmatch(r"[0-9.]+", bucket):
        return f"“{bucket[:63]}” is no bucket name. {REMEDY}"
    if not prefix:
        return f"A whole bucket is no data set: name the prefix, so that access can end at it. {REMEDY}"
    parts = prefix.rstrip("/").split("/")
    if len(value) > LONGEST or not _PREFIX.fullmatch(prefix.rstrip("/")) or {".", ".."} & set(parts):
        return f"The prefix may hold letters, digits and !_.'()=+@,:- between single slashes. {REMEDY}"
    return ""


def split(location: str) -> tuple[str, str]:
    """Bucket and prefix of ``s3://bucket/prefix/``."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return bucket, prefix


def overlap(one: str, other: str) -> bool:
    """Whether reading one location reads something of the other. A location may also name a single object."""
    return one.startswith(other) or other.startswith(one) or f"{one}/" == other
