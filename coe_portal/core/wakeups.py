"""Wake-up calls for workers: at most one waits for each task, because the task finds the work of all."""

import structlog
from django.core.cache import cache

log = structlog.get_logger(__name__)
LOST_AFTER = 5  # seconds; then another is sent, and the schedule has looked anyway


def send(task_name: str) -> None:
    """Tell a worker that there is something to do, unless such a message waits. A broker that is down harms nothing."""
    from coe_portal.celery import app  # Celery configures itself from settings that import this package's apps

    try:
        if cache.add(_key(task_name), 1, timeout=LOST_AFTER):
            app.send_task(task_name, retry=False)
    except Exception as error:
        log.warning("wake_up_lost", task=task_name, error=str(error), consequence="the sweep finds the work")


def arrived(task_name: str) -> None:
    """A worker begins the task. It reads the rows after this, so work from now on needs a message of its own."""
    try:
        cache.delete(_key(task_name))
    except Exception as error:
        log.warning("wake_up_not_noted", task=task_name, error=str(error), consequence="the next may be a sweep late")


def _key(task_name: str) -> str:
    return f"wake-up:{task_name}"
