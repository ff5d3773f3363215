"""Trying out an environment: what works, what does not, and what to do about it."""

import secrets
from collections.abc import Callable

import structlog
from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from deployments.aws.boto import OpenAccount
from deployments.aws.errors import OWN_LIMIT, AwsError, ErrorKind
from deployments.aws.gateway import CheckItem
from deployments.models import Environment
from deployments.reconcile.accounts import account_of

log = structlog.get_logger(__name__)
_REMEDIES = {
    ErrorKind.DENIED: "Give the portal's role the permissions of the portal's CloudFormation template.",
    ErrorKind.NOT_FOUND: "Create it, or correct its name in the environment.",
    ErrorKind.UNSUPPORTED: "Use an AWS that has this operation; without it the portal cannot work there.",
    ErrorKind.THROTTLED: "AWS is busy. Have the environment checked again in a minute.",
    ErrorKind.TRANSIENT: "AWS did not answer. Check the network and the endpoint, then check again.",
}


def check_requested() -> int:
    """Check every environment for which somebody asked. Returns how many were checked."""
    waiting = list(Environment.objects.filter(check_requested_at__isnull=False).order_by("check_requested_at"))
    return sum(_check(environment) for environment in waiting)


def _check(environment: Environment) -> bool:
    """False when the portal's own rate is used up just now; the wish stands and is met at the next round."""
    try:
        _record(environment, look_at(environment))
    except AwsError as error:
        log.info("check_waits", environment=environment.name, retry_after=error.retry_after)
        return False
    return True


def look_at(environment: Environment) -> list[CheckItem]:
    """Try everything that a run will need. Changes nothing but a probe object, which is deleted again.

    Raises:
        AwsError: the portal's own rate limit is used up (``OWN_LIMIT``); everything else becomes an item.
    """
    aws = account_of(environment)
    tries: list[tuple[str, str, Callable[[], str]]] = [
        ("identity", "Identity", lambda: _identity(environment, aws)),
        ("bucket", "Bucket", lambda: _bucket(environment, aws)),
        ("queue", "Event queue", lambda: _queue(environment, aws)),
        ("sagemaker", "SageMaker", lambda: _sagemaker(aws)),
    ]
    return [_tried(code, title, work) for code, title, work in tries]


class _Wrong(Exception):
    """The call worked and showed something wrong: a sentence and a remedy."""


def _tried(code: str, title: str, work: Callable[[], str]) -> CheckItem:
    try:
        return CheckItem(code, title, True, work())
    except _Wrong as wrong:
        return CheckItem(code, title, False, *map(str, wrong.args))
    except AwsError as error:
        if error.code == OWN_LIMIT:
            raise
        fallback = "Correct the environment, then check again."
        return CheckItem(code, title, False, error.told, _REMEDIES.get(error.kind, fallback))


def _identity(environment: Environment, aws: OpenAccount) -> str:
    account = aws.identity.account_id()
    if not account:
        raise _Wrong("AWS's answer was cut off.", "Check again.")
    if account != environment.account_id:
        told = f"The credentials belong to account {account}, the environment is {environment.account_id}."
        raise _Wrong(told, "Correct the account or the role of the environment.")
    return f"The portal works in account {account}."


def _bucket(environment: Environment, aws: OpenAccount) -> str:
    bucket, content = environment.bucket, secrets.token_bytes(16)
    region = _region_of_bucket(bucket, aws)
    if region and region != environment.region:
        told = f"The bucket {bucket} lies in {region}, the environment in {environment.region}."
        raise _Wrong(told, "Use a bucket in the environment's region; SageMaker reads no other.")
    key = f"coe-portal/probe/{secrets.token_hex(8)}"
    aws.objects.put(bucket, key, content)
    try:
        same = aws.objects.get(bucket, key) == content
    finally:
        aws.objects.delete(bucket, key)
    if not same:
        raise _Wrong(f"What was written to {bucket} is not what was read.", "Check the storage behind the bucket.")
    return f"The portal can write, read and delete in {bucket}."


def _region_of_bucket(bucket: str, aws: OpenAccount) -> str:
    """A head request is answered without words, so they are added here."""
    try:
        return aws.objects.bucket_region(bucket)
    except AwsError as error:
        told = {
            ErrorKind.NOT_FOUND: f"There is no bucket named {bucket}.",
            ErrorKind.DENIED: f"The portal may not see the bucket {bucket}, or it belongs to somebody else.",
        }
        raise AwsError(error.kind, told.get(error.kind, error.message), error.code) from error


def _queue(environment: Environment, aws: OpenAccount) -> str:
    if not environment.event_queue_url:
        told = "No event queue is given, so states are polled and come up to a minute late."
        raise _Wrong(told, "Create the rule and the queue of the portal's CloudFormation template and enter its URL.")
    return f"The queue answers; about {aws.queue(environment.event_queue_url).waiting()} events wait."


def _sagemaker(aws: OpenAccount) -> str:
    aws.training.probe()
    return "The portal can list and search training jobs."


@transaction.atomic
def _record(environment: Environment, items: list[CheckItem]) -> None:
    row = Environment.objects.select_for_update().get(pk=environment.pk)
    if row.version != environment.version or row.check_requested_at is None:
        # Changed while it was looked at: what was found is about the old one, and the wish still stands.
        return
    state = "passed" if all(item.ok for item in items) else "failed"
    row.check_result = {
        "at": timezone.now().isoformat(),
        "state": state,
        "items": [item.plain() for item in items],
    }
    row.check_requested_at = None
    row.version += 1
    row.save(update_fields=["check_result", "check_requested_at", "version"])
    audit.record(actor=None, action="environment.checked", subject=row, after={"state": state})
