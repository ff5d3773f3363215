"""An open step that waits for whoever is accountable follows when somebody else becomes it."""

from typing import Any

from django.db import transaction

from coe_portal.core import audit, outbox
from coe_portal.core.models import User
from governance import permissions
from governance.events import StepRerouted
from governance.models import AddedHolder, ApprovalRequest, ApprovalStep, HolderKind, HolderOrigin, StepState
from governance.models.steps import Holding
from governance.services import policies
from governance.services.approvals import closing
from governance.services.approvals.asking import held
from projects.models import Project
from projects.services import gaps

LIVE = (StepState.WAITING, StepState.OPEN)


@transaction.atomic
def follow_accountable(*, project_key: str, work_area: str) -> int:
    """Route the project's undecided steps for this area to who is accountable now. Returns how many holders moved.

    When nobody may decide any more, the fallback approver may too, as when the approval was asked for. Time goes on: a
    new holder does not start the clock again.
    """
    project = Project.objects.by_key(project_key).select_for_update().get()
    person = gaps.accountable_for(project, work_area)
    return sum(_follow(request, work_area, person) for request in _waiting(project, work_area))


def _waiting(project: Project, work_area: str) -> list[ApprovalRequest]:
    steps = ApprovalStep.objects.filter(request__project=project, state__in=LIVE).filter(
        permissions.routed_to(work_area)
    )
    keys = steps.values_list("request_id", flat=True).distinct()
    return [closing.locked(pk, None) for pk in sorted(keys)]


def _follow(request: ApprovalRequest, work_area: str, person: User | None) -> int:
    moved = 0
    for step in request.steps.filter(state__in=LIVE).filter(permissions.routed_to(work_area)).distinct():
        step.request = request
        rows = [row for row in permissions.holdings(step) if _is_for(row, work_area)]
        moved += sum(_move(step, row, person) for row in rows)
    if moved:
        closing.tell_waiting(request.project)
    return moved


def _is_for(row: Holding, work_area: str) -> bool:
    return row.kind == HolderKind.ACCOUNTABLE and row.value == work_area


def _move(step: ApprovalStep, row: Holding, person: User | None) -> bool:
    if row.person == person:
        return False
    before: dict[str, Any] = {"step": step.name, "holder": permissions.holding_words(row)}
    row.person = person
    row.save(update_fields=["person"])
    if person is None or person.pk in step.request.excluded:
        _ask_fallback(step)
    after = {"step": step.name, "holder": permissions.holder_words(ApprovalStep.objects.get(pk=step.pk))}
    audit.record(actor=None, action="approval.rerouted", subject=step.request, before=before, after=after)
    outbox.publish(StepRerouted(step.request_id, step.pk, person.pk if person else 0))
    return True


def _ask_fallback(step: ApprovalStep) -> None:
    fallback = policies.policy_of(step.request.policy_version).fallback
    if fallback is not None:
        values = held(fallback, step.request.project)
        AddedHolder.objects.get_or_create(step=step, origin=HolderOrigin.FALLBACK, defaults=values)
