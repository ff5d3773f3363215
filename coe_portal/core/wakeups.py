"""Wake-up calls for workers: at most one waits for each task, because the task finds the work of all."""

import time
from functools import lru_cache
from typing import Any

import structlog
from django.core.cache import cache
from kombu.pools import producers

log = structlog.get_logger(__name__)
LOST_AFTER = 5  # seconds; then another is sent, and the schedule has looked anyway
SEND_SECONDS, QUIET_SECONDS = 0.5, 5.0  # the client makes four attempts


class _Broker:
    """Until when no wake-up call is tried, so that a broker that hangs costs one request some seconds and not each."""

    quiet_until = 0.0


def send(task_name: str) -> None:
    """Tell a worker that there is something to do, unless such a message waits. A broker that is down harms nothing."""
    from coe_portal.celery import app  # Celery configures itself from settings that import this package's apps

    if time.monotonic() < _Broker.quiet_until:
        return
    try:
        if cache.add(_key(task_name), 1, timeout=LOST_AFTER):
            with _producers().acquire(block=True, timeout=SEND_SECONDS) as producer:
                app.send_task(task_name, retry=False, producer=producer)
    except Exception as error:
        _Broker.quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("wake_up_lost", task=task_name, error=str(error), consequence="the sweep finds the work")


def arrived(task_name: str) -> None:
    """A worker begins the task. It reads the rows after this, so work from now on needs a message of its own."""
    try:
        cache.delete(_key(task_name))
    except Exception as error:
        log.warning("wake_up_not_noted", task=task_name, error=str(error), consequence="the next may be a sweep late")


def _key(task_name: str) -> str:
    return f"wake-up:{task_name}"


@lru_cache(maxsize=1)
def _producers() -> Any:
    """Connections of their own for sending: a worker may wait long for its broker, a web request may not."""
    from coe_portal.celery import app

    options = {**app.conf.broker_transport_options, "socket_timeout": SEND_SECONDS}
    options |= {"max_retries": 1, "interval_start": 0, "interval_step": 0, "connect_retries_timeout": SEND_SECONDS}
    return producers[app.connection_for_write(transport_options=options)]
