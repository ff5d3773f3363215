"""Open steps whose holders became too few since they were asked: the fallback approver may decide too."""

from django.db import transaction

from coe_portal.core import audit, outbox
from governance import permissions
from governance.events import StepStaffed
from governance.models import AddedHolder, ApprovalRequest, ApprovalState, ApprovalStep, HolderOrigin
from governance.policies.rules import Holder
from governance.services import policies
from governance.services.approvals import closing
from governance.services.approvals.asking import held

CHUNK = 500


def attend() -> int:
    """Ask the fallback approver where too few of the holders may still decide. Returns of how many steps."""
    people, rows = permissions.Approvers(), ApprovalRequest.objects.for_list().filter(state=ApprovalState.OPEN)
    found = [row.pk for row in rows.order_by("pk").iterator(CHUNK) if _short(row, people)]
    return sum(_attend(pk) for pk in found)


@transaction.atomic
def _attend(request_id: int) -> int:
    """The same for one request, with its row locked; nothing when somebody else was faster."""
    closing.locked(request_id, None)
    request = ApprovalRequest.objects.for_list().get(pk=request_id)
    staffed = [step for step in _short(request, permissions.Approvers()) if request.is_open and _ask_fallback(step)]
    if staffed:
        closing.tell_waiting(request.project)
    return len(staffed)


def _short(request: ApprovalRequest, people: permissions.Approvers) -> list[ApprovalStep]:
    """The open steps that need more voices than there are people who may still give one."""
    steps = [step for step in permissions.open_steps(request) if not _has_fallback(step)]
    return [step for step in steps if _missing_voices(step, people)]


def _has_fallback(step: ApprovalStep) -> bool:
    return step.is_fallback or any(row.origin == HolderOrigin.FALLBACK for row in step.added_holders.all())


def _missing_voices(step: ApprovalStep, people: permissions.Approvers) -> bool:
    given = [row for row in step.request.decisions.all() if row.step_id == step.pk]
    spoken = {pk for row in given for pk in (row.actor_id, row.on_behalf_of_id)}
    able = [person for person in people.of(step, step.request.excluded) if person.pk not in spoken]
    return len(able) + len(given) < step.needed


def _ask_fallback(step: ApprovalStep) -> bool:
    """Add the policy's fallback approver; False when the policy names none or nobody of them may decide."""
    request, fallback = step.request, policies.policy_of(step.request.policy_version).fallback
    if fallback is None or fallback == Holder(step.kind, step.value):
        return False
    values = held(fallback, request.project)
    if not permissions.possible_approvers(**values, project=request.project, never=request.excluded):
        return False
    added = AddedHolder.objects.create(step=step, origin=HolderOrigin.FALLBACK, **values)
    after = {"step": step.name, "added": permissions.holding_words(added)}
    audit.record(actor=None, action="approval.fallback_asked", subject=request, after=after)
    outbox.publish(StepStaffed(request.pk, step.pk))
    return True
