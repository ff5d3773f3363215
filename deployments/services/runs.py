"""What people do with runs: launch, stop, retry, clone, look at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import GateClosed, Missing, NotFound, StaleState
from coe_portal.core.ids import ulid
from coe_portal.core.models import User
from deployments import costs, permissions
from deployments.events import RunFinished, RunRequested, RunStopRequested
from deployments.models import RUN_LIFECYCLE, Run, RunCounter, RunOutput, RunState
from deployments.services.estimates import Estimate, estimate_of
from deployments.services.specification import Specification, Wish, specify
from governance.services import data_access, gates
from projects.models import Project

AGAIN_WITHIN = timedelta(seconds=5)  # a repeated request without a key is the same launch for so long
RETRYABLE = frozenset({RunState.FAILED, RunState.STOPPED, RunState.LOST})
NOT_YET_ON_AWS = frozenset({RunState.QUEUED, RunState.WAITING_CAPACITY})


@dataclass(frozen=True)
class Launched:
    """A run, and whether it is the one of the same request a moment ago."""

    run: Run
    is_repeated: bool


@transaction.atomic
def launch_run(*, wish: Wish, actor: User, request_key: str = "") -> Run:
    """Check a wish, price it, pass the gate and queue the run; workers take it to AWS.

    With the same ``request_key`` of the same person the same run is returned, however often it is asked for.

    Raises:
        DomainError: 404, the project is not the person's to know.
        NotAllowed: the person may not launch runs in the project.
        InvalidInput: a field cannot be used.
        GateClosed: the gate or the budget says no; ``missing`` lists why.
    """
    return _repeated(actor, request_key) or _create(specify(wish, actor), actor, request_key=request_key)


@transaction.atomic
def launch_once(*, wish: Wish, actor: User) -> Launched:
    """The same without a key: what the same person launched alike a few seconds ago is answered with that run.

    A run that has ended or was asked to stop meanwhile is not: then a new one is meant. Raises as ``launch_run``.
    """
    return _once(specify(wish, actor), actor)


@transaction.atomic
def clone_once(*, run_id: str, actor: User, changes: Mapping[str, Any] | None = None) -> Launched:
    """The same for ``clone_run``: cloned again within a few seconds, the first clone is the answer."""
    run = _visible(run_id, actor)
    return _once(specify(replace(wish_of(run), **(changes or {})), actor), actor, cloned_from=run)


def _once(specification: Specification, actor: User, cloned_from: Run | None = None) -> Launched:
    since = timezone.now()
    _lock_numbers(specification.project)  # whoever launches alike at the same instant waits here for the first
    if twin := _twin(specification, actor, cloned_from, since):
        permissions.require(actor, "launch", specification.project)
        return Launched(twin, True)
    return Launched(_create(specification, actor, cloned_from=cloned_from), False)


def _twin(specification: Specification, actor: User, cloned_from: Run | None, since: datetime) -> Run | None:
    alike = {"project": specification.project, "spec_digest": specification.digest, "note": specification.note}
    rows = Run.objects.open().filter(requested_by=actor, retry_of=None, cloned_from=cloned_from, **alike)
    recent = rows.filter(created_at__gte=since - AGAIN_WITHIN, stop_requested_at=None)
    return recent.select_related("project", "environment", "template_version__template").order_by("-id").first()


@transaction.atomic
def retry_run(*, run_id: str, actor: User) -> Run:
    """Run the same specification once more, as the next attempt with a name of its own.

    Raises:
        NotFound, NotAllowed, InvalidInput, GateClosed: as for ``launch_run``.
        StaleState: the run has not ended badly, or was retried already.
    """
    run = _visible(run_id, actor, lock=True)
    permissions.require(actor, "launch", run.project)
    if run.state not in RETRYABLE:
        state = run.get_state_display().lower()
        raise StaleState(f"{run} is {state}. Only a failed, stopped or lost run can be retried.")
    retried = Run.objects.filter(retry_of=run).first()
    if retried is not None:
        raise StaleState(f"{run} was already retried as run {retried.number}. Look at that one, or clone this run.")
    return _create(specify(wish_of(run), actor), actor, attempt=run.attempt + 1, retry_of=run)


@transaction.atomic
def clone_run(*, run_id: str, actor: User, changes: Mapping[str, Any] | None = None, request_key: str = "") -> Run:
    """Launch a new run from the specification of another one, with ``changes`` to fields of ``Wish``.

    Raises what ``launch_run`` raises, and NotFound.
    """
    run = _visible(run_id, actor)
    wish = replace(wish_of(run), **(changes or {}))
    return _repeated(actor, request_key) or _create(
        specify(wish, actor), actor, cloned_from=run, request_key=request_key
    )


@transaction.atomic
def stop_run(*, run_id: str, actor: User) -> Run:
    """Ask for the run's end. What AWS has not seen yet ends at once; a worker stops the rest. Twice is once.

    Raises:
        NotFound: there is no such run for this person.
        NotAllowed: the person may not stop it.
        StaleState: it has ended already.
    """
    run = _visible(run_id, actor, lock=True)
    permissions.require(actor, "stop", run.project)
    if run.is_final:
        raise StaleState(f"{run} has ended already: {run.get_state_display().lower()}.")
    return run if run.stop_requested_at is not None else ask_to_stop(run, actor=actor)


def ask_to_stop(run: Run, *, actor: User | None, on_behalf_of: User | None = None, comment: str = "") -> Run:
    """Ask an open run, whose row is locked, for its end; ``actor`` None is the portal itself, for somebody."""
    now, by = timezone.now(), actor or on_behalf_of
    told: dict[str, Any] = {"actor": actor, "on_behalf_of": on_behalf_of, "comment": comment}
    wish: dict[str, Any] = {"stop_requested_at": now, "stop_requested_by": by, "version": run.version + 1}
    if run.state in NOT_YET_ON_AWS:
        ended = wish | {"ended_at": now, "next_check_at": None, "cost": 0}
        RUN_LIFECYCLE.move(run, RunState.STOPPED, action="run.stopped", **told, **ended)
        outbox.publish(RunFinished(run_id=run.pk, project_key=run.project.key, state=run.state))
        return run
    Run.objects.filter(pk=run.pk).update(next_check_at=now, **wish)
    audit.record(action="run.stop_requested", subject=run, **told)
    outbox.publish(RunStopRequested(run_id=run.pk, project_key=run.project.key))
    outbox.wake("deployments.stop_runs")
    run.refresh_from_db()
    return run


def obstacles(*, project: Project, actor: User) -> tuple[Missing, ...]:
    """What keeps the person from launching a run in the project, whatever it is; empty when nothing does."""
    return gates.check(project, "start_run", actor=actor).missing


def want_output(*, run_id: str) -> None:
    """Somebody looks at the run: have workers fetch its log and curves for the next half minute."""
    until = timezone.now() + RunOutput.WANTED_FOR
    RunOutput.objects.bulk_create(
        [RunOutput(run_id=run_id, wanted_until=until)],
        update_conflicts=True,
        unique_fields=["run"],
        update_fields=["wanted_until"],
    )
    outbox.wake("deployments.fetch_outputs")


def wish_of(run: Run) -> Wish:
    """The wish that a run came from."""
    return Wish(
        project=run.project.key,
        environment=run.environment.name,
        template=run.template_version.name,
        template_version=run.template_version.version,
        parameters=run.parameters,
        instance_type=run.instance_type,
        instance_count=run.instance_count,
        max_runtime_seconds=run.max_runtime_seconds,
        spot=run.spot,
        note=run.note,
    )


def visible_run(*, run_id: str, actor: User) -> Run:
    """The run if the person may see it. Raises NotFound."""
    return _visible(run_id, actor)


def _visible(run_id: str, actor: User, *, lock: bool = False) -> Run:
    rows = Run.objects.visible_to(actor).select_related("project", "environment", "template_version__template")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    run = rows.defer("template_version__package").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run that you may see.")
    return run


def _repeated(actor: User, request_key: str) -> Run | None:
    return Run.objects.filter(requested_by=actor, request_key=request_key).first() if request_key else None


def _create(specification: Specification, actor: User, *, request_key: str = "", **origin: Any) -> Run:
    project = specification.project
    gate = gates.require(project, "start_run", environment_kind=specification.environment.kind, actor=actor)
    _require_data(project, specification.parameters)
    number = _next_number(project)
    if repeated := _repeated(actor, request_key):
        return repeated
    estimate = estimate_of(specification)
    _require_budget(project, estimate)
    run = Run.objects.create(number=number, **_columns(specification, estimate, actor, request_key, origin))
    told: dict[str, Any] = {"project": project.key, "after": _told(run, specification), "comment": gate.break_glass}
    audit.record(actor=actor, action="run.launched", subject=run, **told)
    outbox.publish(RunRequested(run_id=run.pk, project_key=project.key))
    outbox.wake("deployments.submit_runs")
    return run


def _require_data(project: Project, parameters: Mapping[str, Any]) -> None:
    """A run reads registered data only where its project has access. Raises GateClosed."""
    if missing := data_access.missing_for(project, inputs_of(parameters)):
        raise GateClosed(f"{missing[0].message} {missing[0].how_to_fix}", missing)


def missing_now(run: Run) -> list[Missing]:
    """What keeps a queued run from going to AWS, asked once more by the worker that takes it there."""
    gate = gates.check(run.project, "start_run", environment_kind=run.environment.kind)
    return [*gate.missing, *data_access.missing_for(run.project, inputs_of(run.parameters))]


def inputs_of(parameters: Mapping[str, Any]) -> list[str]:
    """The S3 locations that a run's parameters name."""
    return [value for value in parameters.values() if isinstance(value, str) and value.startswith("s3://")]


