"""The Celery application: workers carry wake-up calls, rows are the truth."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun

from coe_portal.core import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coe_portal.settings")

app = Celery("coe_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logs(**_: object) -> None:
    """Stop Celery from replacing the logging that settings.py configured."""


@task_prerun.connect
def _begin_request_id(task_id: str = "", task: Any = None, **_: object) -> None:
    request_id.begin(task_id, task_id=task_id, task=getattr(task, "name", ""))
