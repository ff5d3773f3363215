"""Reminders, escalations and expiry of open steps. Time never approves."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from governance import permissions
from governance.events import StepEscalated, StepReminded
from governance.models import AddedHolder, ApprovalState, ApprovalStep, HolderOrigin
from governance.policies import clock
from governance.policies.rules import Holder
from governance.services.approvals import clocks, closing
from governance.services.approvals.asking import held

BATCH = 100


def attend_due() -> int:
    """Look at the open steps whose time has come. Returns how many something happened to."""
    found = list(ApprovalStep.objects.due().order_by("next_check_at").values_list("pk", flat=True)[:BATCH])
    return sum(attend(step_id=pk) for pk in found)


@transaction.atomic
def attend(*, step_id: int) -> bool:
    """Remind, escalate or expire, whatever is due of one step; nothing when somebody else was faster."""
    known = ApprovalStep.objects.get(pk=step_id)
    request = closing.locked(known.request_id, None)
    step = ApprovalStep.objects.due().select_related("request__project").filter(pk=step_id).first()
    if step is None:
        return False
    step.request = request
    running = clocks.clock_of(step)
    for action in running.due(timezone.now()):
        _ACTIONS[action](step)
        running = running.after(action)
    if request.is_open:
        clocks.keep(step, running)
    return True


def _remind(step: ApprovalStep) -> None:
    audit.record(actor=None, action="approval.reminded", subject=step.request, after=_about(step))
    outbox.publish(StepReminded(step.request_id, step.pk))


def _escalate(step: ApprovalStep) -> None:
    holder = held(Holder(step.escalate_kind, step.escalate_value), step.request.project)
    added = AddedHolder.objects.create(step=step, origin=HolderOrigin.ESCALATION, **holder)
    step.escalated_at = timezone.now()
    after = _about(step) | {"added": permissions.holding_words(added)}
    audit.record(actor=None, action="approval.escalated", subject=step.request, after=after)
    outbox.publish(StepEscalated(step.request_id, step.pk))
    closing.tell_waiting(step.request.project)


def _expire(step: ApprovalStep) -> None:
    comment = "Nobody decided in time. Time never approves: ask again if it is still wanted."
    closing.close(step.request, ApprovalState.EXPIRED, actor=None, comment=comment)


_ACTIONS = {clock.REMIND: _remind, clock.ESCALATE: _escalate, clock.EXPIRE: _expire}


def _about(step: ApprovalStep) -> dict[str, Any]:
    return {"step": step.name, "due_at": step.due_at}
