"""Writing down what AWS said about runs: one place where states, money, audit and events come together."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.models import User
from deployments import costs, failures, planning
from deployments.aws.gateway import TrainingJobSeen
from deployments.events import RunFinished
from deployments.models import FINAL_STATES, RUN_LIFECYCLE, Run, RunOutput, RunState

ACTIONS = {
    RunState.STARTING: "run.submitted",
    RunState.RUNNING: "run.started",
    RunState.STOPPING: "run.stopping",
    RunState.SUCCEEDED: "run.succeeded",
    RunState.FAILED: "run.failed",
    RunState.STOPPED: "run.stopped",
    RunState.LOST: "run.lost",
    RunState.UNKNOWN: "run.unknown",
}
COUNTED = 400


def lock(**which: Any) -> list[Run]:
    """Lock runs for a change, always in the same order so that two workers cannot block each other."""
    rows = Run.objects.filter(**which).select_for_update(of=("self",)).order_by("pk")
    people = ("requested_by", "stop_requested_by")
    return list(rows.select_related("project", "environment", *people).defer("parameters"))


@transaction.atomic
def record(seen: Iterable[TrainingJobSeen], environment_id: str) -> int:
    """Write down what was read from AWS. Returns how many runs it was about."""
    by_name = {job.name: job for job in seen}
    runs = lock(environment_id=environment_id, aws_name__in=by_name)
    crowd = going_on(environment_id)
    for run in runs:
        fold(run, by_name[run.aws_name], crowd=crowd)
    return len(runs)


def going_on(environment_id: str) -> int:
    """How many runs of the environment go on or wait to be read, counted up to a limit: it only chooses intervals."""
    due = Run.objects.filter(environment_id=environment_id, next_check_at__isnull=False)
    return due.order_by()[: COUNTED * 30].count()


def fold(run: Run, seen: TrainingJobSeen, *, crowd: int, event_at: datetime | None = None) -> bool:
    """Take one observation into a locked run. False when it was old news or not about this job.

    Args:
        crowd: runs that go on in the environment; chooses when to look again.
        event_at: when the event came; None when the job was read.
    """
    if run.is_final and not run.arn:
        return False  # it ended before AWS had it: this is another's job of the same name
    if run.arn and seen.arn and run.arn != seen.arn:
        return False
    if not seen.status or not planning.is_news(seen.status, seen.modified_at, run.aws_status, run.aws_modified_at):
        return False
    values = _facts(run, seen)
    if event_at is not None:
        values["last_event_at"] = event_at
    target = planning.state_of(seen.status, seen.secondary_status, run.state)
    values |= _ending(run, seen, target) if target in FINAL_STATES else {}
    values.setdefault("failure", _note_that_holds(run, target))
    values["next_check_at"] = _next_look(run, target, values, crowd)
    settle(run, target, **values)
    return True


def _note_that_holds(run: Run, target: str) -> dict[str, str] | None:
    """What AWS's answer does not settle; that a run waited for a machine or was out of reach is over."""
    note: dict[str, str] | None = run.failure
    return note if note and note["cause"] == "stop_refused" and target in planning.STOPPABLE else None


def settle(run: Run, target: str, **values: Any) -> None:
    """Write values of a locked run, and move it if that is a move; the end is told to the rest of the portal."""
    values["version"] = run.version + 1
    moves = target != run.state and RUN_LIFECYCLE.allows(run.state, target)
    for name, value in values.items():
        setattr(run, name, value)
    Run.objects.filter(pk=run.pk).update(**values)
    if not moves:
        return
    told = {name: values[name] for name in ("aws_status", "secondary_status", "cost", "failure") if values.get(name)}
    source = RUN_LIFECYCLE.change(run, target)
    audit.record(
        actor=None,
        on_behalf_of=_for_whom(run, target),
        action=ACTIONS[RunState(target)],
        subject=run,
        before={"state": source},
        after={"state": str(target)} | told,
    )
    if target in FINAL_STATES:
        outbox.publish(RunFinished(run_id=run.pk, project_key=run.project.key, state=str(target)))
        if target == RunState.FAILED and run.arn:
            _want_excerpt(run)


def _for_whom(run: Run, target: str) -> User:
    """Who wanted what happens: the stop whoever asked for it, everything else whoever launched the run."""
    stops = target in (RunState.STOPPING, RunState.STOPPED)
    return run.stop_requested_by if stops and run.stop_requested_by else run.requested_by


