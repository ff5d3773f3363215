"""Thin tasks: the time of the next look is a column; losing a task loses nothing."""

from celery import shared_task

from governance.services import notifications, poc_alarms
from governance.services.approvals import sla


@shared_task(name="governance.attend_approvals")
def attend_approvals() -> None:
    """Remind, escalate and expire what is due."""
    sla.attend_due()


@shared_task(name="governance.send_mail")
def send_mail() -> None:
    """Send what is due."""
    notifications.send_due()


@shared_task(name="governance.attend_poc_clocks")
def attend_poc_clocks() -> None:
    """Tell owners and sponsors whose time or money is nearly used, or used up."""
    poc_alarms.attend_due()
