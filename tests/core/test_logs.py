"""What the logs say: which request, who, which task; one JSON object a line in production."""

import json
import logging

import pytest
import structlog
from django.test import Client

from coe_portal.core.models import User
from tests.core.conftest import bearer

pytestmark = pytest.mark.django_db


def test_log_lines_say_which_request_and_who(client: Client, people: dict[str, User]) -> None:
    headers = bearer(people["lead"]) | {"X-Request-Id": "notebook-42-abc"}
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        client.get("/api/v1/me/", headers=headers)
        client.get("/healthz")
        client.force_login(people["domain"])
        client.get("/api/v1/me/")
    seen = [(line["path"], line["status"], line["user_id"]) for line in lines if line["event"] == "request"]
    assert seen == [("/api/v1/me/", 200, people["lead"].pk), ("/api/v1/me/", 200, people["domain"].pk)]
    assert lines[0]["request_id"] == "notebook-42-abc"
    assert lines[1]["request_id"] != "notebook-42-abc"


def test_the_next_request_of_a_thread_knows_nothing_of_the_last_person(client: Client, people: dict[str, User]) -> None:
    client.get("/api/v1/me/", headers=bearer(people["lead"]))
    client.get("/healthz")
    assert "user_id" not in structlog.contextvars.get_contextvars()


def test_a_task_writes_its_id_on_its_log_lines() -> None:
    from coe_portal.celery import app

    app.loader.import_default_modules()
    with structlog.contextvars.bound_contextvars(user_id=7):
        app.tasks["core.tidy"].apply(task_id="0f0f0f0f-task")
        seen = structlog.contextvars.get_contextvars()
        assert {name: seen.get(name) for name in ("request_id", "task_id", "task", "user_id")} == {
            "request_id": "0f0f0f0f-task", "task_id": "0f0f0f0f-task", "task": "core.tidy", "user_id": None,
        }  # fmt: skip


def test_production_logs_are_one_json_object_a_line() -> None:
    from coe_portal.logs import logging_config

    config = logging_config("json", "INFO")
    formatter = logging.config.dictConfigClass(config).configure_formatter(config["formatters"]["structured"])  # type: ignore[attr-defined]
    record = logging.LogRecord("portal", logging.INFO, "x.py", 1, "ready %s", ("now",), None)
    line = json.loads(formatter.format(record))
    assert (line["event"], line["level"], line["logger"]) == ("ready now", "info", "portal")
    assert "timestamp" in line
