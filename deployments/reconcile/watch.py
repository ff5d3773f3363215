"""Taking in events, and looking where none came."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from coe_portal.core import audit
from deployments import failures, planning
from deployments.aws.errors import AwsError, ErrorKind
from deployments.aws.events import parse
from deployments.aws.gateway import StateChange, Training, TrainingJobSeen
from deployments.models import FINAL_STATES, Environment, Run, RunState, SeenEvent
from deployments.reconcile import ends, recording, submit
from deployments.reconcile.accounts import account_of

log = structlog.get_logger(__name__)
PAGE = 100
FEW = 2
ROUNDS = 20
MOST_PAGES = 200
BEFORE_AWS = tuple(planning.BEFORE_AWS)


def take_in(bodies: Sequence[str]) -> int:
    """Take a batch of queue messages into the rows, in one transaction. Returns how many were news.

    What cannot be read, is known already or belongs to nobody here changes nothing and may be deleted from the queue.
    """
    changes = [change for change in map(parse, bodies) if change is not None]
    return _apply(changes) if changes else 0


@transaction.atomic
def _apply(changes: list[StateChange]) -> int:
    fresh = _unseen(changes)
    by_name: dict[str, list[StateChange]] = defaultdict(list)
    for change in fresh:
        by_name[change.job.name].append(change)
    runs = recording.lock(aws_name__in=by_name)
    crowds = {place: recording.going_on(place) for place in {run.environment_id for run in runs}}
    news = 0
    for run in runs:
        for change in sorted(by_name[run.aws_name], key=_order):
            if _is_about(run, change):
                at = timezone.now()
                news += recording.fold(run, change.job, crowd=crowds[run.environment_id], event_at=at)
    return news


def _order(change: StateChange) -> tuple[int, float]:
    modified = change.job.modified_at or change.at
    return planning.rank(change.job.status), modified.timestamp() if modified else 0.0


def _is_about(run: Run, change: StateChange) -> bool:
    """A name alone is not enough: another account's job may carry it."""
    if run.state in (RunState.QUEUED, RunState.WAITING_CAPACITY):
        return False
    if run.arn and change.job.arn:
        return run.arn == change.job.arn
    if change.region not in ("", run.environment.region):
        return False
    return change.account == run.environment.account_id or change.job.tags.get("portal-run") == run.pk


def _unseen(changes: list[StateChange]) -> list[StateChange]:
    """Without those that came before. The insert waits for a twin in another transaction, so none counts twice."""
    once = {change.event_id: change for change in changes}
    known = set(SeenEvent.objects.filter(event_id__in=once).values_list("event_id", flat=True))
    fresh = [change for key, change in once.items() if key not in known]
    SeenEvent.objects.bulk_create([SeenEvent(event_id=change.event_id) for change in fresh], ignore_conflicts=True)
    return fresh


def observe_due() -> None:
    """Look at every run whose time has come, many with one call."""
    for place in Environment.objects.filter(pk__in=_open().order_by().values("environment_id").distinct()):
        ends.read_lately(place)
    for place in Environment.objects.filter(pk__in=_due().order_by().values("environment_id").distinct()):
        for _ in range(ROUNDS):
            if not _observe_page(place):
                break


def _open() -> "QuerySet[Run]":
    return Run.objects.filter(next_check_at__isnull=False).exclude(state__in=BEFORE_AWS)


def _due() -> "QuerySet[Run]":
    """Rows to look at: on AWS and due, or to be stopped while nobody knows whether AWS has them."""
    stuck = Q(state=RunState.SUBMITTING, stop_requested_at__isnull=False)
    to_stop = Q(state__in=tuple(planning.STOPPABLE), stop_requested_at__isnull=False)
    seen_by_aws = ~Q(state__in=BEFORE_AWS) & ~to_stop
    return Run.objects.filter(stuck | seen_by_aws, next_check_at__lte=timezone.now())


