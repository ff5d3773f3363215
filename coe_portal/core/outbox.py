"""The outbox: events are committed with the change they tell of and delivered afterwards, at least once.

``publish`` writes the row; ``deliver_next`` hands one due row to its handlers in a transaction of its own. Celery only
carries wake-up calls: if all of them are lost, the sweep delivers the same rows a little later.
"""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import structlog
from django.db import transaction
from django.utils import timezone

from coe_portal.core import request_id, wakeups
from coe_portal.core.models import OutboxEvent
from coe_portal.core.models.outbox import OUTBOX_LIFECYCLE, OutboxState

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 12
FIRST_DELAY = timedelta(seconds=2)
MAX_DELAY = timedelta(minutes=10)


class Park(Exception):
    """Raised by a handler: this event can never succeed. It is set aside with the reason for a person to look at."""


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that happened. Subclasses are frozen dataclasses with plain JSON values."""

    name: ClassVar[str]

    @property
    def key(self) -> str:
        """Unique for the happening, so that it is told once however often the code runs."""
        raise TypeError(f"{type(self).__name__} needs a key")


_handlers: dict[str, list[tuple[type[Event], Callable[[Any], None]]]] = {}


def publish(event: Event) -> None:
    """Commit ``event`` with the running transaction and wake a worker once it is committed.

    Raises:
        TransactionManagementError: there is no open transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An event is published in the transaction of its change.")
    told = dataclasses.asdict(event)
    row = OutboxEvent(key=event.key, name=event.name, payload=told, request_id=request_id.current())
    OutboxEvent.objects.bulk_create([row], ignore_conflicts=True)
    wake("core.drain_outbox")


def subscribe[E: Event](event_class: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Decorator: call the function for every event of the class. Handlers touch the database only."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        known = _handlers.setdefault(event_class.name, [])
        if handler not in [existing for _, existing in known]:
            known.append((event_class, handler))
        return handler

    return register


def wake(task_name: str) -> None:
    """After commit, tell a worker that there is something to do. A broker that is down harms nothing."""
    transaction.on_commit(lambda: wakeups.send(task_name), robust=True)


def deliver_next() -> bool:
    """Deliver the oldest due event. Returns False when there is none that nobody else is delivering."""
    with transaction.atomic():
        row = OutboxEvent.objects.due().select_for_update(skip_locked=True).first()
        if row is None:
            return False
        try:
            with transaction.atomic():
                _hand_over(row)
        except Park as reason:
            OUTBOX_LIFECYCLE.change(row, OutboxState.PARKED, error=str(reason), attempts=row.attempts + 1)
            log.error("event_parked", name=row.name, key=row.key, reason=str(reason))
        except Exception as error:
            _postpone(row, error)
        else:
            OUTBOX_LIFECYCLE.change(row, OutboxState.DELIVERED, delivered_at=timezone.now(), error="")
    return True


def _hand_over(row: OutboxEvent) -> None:
    """What the handlers do belongs to the request in which the event happened."""
    with request_id.continued(row.request_id):
        for event_class, handler in _handlers.get(row.name, []):
            handler(event_class(**row.payload))


def _postpone(row: OutboxEvent, error: Exception) -> None:
    attempts = row.attempts + 1
    log.exception("event_failed", name=row.name, key=row.key, attempts=attempts)
    told = f"{type(error).__name__}: {error}"
    if attempts >= MAX_ATTEMPTS:
        OUTBOX_LIFECYCLE.change(row, OutboxState.PARKED, attempts=attempts, error=told)
        return
    row.attempts, row.error, row.next_attempt_at = attempts, told, timezone.now() + backoff(attempts)
    row.save(update_fields=["attempts", "error", "next_attempt_at"])


def backoff(attempts: int, first: timedelta = FIRST_DELAY, limit: timedelta = MAX_DELAY) -> timedelta:
    """Capped exponential back-off: first × 2^(attempts − 1), never more than ``limit``."""
    return min(limit, first * int(2 ** min(max(attempts, 1) - 1, 16)))


@transaction.atomic
def retry_parked(*, event_id: int, actor: Any) -> OutboxEvent:
    """Give a parked event another round. Raises StaleState when it is not parked any more."""
    row = OutboxEvent.objects.select_for_update().get(pk=event_id)
    OUTBOX_LIFECYCLE.move(
        row, OutboxState.PENDING, actor=actor, action="event.retried", attempts=0, next_attempt_at=timezone.now()
    )
    wake("core.drain_outbox")
    return row
