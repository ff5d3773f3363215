"""Is the machinery alive? Heartbeats and queue lengths, read by the admin console."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.core.cache import caches
from django.db.models import Min
from django.utils import timezone

from coe_portal.core.models import OutboxEvent
from coe_portal.core.models.outbox import OutboxState

HEARTBEAT_TIMEOUT = 90
KEEP_HEARTBEAT = 24 * 3600
WORKER, CONSUMER = "worker and scheduler", "event consumer"


@dataclass(frozen=True)
class Part:
    """One part of the machinery: ``state`` is ok, warn or bad; ``text`` says what was seen and what to do."""

    name: str
    state: str
    text: str


def heartbeat(part: str) -> None:
    """Note that ``part`` is alive now. A cache that is down is not the caller's problem."""
    try:
        caches["redis"].set(_key(part), time.time(), timeout=KEEP_HEARTBEAT)
    except Exception:
        return


def last_seen(part: str) -> float | None:
    """When ``part`` was last alive, in epoch seconds; None when it never was."""
    seen: float | None = caches["redis"].get(_key(part))
    return seen


def _key(part: str) -> str:
    return f"heartbeat:{part.replace(' ', '-')}"


def status() -> list[Part]:
    """What the console shows, worst first."""
    probes: list[Callable[[], Part]] = [lambda: _alive(WORKER), lambda: _alive(CONSUMER), _queue, _outbox, _parked]
    order = {"bad": 0, "warn": 1, "ok": 2}
    return sorted((probe() for probe in probes), key=lambda part: order[part.state])


def _alive(part: str) -> Part:
    try:
        seen = last_seen(part)
    except Exception as error:
        return Part(part, "bad", f"Redis does not answer ({type(error).__name__}). Start it; no work is lost.")
    if seen is None:
        return Part(part, "bad", "Never seen. Start it as docs/operations.md says.")
    age = int(time.time() - seen)
    if age > HEARTBEAT_TIMEOUT:
        return Part(part, "bad", f"Last seen {age} s ago. Restart it; due work is found by itself.")
    return Part(part, "ok", f"Seen {age} s ago.")


def _queue() -> Part:
    from coe_portal.celery import app  # Celery configures itself from settings

    try:
        with app.connection_for_read(connect_timeout=1) as connection:
            waiting = connection.default_channel.client.llen(app.conf.task_default_queue)
    except Exception as error:
        return Part("task queue", "bad", f"The broker does not answer ({type(error).__name__}).")
    state = "ok" if waiting < 1000 else "warn"
    return Part("task queue", state, f"{waiting} wake-up calls are waiting.")


def _outbox() -> Part:
    pending = OutboxEvent.objects.filter(state=OutboxState.PENDING)
    oldest = pending.aggregate(oldest=Min("created_at"))["oldest"]
    if oldest is None:
        return Part("events", "ok", "None is waiting.")
    age = int((timezone.now() - oldest).total_seconds())
    return Part("events", "ok" if age < 60 else "warn", f"{pending.count()} are waiting, the oldest for {age} s.")


def _parked() -> Part:
    parked = OutboxEvent.objects.parked().count()
    if not parked:
        return Part("parked events", "ok", "None.")
    return Part("parked events", "warn", f"{parked} cannot be delivered. Read the reason, mend it and retry them.")
