"""The portal's reconciler against a real local AWS process over HTTP."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from coe_portal.core.models import User
from deployments.aws.boto import sessions
from deployments.models import Environment, Run
from deployments.reconcile import submit, watch
from deployments.reconcile.accounts import account_of
from deployments.services import environments
from projects.models import Project
from tests import arranged
from tests.deployments.conftest import ENVIRONMENT, approved_project, load_shelf
from tests.deployments.local.conftest import BUCKET, QUEUE, LocalAws, start_local_aws
from tests.factories import organisation


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """A local AWS whose jobs take 0.2 seconds, to which boto3 is pointed as an operator would."""
    service = start_local_aws(tmp_path / "aws", "--simulate", "0.2")
    for name, value in {
        "AWS_ENDPOINT_URL": service.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    sessions.forget()
    monkeypatch.setitem(settings.AWS_RATES, "create", 500)
    monkeypatch.setitem(settings.AWS_RATES, "describe", 500)
    monkeypatch.setitem(settings.AWS_RATES, "search", 500)
    monkeypatch.setitem(settings.AWS_RATES, "stop", 500)
    monkeypatch.setitem(settings.AWS_RATES, "list", 500)
    _forget_rates()
    yield service
    service.stop()
    sessions.forget()
    _forget_rates()


def _forget_rates() -> None:
    server = redis.Redis.from_url(settings.REDIS_URL)
    for key in server.scan_iter("coe:aws-rate:*"):
        server.delete(key)


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@pytest.fixture
def local(db: None, aws: LocalAws) -> Environment:
    """The environment of the running service."""
    queue = f"{aws.url}/000000000000/{QUEUE}"
    with arranged.beside():
        return environments.create_environment(
            values=ENVIRONMENT | {"bucket": BUCKET, "event_queue_url": queue}, actor=None
        )


@pytest.fixture
def shelf(db: None, local: Environment) -> None:
    load_shelf()


@pytest.fixture
def project(people: dict[str, User]) -> Project:
    return approved_project()


def jobs_on_aws(aws: LocalAws) -> list[str]:
    """Names of all training jobs, as another tool would list them."""
    listed = aws.client("sagemaker").list_training_jobs(MaxResults=100)
    return [job["TrainingJobName"] for job in listed["TrainingJobSummaries"]]


def take_events(place: Environment, *, wait_seconds: int = 1) -> int:
    """One round of the event consumer."""
    queue = account_of(place).queue(place.event_queue_url)
    messages = queue.receive(wait_seconds=wait_seconds)
    watch.take_in([message.body for message in messages])
    if messages:
        queue.delete(messages)
    return len(messages)


def make_due(*runs: Run) -> None:
    """Let time pass: the runs' next look is now."""
    Run.objects.filter(pk__in=[run.pk for run in runs], next_check_at__isnull=False).update(next_check_at=_past())


def _past() -> object:
    from django.utils import timezone

    return timezone.now()


def until(done: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait until something is so; fails loudly when it never is."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def finish(run: Run, *, with_events: bool = True) -> Run:
    """Submit, follow and read the bill of one run until nothing about it will change any more."""
    submit.pump()

    def settled() -> bool:
        if with_events:
            take_events(run.environment)
        make_due(run)
        watch.observe_due()
        run.refresh_from_db()
        return run.is_settled

    until(settled)
    return run
