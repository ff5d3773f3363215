"""Launches and retries that are sent twice, or by several people at the same instant, on PostgreSQL."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from coe_portal.core.models import AuditEntry, User
from deployments.models import Run
from deployments.services import environments, prices, runs, templates
from deployments.services.specification import Wish
from tests import factories
from tests.deployments.conftest import ENVIRONMENT, approved_project, bearer
from tests.deployments.test_runs import move


def at_once(work: Callable[[], Any], times: int) -> list[Any]:
    """Call ``work`` in threads with connections of their own that start together; exceptions are results."""
    barrier, results = threading.Barrier(times), []

    def call() -> None:
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def race(transactional_db: None) -> tuple[User, Wish]:
    people = factories.organisation()
    environments.create_environment(values=ENVIRONMENT, actor=None)
    templates.load_folder()
    prices.load_table()
    project = approved_project(budget="0.30")
    return people["scientist"], Wish(project=project.key, environment="local", template="tabular-classifier")


def test_a_form_sent_twice_at_the_same_instant_launches_one_run(race: tuple[User, Wish]) -> None:
    scientist, wish = race
    small = replace(wish, max_runtime_seconds=60)
    results = at_once(lambda: runs.launch_run(wish=small, actor=scientist, request_key="form-7").pk, 4)
    assert len(set(results)) == 1
    assert Run.objects.count() == 1


def test_launches_at_the_same_instant_get_numbers_without_gaps(race: tuple[User, Wish]) -> None:
    scientist, wish = race
    results = at_once(lambda: runs.launch_run(wish=replace(wish, max_runtime_seconds=60), actor=scientist).number, 6)
    assert sorted(results) == [1, 2, 3, 4, 5, 6]


def test_of_two_launches_that_fit_the_budget_only_once_one_launches(race: tuple[User, Wish]) -> None:
    scientist, wish = race
    results = at_once(lambda: runs.launch_run(wish=wish, actor=scientist), 2)
    assert sorted(type(result).__name__ for result in results) == ["GateClosed", "Run"]


def test_two_retries_at_the_same_instant_give_one_attempt(race: tuple[User, Wish]) -> None:
    scientist, wish = race
    failed = move(runs.launch_run(wish=replace(wish, max_runtime_seconds=60), actor=scientist), "submitting", "failed")
    results = at_once(lambda: runs.retry_run(run_id=failed.pk, actor=scientist), 2)
    assert sorted(type(result).__name__ for result in results) == ["Run", "StaleState"]
    assert Run.objects.filter(retry_of=failed).count() == 1


def test_the_same_launch_sent_twice_at_once_without_a_key_is_one_run(race: tuple[User, Wish]) -> None:
    scientist, wish = race
    headers = bearer(scientist)
    body = {
        "project": wish.project,
        "environment": "local",
        "template": "tabular-classifier",
        "max_runtime_seconds": 60,
    }
    answers = at_once(lambda: Client().post("/api/v1/runs/", body, "application/json", headers=headers), 2)
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(answer.get("Idempotency-Replayed", "") for answer in answers) == ["", "true"]
    assert Run.objects.get().number == 1 and AuditEntry.objects.filter(action="run.launched").count() == 1


def test_alike_but_not_repeated_are_runs_of_their_own(wish: Wish, scientist: User, client: Client) -> None:
    headers = bearer(scientist)
    body = {"project": wish.project, "environment": "local", "template": "tabular-classifier"}

    def post(**changes: Any) -> str:
        answer = client.post("/api/v1/runs/", body | changes, "application/json", headers=headers)
        assert answer.status_code == 201, answer.json()
        return str(answer.json()["number"])

    now = timezone.now()
    with time_machine.travel(now, tick=False):
        assert [post(), post(), post(note="another seed"), post(max_runtime_seconds=600)] == ["1", "1", "2", "3"]
        address = f"/api/v1/runs/{Run.objects.get(number=1).pk}/clone/"
        clones = [client.post(address, {}, "application/json", headers=headers).json()["number"] for _ in range(2)]
        assert clones == [4, 4]
    with time_machine.travel(now + timedelta(seconds=6), tick=False):
        assert post() == "5"
        runs.stop_run(run_id=Run.objects.get(number=5).pk, actor=scientist)
        assert post() == "6", "what was stopped is not what is meant"
