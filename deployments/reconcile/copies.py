"""Looking whether a sandbox copy that is said to be destroyed is really gone."""

import structlog

from deployments.aws.errors import OWN_LIMIT, AwsError, ErrorKind
from deployments.models import Environment
from deployments.reconcile.accounts import account_of
from governance.services import data_access
from projects.models import DataAccess
from projects.services.accesses import SHOWN_KEYS, Seen
from projects.services.locations import split

log = structlog.get_logger(__name__)
MOST = 10_000  # counting goes no further; whoever left more than that knows enough
_REMEDIES = {
    ErrorKind.DENIED: "Give the portal's role s3:ListBucket and s3:ListBucketVersions on the bucket.",
    ErrorKind.NOT_FOUND: "Correct the bucket of the environment, or create it.",
    ErrorKind.UNSUPPORTED: "Use storage that lists versions; without it nobody can tell whether old versions are left.",
}


def look_at_copies() -> int:
    """Look below the prefix of every copy whose destruction was attested. Returns how many were looked at.

    AWS is called outside any transaction. What cannot be reached just now is looked at in the next round.
    """
    waiting = list(DataAccess.objects.to_look_at().select_related("project"))
    return sum(_look(access) for access in waiting)


def _look(access: DataAccess) -> bool:
    try:
        seen = _seen(access)
    except AwsError as error:
        if error.code == OWN_LIMIT or error.may_pass:
            log.info("look_waits", access=access.pk, retry_after=error.retry_after, error=error.told)
            return False
        remedy = _REMEDIES.get(error.kind, "Correct the environment.")
        seen = Seen(trouble=f"{error.told} {remedy}")
    return data_access.record_look(access_id=access.pk, seen=seen) is not None


def _seen(access: DataAccess) -> Seen:
    place = Environment.objects.filter(name=access.environment).first()
    if place is None:
        return Seen(trouble=f"There is no environment named {access.environment} any more.")
    bucket, prefix = split(access.copy_location)
    left = account_of(place).objects.versions(bucket, prefix, limit=MOST + 1)
    keys = tuple(dict.fromkeys(left))[:SHOWN_KEYS]
    return Seen(objects=min(len(left), MOST), more=len(left) > MOST, keys=keys)
