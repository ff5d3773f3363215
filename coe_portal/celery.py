"""The Celery application: workers carry wake-up calls, rows are the truth."""

import os

from celery import Celery, Task
from celery.signals import setup_logging, task_prerun

from coe_portal.core import request_id, wakeups

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coe_portal.settings")

app = Celery("coe_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logs(**_: object) -> None:
    """Stop Celery from replacing the logging that settings.py configured."""


@task_prerun.connect
def _begin(task_id: str = "", task: Task | None = None, **_: object) -> None:
    request_id.begin(task_id, task_id=task_id, task=getattr(task, "name", ""))
    if task is not None:
        wakeups.arrived(task.name)
