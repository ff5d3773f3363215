"""Reading which jobs ended lately: what keeps thousands of runs fresh when no event comes.

Looking at 10,000 runs takes 100 calls, more than a minute's share; asking for what ended since the last time takes one
call for each hundred that did, however many go on. It reads their bills on the way.
"""

from datetime import datetime, timedelta

import structlog
from django.core.cache import cache
from django.db.models import Min
from django.utils import timezone

from deployments import planning
from deployments.aws.errors import AwsError
from deployments.models import Environment, Run
from deployments.reconcile import recording
from deployments.reconcile.accounts import account_of

log = structlog.get_logger(__name__)
PAGE = 100
# Clocks differ, and a run may have been sent off some time before its row said so.
MARGIN = timedelta(minutes=10)
KEEP = timedelta(days=1)


def read_lately(place: Environment) -> int:
    """Take in one page of jobs that ended since the last time, if many runs go on and it is time. Returns how many.

    Where it stopped is kept in the cache: a lost cache costs a few calls and nothing else.
    """
    if recording.going_on(place.pk) < planning.MANY_OPEN:
        return 0
    if not cache.add(_turn(place), 1, timeout=planning.ENDS_EVERY.total_seconds()):
        return 0
    since = cache.get(_mark(place)) or _oldest(place)
    try:
        found = account_of(place).training.search_ended(since)
    except AwsError as error:
        log.warning("ends_not_read", environment=place.name, kind=error.kind, code=error.code, message=error.message)
        return 0
    newest = max((job.modified_at for job in found if job.modified_at), default=None)
    waiting = _unsettled({job.name for job in found})
    recording.record([job for job in found if job.name in waiting], place.pk)
    is_full = len(found) >= PAGE
    following = planning.read_ends_from(since, newest, is_full=is_full)
    cache.set(_mark(place), following, timeout=KEEP.total_seconds())
    if is_full:
        cache.delete(_turn(place))
    return len(found)


def _unsettled(names: set[str]) -> set[str]:
    waiting = Run.objects.filter(aws_name__in=names, next_check_at__isnull=False)
    return set(waiting.values_list("aws_name", flat=True))


def _oldest(place: Environment) -> datetime:
    going = Run.objects.filter(environment=place, next_check_at__isnull=False)
    oldest = going.aggregate(oldest=Min("submitted_at"))["oldest"] or timezone.now()
    return oldest - MARGIN


def _turn(place: Environment) -> str:
    return f"ends-read:{place.pk}"


def _mark(place: Environment) -> str:
    return f"ends-until:{place.pk}"
