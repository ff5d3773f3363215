"""The clock of a step as rows keep it: started, kept, stopped while an answer is owed."""

from datetime import timedelta

from django.utils import timezone

from coe_portal.core import outbox
from governance.events import StepOpened
from governance.models import STEP_LIFECYCLE, ApprovalRequest, ApprovalStep, StepState
from governance.policies import clock


def open_step(step: ApprovalStep) -> None:
    """Open a step: its time starts now."""
    now = timezone.now()
    started = clock.start(
        now,
        step.days,
        remind=step.reminds,
        escalates=bool(step.escalate_kind),
        expires_at=step.request.expires_at,
    )
    STEP_LIFECYCLE.change(
        step,
        StepState.OPEN,
        opened_at=now,
        due_at=now + timedelta(days=step.days),
        remind_at=started.remind_at,
        next_check_at=started.next_at,
    )
    outbox.publish(StepOpened(step.request_id, step.pk))


def clock_of(step: ApprovalStep) -> clock.Clock:
    """What is still to come for the step."""
    escalates = bool(step.escalate_kind) and step.escalated_at is None
    return clock.Clock(step.remind_at, step.due_at if escalates else None, step.request.expires_at)


def keep(step: ApprovalStep, running: clock.Clock) -> None:
    """Save what is still to come for the step."""
    step.remind_at, step.next_check_at = running.remind_at, running.next_at
    step.save(update_fields=["remind_at", "next_check_at", "due_at", "escalated_at"])


def resume(request: ApprovalRequest) -> None:
    """Let a clock go on that stood still: everything moves by the time that it stood. Call with the row locked."""
    paused_at, now = request.paused_at, timezone.now()
    if paused_at is None:
        return
    stood = now - paused_at
    request.paused_at, request.due_at = None, request.due_at + stood
    request.expires_at = request.expires_at + stood if request.expires_at else None
    request.save(update_fields=["paused_at", "due_at", "expires_at"])
    for step in request.steps.filter(state=StepState.OPEN):
        step.request = request
        own = now - max(paused_at, step.opened_at or paused_at)
        step.due_at += own
        step.remind_at = step.remind_at + own if step.remind_at else None
        keep(step, clock_of(step))
