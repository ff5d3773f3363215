"""The schedule names tasks that exist: otherwise a sweep silently never runs."""

from django.conf import settings

from coe_portal.celery import app


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
