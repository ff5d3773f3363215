"""What operators and machines are told: alive, ready, and what is wrong with the settings."""

from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError
from django.test import Client, override_settings

from coe_portal.core import checks, health
from coe_portal.core.models import OutboxEvent
from coe_portal.core.services import system


def test_alive_needs_neither_database_nor_redis(client: Client) -> None:
    """pytest refuses the database to this test, so a query would fail it."""
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("part", "broken", "word"),
    [
        ("database", "coe_portal.core.health.MigrationExecutor", "not reachable: OperationalError"),
        ("redis", "django.core.cache.backends.redis.RedisCache.set", "not reachable: OperationalError"),
    ],
)
def test_not_ready_says_which_part_does_not_answer_and_no_more(
    client: Client, monkeypatch: pytest.MonkeyPatch, part: str, broken: str, word: str
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("password=hunter2 host=10.0.0.7")

    monkeypatch.setattr(broken, away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"], answer.json()[part]) == (503, False, word)
    assert b"hunter2" not in answer.content


@pytest.mark.django_db
def test_not_ready_while_migrations_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: [object(), object()])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "2 migrations are not applied; run: manage.py migrate"


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"SECURE_TLS": True, "DEBUG": True}, ["coe.E001"]),
        ({"SECURE_TLS": True, "DEBUG": False}, []),
        ({"SECURE_TLS": False, "DEBUG": True}, []),
    ],
)
def test_production_is_refused_with_debug_pages(wrong: dict[str, bool], found: list[str]) -> None:
    with override_settings(**wrong):
        assert [message.id for message in checks.secrets_are_real(None)] == found


def test_production_is_refused_with_a_demo_password(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    demo = dataclasses.replace(settings.ENV, DEMO_PASSWORD="tulips")
    with override_settings(SECURE_TLS=True, ENV=demo):
        assert [message.id for message in checks.secrets_are_real(None)] == ["coe.E002"]


@pytest.mark.django_db
def test_the_check_command_runs_our_checks() -> None:
    with override_settings(SECURE_TLS=True, DEBUG=True), pytest.raises(SystemCheckError, match=r"coe\.E001"):
        call_command("check")


@pytest.mark.django_db
def test_the_console_counts_what_waits_and_what_is_parked() -> None:
    OutboxEvent.objects.create(key="a", name="happened", payload={})
    OutboxEvent.objects.create(key="b", name="happened", payload={}, state="parked", error="no such run")
    parts = {part.name: part for part in system.status()}
    assert parts["parked events"].state == "warn"
    assert parts["parked events"].text.startswith("1 cannot be delivered.")
    assert parts["events"].text.startswith("1 are waiting")


@pytest.mark.django_db
def test_the_console_says_that_redis_is_away_instead_of_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", away)
    parts = {part.name: part for part in system.status()}
    assert parts[system.WORKER].text == "Redis does not answer (ConnectionError). Start it; no work is lost."
