"""Thin tasks of the kernel."""

import time

from celery import shared_task

from coe_portal.core import outbox
from coe_portal.core.services import housekeeping, system

DRAIN_SECONDS = 20


@shared_task(name="core.drain_outbox")
def drain_outbox() -> None:
    """Deliver what is due; hand over to a fresh message before the time limit."""
    end = time.monotonic() + DRAIN_SECONDS
    while outbox.deliver_next():
        if time.monotonic() > end:
            drain_outbox.delay()
            return


@shared_task(name="core.heartbeat")
def heartbeat() -> None:
    """Say that the scheduler sends and a worker listens."""
    system.heartbeat(system.WORKER)


@shared_task(name="core.tidy")
def tidy() -> None:
    """Forget what has served its purpose."""
    housekeeping.forget_old_rows()
