"""Taking queued runs to AWS: at the configured rate, fair between projects, exactly once.

The row is claimed and committed before the call, and the job's name is made from the run, so a worker that dies at any
point leaves a row whose lease ends, after which the same call is made again: either it creates the job, or AWS says
that it exists and it is adopted.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import structlog
from django.db import connection, transaction
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from coe_portal.core import audit
from deployments import failures, planning
from deployments.aws.boto import OpenAccount
from deployments.aws.errors import AwsError, ErrorKind
from deployments.aws.gateway import Training
from deployments.models import RUN_LIFECYCLE, Environment, Run, RunState, TemplateVersion
from deployments.reconcile import recording
from deployments.reconcile.accounts import account_of
from deployments.reconcile.request import code_key, is_ours, spec_of
from governance.services import gates

log = structlog.get_logger(__name__)
# Few, so that a project that asks for its first run does not wait behind many of another.
BATCH = 5
LOCKED_BY_OTHERS = 1.0
TELL_AFTER, DOUBTFUL = 3, 8  # attempts that failed in a row
CLAIMABLE = (RunState.QUEUED, RunState.WAITING_CAPACITY, RunState.SUBMITTING)


def pump(*, seconds: float = 5) -> float | None:
    """Submit what is due, at the configured rate, for at most so many seconds.

    Returns the seconds after which to come back, or None when nothing is left.
    """
    places = list(Environment.objects.filter(pk__in=_due().order_by().values("environment_id").distinct()))
    waits = [_pump_place(place, time.monotonic() + seconds / len(places)) for place in places]
    return min((wait for wait in waits if wait is not None), default=None)


def _due() -> "QuerySet[Run]":
    wanted = Run.objects.filter(state__in=CLAIMABLE, stop_requested_at=None)
    return wanted.filter(next_check_at__lte=timezone.now())


def _pump_place(place: Environment, end: float) -> float | None:
    """One environment, until ``end``. Where another worker pumps already, this one leaves it to it."""
    # Asked again when the lock is free: a run that was queued too late for the last round had its own wake-up refused.
    while _due().filter(environment=place).exists():
        with _alone(f"submit:{place.account_id}:{place.region}") as alone:
            wait = _take_all(place, end) if alone else None
        if wait is not None or not alone:
            return wait
    return None


def _take_all(place: Environment, end: float) -> float | None:
    training = account_of(place).training
    while run_ids := _in_turn(place):
        submitted = 0
        for run_id in run_ids:
            if (wait := _until_reserved(training, end)) is not None:
                return wait
            submitted += submit_one(run_id)
        if not submitted:
            return LOCKED_BY_OTHERS
    return None


def _until_reserved(training: Training, end: float) -> float | None:
    """Wait for a call's turn; None when it came, else the seconds that are left at ``end``.

    The waits are shorter than a message's way through the broker, and a pump that left for each would fall behind the
    rate.
    """
    while (now := time.monotonic()) < end:
        wait = training.reserve_create()
        if not wait:
            return None
        if now + wait > end:
            return wait
        threading.Event().wait(wait)
    return 0.0


def _in_turn(place: Environment) -> list[str]:
    """The next due runs, one of each project in turn, the longest waiting first."""
    turn = Window(RowNumber(), partition_by=[F("project_id")], order_by=["next_check_at", "id"])
    due = _due().filter(environment=place).annotate(turn=turn).order_by("turn", "next_check_at", "id")
    return list(due.values_list("pk", flat=True)[:BATCH])


@contextmanager
def _alone(what: str) -> Iterator[bool]:
    """Hold a lock of the database session; it falls with the connection, so a killed worker leaves none behind."""
    number = crc32(what.encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [1, number - 2**31])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [1, number - 2**31])


def submit_one(run_id: str) -> bool:
    """Take one run to AWS, if it is still due and nobody else is doing so; whether it was."""
    run = _claim(run_id)
    if run is None or (run.attempts >= DOUBTFUL and _is_decided(run)):
        return False
    try:
        arn = _create(run)
    except AwsError as error:
        _on_error(run, error)
    else:
        _created(run, arn)
    return True


def _is_decided(run: Run) -> bool:
    """After many failures look before asking again.

    Whoever cannot be reached is waited for. Whoever answers that there is no such job, twice, with a failed create
    call in between, cannot create jobs, and the run ends with what was answered.
    """
    if adopt(run):
        return True
    failure = run.failure or {}
    if failure.get("cause") != "create_fails":
        return False
    _fail(run, "create_fails", failure["message"])
    return True


@transaction.atomic
def _claim(run_id: str) -> Run | None:
    rows = _due().filter(pk=run_id).select_for_update(of=("self",), skip_locked=True)
    rows = rows.select_related("project__business_unit", "environment", "template_version__template", "requested_by")
    run = rows.defer("template_version__package").first()
    if run is None:
        return None
    lease = timezone.now() + planning.LEASE
    if run.state == RunState.SUBMITTING:
        Run.objects.filter(pk=run.pk).update(next_check_at=lease)
        return run
    RUN_LIFECYCLE.change(run, RunState.SUBMITTING, next_check_at=lease, version=run.version + 1)
    return run


def _create(run: Run) -> str:
    """Ask once more whether it may run, put the code in place and create the job."""
    answer = gates.check(run.project, "start_run", environment_kind=run.environment.kind)
    if not answer.allowed:
        reasons = " ".join(missing.message for missing in answer.missing)
        raise AwsError(ErrorKind.INVALID, f"The gate closed before the run was submitted. {reasons}", "Gate")
    if not Environment.objects.open_to(run.project_id).filter(pk=run.environment_id).exists():
        told = f"{run.project.key} may no longer use {run.environment}. Ask a CoE lead to add the project to it."
        raise AwsError(ErrorKind.INVALID, told, "Gate")
    spec = spec_of(run)
    aws = account_of(run.environment, run.requested_by.username)
    _place_code(run, aws)
    return aws.training.create(spec)


def _place_code(run: Run, aws: OpenAccount) -> None:
    version = run.template_version
    key = code_key(version.code_digest)
    if not aws.objects.exists(run.environment.bucket, key):
        package = TemplateVersion.objects.values_list("package", flat=True).get(pk=version.pk)
        aws.objects.put_if_absent(run.environment.bucket, key, bytes(package))


@transaction.atomic
def _created(run: Run, arn: str) -> None:
    """Note that AWS has the job. An event may have told so already, which then knows more."""
    for row in recording.lock(pk=run.pk, state=RunState.SUBMITTING):
        if not arn:
            # Accepted, but the answer was cut off: the same call again finds the job by its name.
            _wait(row, planning.retry_delay(row.attempts + 1), attempts=row.attempts + 1)
            return
        now = timezone.now()
        look = planning.look_again(heard=False, waiting=True, open_runs=1)
        recording.settle(
            row,
            RunState.STARTING,
            arn=arn[:256],
            aws_status="InProgress",
            secondary_status="Starting",
            submitted_at=now,
            attempts=0,
            failure=None,
            next_check_at=now if row.stop_requested_at else now + look,
        )


def _wait(row: Run, delay: Any, **values: Any) -> None:
    Run.objects.filter(pk=row.pk).update(next_check_at=timezone.now() + delay, version=row.version + 1, **values)


def _on_error(run: Run, error: AwsError) -> None:
    log.warning("submit_failed", run=run.pk, kind=error.kind, code=error.code, message=error.message)
    if error.kind is ErrorKind.ALREADY_EXISTS:
        if not adopt(run):
            _try_again(run, error)
    elif error.kind is ErrorKind.QUOTA or "CapacityError" in error.message:
        _back(run, RunState.WAITING_CAPACITY, error)
    elif error.kind is ErrorKind.THROTTLED or _is_new_role(run, error):
        _back(run, RunState.QUEUED, error)
    elif error.kind is ErrorKind.TRANSIENT:
        _try_again(run, error, "unreachable" if run.attempts < DOUBTFUL else "create_fails")
    else:
        _fail(run, _cause(error), error.told)


def _cause(error: AwsError) -> str:
    if error.code == "Gate":
        return "gate"
    return {ErrorKind.DENIED: "denied", ErrorKind.UNSUPPORTED: "unsupported"}.get(error.kind, "configuration")


def _is_new_role(run: Run, error: AwsError) -> bool:
    """A role that was just made cannot be assumed for some seconds."""
    return "could not assume role" in error.message.lower() and run.attempts < TELL_AFTER


def adopt(run: Run) -> bool:
    """If AWS has a job of this name whose tags say that it is this run's, take it; refuse a stranger's.

    False when AWS has none; the run stays as it is, or ends when it was to be stopped.
    """
    aws = account_of(run.environment)
    try:
        seen = aws.training.describe(run.aws_name, with_tags=True)
    except AwsError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            _try_again(run, error)
            return True
        if run.stop_requested_at:
            _drop(run)
        return False
    if not seen.arn:
        _try_again(run, AwsError(ErrorKind.TRANSIENT, "AWS's answer was cut off."))
    elif is_ours(run, seen.tags):
        recording.record([seen], run.environment_id)
    else:
        told = f"AWS already has a training job named {run.aws_name} that is not this run's."
        _fail(run, "name_clash", told)
    return True


@transaction.atomic
def _back(run: Run, state: RunState, error: AwsError) -> None:
    """Nothing was created: wait in the queue, or for capacity with AWS's own words."""
    for row in recording.lock(pk=run.pk, state=RunState.SUBMITTING):
        attempts = row.attempts + 1
        delay, told = planning.retry_delay(attempts, error.retry_after), None
        if state == RunState.WAITING_CAPACITY:
            delay = planning.CAPACITY_DELAY
            cause = "quota" if error.kind is ErrorKind.QUOTA else "capacity"
            told = failures.explain(cause, error.told).plain()
        values = {"attempts": attempts, "next_check_at": timezone.now() + delay, "failure": told}
        RUN_LIFECYCLE.change(row, state, version=row.version + 1, **values)
        if told:
            whom, what = row.requested_by, "run.waits_for_capacity"
            audit.record(actor=None, on_behalf_of=whom, action=what, subject=row, comment=error.told)


@transaction.atomic
def _try_again(run: Run, error: AwsError, cause: str = "unreachable") -> None:
    """Nobody knows whether AWS acted: the same call again, later."""
    for row in recording.lock(pk=run.pk, state=RunState.SUBMITTING):
        attempts = row.attempts + 1
        told = failures.explain(cause, error.told).plain() if attempts >= TELL_AFTER else row.failure
        _wait(row, planning.retry_delay(attempts, error.retry_after), attempts=attempts, failure=told)


@transaction.atomic
def _fail(run: Run, cause: str, message: str) -> None:
    for row in recording.lock(pk=run.pk, state=RunState.SUBMITTING):
        told = failures.explain(cause, message).plain()
        recording.settle(row, RunState.FAILED, failure=told, ended_at=timezone.now(), next_check_at=None, cost=0)


@transaction.atomic
def _drop(run: Run) -> None:
    """It was to be stopped before AWS had it, and AWS has it not."""
    for row in recording.lock(pk=run.pk, state=RunState.SUBMITTING):
        recording.settle(row, RunState.STOPPED, ended_at=timezone.now(), next_check_at=None, cost=0)