def _lock_numbers(project: Project) -> None:
    RunCounter.objects.bulk_create([RunCounter(project=project)], ignore_conflicts=True)
    RunCounter.objects.select_for_update().get(project=project)


def _next_number(project: Project) -> int:
    """Count up the project's runs. The row stays locked until the end, so numbers and budget cannot race."""
    _lock_numbers(project)
    RunCounter.objects.filter(project=project).update(last=F("last") + 1)
    return RunCounter.objects.values_list("last", flat=True).get(project=project)


def _require_budget(project: Project, estimate: Estimate) -> None:
    if estimate.verdict != "over_budget" or estimate.budget_left is None:
        return
    worst = costs.money(estimate.worst_case, estimate.currency)
    left = costs.money(estimate.budget_left, estimate.currency)
    message = f"The run may cost {worst}, and {project.key} has {left} of its POC budget left."
    fix = "Choose a shorter maximum time or a smaller machine, wait for open runs to end, or ask for more budget."
    raise GateClosed(message, [Missing("budget_exceeded", message, fix)])


def _columns(
    specification: Specification, estimate: Estimate, actor: User, request_key: str, origin: Mapping[str, Any]
) -> dict[str, Any]:
    run_id = ulid()
    return {
        "id": run_id,
        "project": specification.project,
        "environment": specification.environment,
        "kind": specification.template_version.kind,
        "template_version": specification.template_version,
        "parameters": specification.parameters,
        "instance_type": specification.instance_type,
        "instance_count": specification.instance_count,
        "max_runtime_seconds": specification.max_runtime_seconds,
        "spot": specification.spot,
        "note": specification.note,
        "spec_digest": specification.digest,
        "request_key": request_key,
        "aws_name": Run.name_on_aws(run_id, origin.get("attempt", 1)),
        "requested_by": actor,
        "currency": estimate.currency,
        "price_per_hour": estimate.price_per_hour,
        "price_dated_on": estimate.price_date,
        "worst_case": estimate.worst_case,
        **origin,
    }


def _told(run: Run, specification: Specification) -> dict[str, Any]:
    return {
        "run": run.number,
        "environment": specification.environment.name,
        "template": str(specification.template_version),
        "instance": f"{run.instance_count} × {run.instance_type}",
        "worst_case": run.worst_case,
        "specification": run.spec_digest,
    }
