"""Thin tasks: the time of the next look is a column; losing a task loses nothing."""

from celery import shared_task

from governance.services.approvals import sla


@shared_task(name="governance.attend_approvals")
def attend_approvals() -> None:
    """Remind, escalate and expire what is due."""
    sla.attend_due()
