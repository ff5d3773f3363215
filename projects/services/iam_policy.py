"""The least IAM policy with which a granted access can be read. Pure.

Grammar: IAM user guide, "Grammar of the IAM JSON policy language"; actions and condition keys: Service authorization
reference, "Actions, resources, and condition keys for Amazon S3". Times are UTC, as ``aws:CurrentTime`` is compared.
"""

from datetime import UTC, datetime
from typing import Any

from projects.services import locations

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}


def read_only(location: str, *, expires_at: datetime, region: str = "") -> dict[str, Any]:
    """Listing and reading below the prefix ``location``, over TLS, until ``expires_at``; nothing else."""
    bucket, prefix = locations.split(location)
    arn = f"arn:{partition_of(region)}:s3:::{bucket}"
    ends = {"DateLessThan": {"aws:CurrentTime": _utc(expires_at)}, "Bool": {"aws:SecureTransport": "true"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ListBelowThePrefix",
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": arn,
                "Condition": {"StringLike": {"s3:prefix": f"{prefix}*"}, **ends},
            },
            {
                "Sid": "ReadBelowThePrefix",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": f"{arn}/{prefix}*",
                "Condition": ends,
            },
        ],
    }


def partition_of(region: str) -> str:
    """The partition that a region belongs to; an unknown region is in the ordinary one."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
