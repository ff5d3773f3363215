"""Thin tasks of the kernel."""

import time

from celery import shared_task

from coe_portal.core import outbox
from coe_portal.core.services import housekeeping, sealing, system, verification

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


@shared_task(name="core.seal_audit")
def seal_audit() -> None:
    """Seal what was written since the last time."""
    end = time.monotonic() + DRAIN_SECONDS
    while sealing.seal_next() == sealing.BATCH and time.monotonic() < end:
        pass


@shared_task(name="core.seal_stragglers")
def seal_stragglers() -> None:
    """Seal what was committed much later than its neighbours."""
    sealing.seal_next(look_at_all=True)


@shared_task(name="core.begin_audit_check")
def begin_audit_check() -> None:
    """Have the whole audit trail checked."""
    verification.begin_scheduled()


@shared_task(name="core.verify_audit")
def verify_audit() -> None:
    """Walk on along the chain; hand over to a fresh message before the time limit."""
    if verification.go_on(DRAIN_SECONDS):
        verify_audit.delay()