def _observe_page(place: Environment) -> bool:
    """One page of runs; False when nothing is due any more or AWS wants a pause."""
    runs = _claim_page(place)
    looked = [run for run in runs if run.state != RunState.SUBMITTING]
    for run in runs:
        if run.state == RunState.SUBMITTING:
            submit.adopt(run)
    if not looked:
        return False
    try:
        _look(place, looked)
    except AwsError as error:
        log.warning("look_failed", environment=place.name, kind=error.kind, code=error.code, message=error.message)
        pause = timedelta(seconds=max(1.0, error.retry_after or 0)) if error.may_pass else timedelta(minutes=2)
        recording.postpone([run.pk for run in looked], pause)
        return False
    return len(runs) >= PAGE


@transaction.atomic
def _claim_page(place: Environment) -> list[Run]:
    """Due rows, and to fill the page those that are due next: one call reads them all at the same price."""
    rows = Run.objects.filter(environment=place).select_for_update(of=("self",), skip_locked=True)
    rows = rows.select_related("environment", "project").order_by("next_check_at")
    due = list(rows.filter(pk__in=_due().filter(environment=place).values("pk"))[:PAGE])
    if FEW < len(due) < PAGE or any(run.state in FINAL_STATES for run in due):
        soon = rows.filter(next_check_at__isnull=False).exclude(state__in=BEFORE_AWS)
        due += list(soon.exclude(pk__in=[run.pk for run in due])[: PAGE - len(due)])
    lease = timezone.now() + planning.LEASE
    Run.objects.filter(pk__in=[run.pk for run in due]).update(next_check_at=lease)
    return due


def _look(place: Environment, runs: list[Run]) -> None:
    """Search when they are many, Describe when they are few or Search does not know them."""
    training = account_of(place).training
    missing = runs
    if len(runs) > FEW:
        found = _searched(training, runs)
        recording.record(found, place.pk)
        names = {seen.name for seen in found}
        missing = [run for run in runs if run.aws_name not in names]
    for position, run in enumerate(missing):
        try:
            recording.record([training.describe(run.aws_name)], place.pk)
        except AwsError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                recording.postpone([left.pk for left in missing[position:]], timedelta(seconds=5))
                raise
            recording.record_lost(run.pk)


def _searched(training: Training, runs: list[Run]) -> list[TrainingJobSeen]:
    """What Search knows of the runs; nothing when it does not work here, so that each is described."""
    try:
        return training.search_by_names([run.aws_name for run in runs])
    except AwsError as error:
        if error.kind is ErrorKind.THROTTLED:
            raise
        log.warning("search_failed", kind=error.kind, code=error.code, message=error.message)
        return []


@dataclass(frozen=True, slots=True)
class Rest:
    """What a sweep has not come to yet: where to go on, and after how many seconds."""

    environment_id: str
    token: str
    seconds: float


def sweep(environment_id: str = "", token: str = "") -> list[Rest]:
    """Compare both ways what AWS has going on with what the rows say; heals what events and due times missed.

    Returns what is left because the rate was used up; the token goes on there.
    """
    places = Environment.objects.filter(runs__isnull=False).distinct()
    places = places.filter(pk=environment_id) if environment_id else places
    return [rest for rest in (_sweep_place(place, token) for place in places) if rest is not None]


def _sweep_place(place: Environment, token: str) -> Rest | None:
    training = account_of(place).training
    try:
        for _ in range(MOST_PAGES):
            jobs, token = training.search_open(token)
            _compare(place, jobs)
            if not token:
                return None
    except AwsError as error:
        if error.kind is ErrorKind.THROTTLED:
            return Rest(place.pk, token, max(1.0, error.retry_after or 0))
        log.warning("sweep_failed", environment=place.name, kind=error.kind, message=error.message)
    return None


def _compare(place: Environment, jobs: list[TrainingJobSeen]) -> None:
    recording.record(jobs, place.pk)
    known = set(Run.objects.filter(aws_name__in=[job.name for job in jobs]).values_list("aws_name", flat=True))
    strangers = sorted(job.name for job in jobs if job.name not in known)
    if strangers:
        log.error("jobs_without_a_run", environment=place.name, jobs=strangers[:20], count=len(strangers))


