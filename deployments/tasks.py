"""Thin tasks: wake-up calls for ``reconcile``. Losing all of them loses nothing; the schedule sends them again."""

import math

from celery import Task, shared_task
from django.core.cache import cache

from deployments.reconcile import checks, copies, outputs, submit, watch

LONGEST_WAIT = 30.0


@shared_task(name="deployments.submit_runs")
def submit_runs(again: bool = False) -> None:
    """Take queued runs to AWS; when the rate is used up, come back as soon as there is room."""
    arrived(submit_runs, again)
    come_back(submit_runs, submit.pump())


@shared_task(name="deployments.observe_runs")
def observe_runs() -> None:
    """Look at the runs whose time has come."""
    watch.observe_due()


@shared_task(name="deployments.stop_runs")
def stop_runs(again: bool = False) -> None:
    """Stop what is to be stopped."""
    arrived(stop_runs, again)
    come_back(stop_runs, watch.stop_due())


@shared_task(name="deployments.fetch_outputs")
def fetch_outputs() -> None:
    """Fetch logs and curves that somebody looks at."""
    outputs.fetch_wanted()


@shared_task(name="deployments.check_environments")
def check_environments() -> None:
    """Try out the environments for which somebody asked."""
    checks.check_requested()


@shared_task(name="deployments.look_at_copies")
def look_at_copies() -> None:
    """Look whether copies that are said to be destroyed are gone."""
    copies.look_at_copies()


@shared_task(name="deployments.sweep")
def sweep(environment_id: str = "", token: str = "") -> None:
    """Compare with all that AWS has going on, page after page as the rate allows."""
    for rest in watch.sweep(environment_id, token):
        sweep.apply_async(kwargs={"environment_id": rest.environment_id, "token": rest.token}, countdown=rest.seconds)


def come_back(task: Task, seconds: float | None) -> None:
    """Send the task again after so many seconds, unless such a message is on its way. None: nothing is left."""
    if seconds is None:
        return
    wait = min(LONGEST_WAIT, seconds)
    if cache.add(_on_its_way(task), 1, timeout=math.ceil(wait) + 2):
        task.apply_async(kwargs={"again": True}, countdown=wait)


def arrived(task: Task, again: bool) -> None:
    """The message that ``come_back`` sent is here; another may be sent."""
    if again:
        cache.delete(_on_its_way(task))


def _on_its_way(task: Task) -> str:
    return f"come-back:{task.name}"