def _want_excerpt(run: Run) -> None:
    """Have the end of the log fetched, whether or not somebody looks."""
    RunOutput.objects.bulk_create(
        [RunOutput(run=run, wanted_until=timezone.now() + timedelta(minutes=2))],
        update_conflicts=True,
        unique_fields=["run"],
        update_fields=["wanted_until"],
    )
    outbox.wake("deployments.fetch_outputs")


def _facts(run: Run, seen: TrainingJobSeen) -> dict[str, Any]:
    """The columns that an observation fills. What AWS left out keeps what is known."""
    values: dict[str, Any] = {
        "aws_status": seen.status[:40],
        "secondary_status": seen.secondary_status[:40] or run.secondary_status,
        "arn": run.arn or seen.arn[:256],
        "aws_modified_at": seen.modified_at or run.aws_modified_at,
        "artifact_uri": seen.artifact[:1024] or run.artifact_uri,
        "metrics": dict(seen.metrics) or run.metrics,
        "submitted_at": run.submitted_at or seen.created_at or timezone.now(),
        "started_at": seen.started_at or run.started_at,
        "attempts": 0,
    }
    if len(seen.transitions) >= len(run.timeline):
        values["timeline"] = [_stretch(entry) for entry in seen.transitions]
    return values


def _stretch(entry: Any) -> dict[str, str | None]:
    return {
        "status": entry.status,
        "started_at": entry.started_at.isoformat() if entry.started_at else None,
        "ended_at": entry.ended_at.isoformat() if entry.ended_at else None,
        "message": entry.message,
    }


def _ending(run: Run, seen: TrainingJobSeen, target: str) -> dict[str, Any]:
    """What the end adds: when, why, and the bill once it can be read."""
    values: dict[str, Any] = {"ended_at": seen.ended_at or run.ended_at or seen.modified_at or timezone.now()}
    out_of_time = seen.secondary_status in ("MaxRuntimeExceeded", "MaxWaitTimeExceeded")
    if target == RunState.FAILED or (target == RunState.STOPPED and out_of_time):
        explained = failures.explain_failure(seen.failure_reason, seen.secondary_status)
        excerpt = (run.failure or {}).get("excerpt", "")
        values["failure"] = explained.plain() | {"excerpt": excerpt}
    return values | (_bill(run, seen) if seen.complete else {})


def _bill(run: Run, seen: TrainingJobSeen) -> dict[str, Any]:
    """Billable seconds and cost. Without AWS's figure: 0 for a job that never ran, else ask again, else the clock."""
    billable, ran = seen.billable_seconds, seen.training_seconds
    if billable is None and seen.started_at is None and seen.status != "Completed":
        billable = 0
    if billable is None:
        if run.attempts < planning.ENRICH_ATTEMPTS or not (seen.started_at and seen.ended_at):
            return {"attempts": run.attempts + 1}
        billable = max(0, int((seen.ended_at - seen.started_at).total_seconds()))
    cost = costs.compute_cost(per_hour=run.price_per_hour, instance_count=run.instance_count, seconds=billable)
    return {
        "billable_seconds": billable,
        "training_seconds": ran if ran is not None else billable,
        "cost": cost,
        "enriched_at": timezone.now(),
    }


def _next_look(run: Run, target: str, values: dict[str, Any], crowd: int) -> datetime | None:
    now = timezone.now()
    if target in FINAL_STATES:
        if values.get("enriched_at") or run.enriched_at:
            return None
        return now + planning.enrich_after(crowd) + timedelta(seconds=5 * values.get("attempts", 0))
    if run.stop_requested_at and target in planning.STOPPABLE:
        return now
    heard = bool(values.get("last_event_at") or run.last_event_at)
    return now + planning.look_again(heard=heard, waiting=target == RunState.STARTING, open_runs=crowd)


@transaction.atomic
def record_lost(run_id: str) -> None:
    """AWS does not know the job any more."""
    for run in lock(pk=run_id):
        if run.state not in FINAL_STATES:
            told = failures.explain("lost", f"AWS has no training job named {run.aws_name}.").plain()
            settle(run, RunState.LOST, failure=told, ended_at=timezone.now(), next_check_at=None)
        elif run.enriched_at is None:
            # Ended as the event said, and deleted since: there is no bill to read any more.
            settle(run, run.state, next_check_at=None, enriched_at=timezone.now())


@transaction.atomic
def postpone(run_ids: Iterable[str], delay: timedelta) -> None:
    """Look again later, after a call that failed in passing."""
    for run in lock(pk__in=list(run_ids)):
        if run.next_check_at is not None:
            Run.objects.filter(pk=run.pk).update(next_check_at=timezone.now() + delay, attempts=run.attempts + 1)