def stop_due() -> float | None:
    """Stop what people want stopped and what outlived its time. Returns when to come back, None when all is done."""
    _notice_overdue()
    wanted = Run.objects.filter(stop_requested_at__isnull=False, state__in=tuple(planning.STOPPABLE))
    due = wanted.filter(next_check_at__lte=timezone.now()).order_by("next_check_at").values_list("pk", flat=True)
    waits = [_stop(run_id) for run_id in list(due[:PAGE])]
    return min((wait for wait in waits if wait), default=None)


def _notice_overdue() -> None:
    running = Run.objects.filter(state=RunState.RUNNING, stop_requested_at=None, started_at__isnull=False)
    oldest = timezone.now() - planning.RUNTIME_GRACE
    for run in running.filter(started_at__lt=oldest).only("pk", "started_at", "max_runtime_seconds").iterator():
        if planning.is_overdue(run.started_at, run.max_runtime_seconds, timezone.now()):
            _stop_overdue(run.pk)


@transaction.atomic
def _stop_overdue(run_id: str) -> None:
    for run in recording.lock(pk=run_id, state=RunState.RUNNING, stop_requested_at=None):
        now = timezone.now()
        Run.objects.filter(pk=run.pk).update(stop_requested_at=now, next_check_at=now, version=run.version + 1)
        told = f"AWS let it run longer than its {run.max_runtime_seconds} seconds."
        audit.record(actor=None, on_behalf_of=run.requested_by, action="run.stop_requested", subject=run, comment=told)


def _stop(run_id: str) -> float | None:
    run = _claim_stop(run_id)
    if run is None:
        return None
    actor = run.stop_requested_by.username if run.stop_requested_by else ""
    try:
        account_of(run.environment, actor).training.stop(run.aws_name)
    except AwsError as error:
        return _stop_refused(run, error)
    with transaction.atomic():
        for row in recording.lock(pk=run.pk, state__in=tuple(planning.STOPPABLE)):
            look = timezone.now() + timedelta(seconds=20)
            recording.settle(row, RunState.STOPPING, aws_status="Stopping", next_check_at=look, attempts=0)
    return None


@transaction.atomic
def _claim_stop(run_id: str) -> Run | None:
    rows = Run.objects.filter(pk=run_id, next_check_at__lte=timezone.now(), state__in=tuple(planning.STOPPABLE))
    rows = rows.select_related("environment", "project", "stop_requested_by")
    run = rows.select_for_update(of=("self",), skip_locked=True).first()
    if run is not None:
        Run.objects.filter(pk=run.pk).update(next_check_at=timezone.now() + planning.LEASE)
    return run


def _stop_refused(run: Run, error: AwsError) -> float | None:
    """Look what the job came to: it may have ended. What goes on is asked to stop again later, and people are told."""
    log.warning("stop_refused", run=run.pk, kind=error.kind, code=error.code, message=error.message)
    if error.kind is not ErrorKind.THROTTLED:
        try:
            _look(run.environment, [run])
        except AwsError as again:
            log.warning("look_failed", run=run.pk, kind=again.kind, message=again.message)
    return None if error.kind in (ErrorKind.CONFLICT, ErrorKind.NOT_FOUND) else _stop_later(run, error)


@transaction.atomic
def _stop_later(run: Run, error: AwsError) -> float | None:
    attempts = run.attempts + 1
    delay = planning.retry_delay(attempts, error.retry_after) if error.may_pass else planning.MAX_DELAY
    told = f"AWS was asked to stop the job and did not: {error.told}"
    tell = not error.may_pass or attempts >= submit.TELL_AFTER
    for row in recording.lock(pk=run.pk, state__in=tuple(planning.STOPPABLE)):
        values = {"attempts": attempts, "next_check_at": timezone.now() + delay, "version": row.version + 1}
        if tell:
            values["failure"] = failures.explain("stop_refused", told).plain()
        Run.objects.filter(pk=row.pk).update(**values)
        return delay.total_seconds()
    return None
