"""Thin tasks: the time of the next look is a column; losing a task loses nothing."""

from celery import shared_task

from governance.services import data_expiry, dues, notifications, poc_alarms, qualification
from governance.services.approvals import sla, staffing


@shared_task(name="governance.attend_approvals")
def attend_approvals() -> None:
    """Remind, escalate and expire what is due."""
    sla.attend_due()


@shared_task(name="governance.staff_approvals")
def staff_approvals() -> None:
    """Ask the fallback approver where too few people may still decide, for example because roles changed."""
    staffing.attend()


@shared_task(name="governance.send_mail")
def send_mail() -> None:
    """Send what is due."""
    notifications.send_due()


@shared_task(name="governance.remind_of_days")
def remind_of_days() -> None:
    """Tell whoever has to see to something that its day is near or over."""
    dues.remind()


@shared_task(name="governance.attend_data_access")
def attend_data_access() -> None:
    """Remind of granted access to data and end what is over."""
    data_expiry.attend_due()


@shared_task(name="governance.return_deferred")
def return_deferred() -> None:
    """Bring back the intakes that were deferred until today."""
    qualification.return_due()


@shared_task(name="governance.attend_poc_clocks")
def attend_poc_clocks() -> None:
    """Tell owners and sponsors whose time or money is nearly used, or used up."""
    poc_alarms.attend_due()
