"""Reading what ended lately: thousands of runs stay fresh without events and without a call for each."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from deployments import planning
from deployments.models import Environment, Run
from deployments.reconcile import ends, submit, watch
from tests.deployments.local.conftest import LocalAws
from tests.deployments.reconcile.conftest import until

Launch = Callable[..., Run]
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_read_yet(db: None) -> Iterator[None]:
    yield
    for place in Environment.objects.all():
        cache.delete_many([ends._turn(place), ends._mark(place)])


def ended_unheard(launch: Launch, aws: LocalAws, many: int) -> list[Run]:
    """Runs that ended on AWS while every event was lost, none of which is due to be looked at."""
    aws.control(drop_event_rate=1.0)
    launched = [launch(note=str(number)) for number in range(many)]
    submit.pump()
    listed = aws.client("sagemaker").list_training_jobs

    def all_over() -> bool:
        return {job["TrainingJobStatus"] for job in listed()["TrainingJobSummaries"]} == {"Completed"}

    until(all_over)
    Run.objects.update(next_check_at=timezone.now() + timedelta(hours=1))
    aws.post("/_local/counts", {})
    return launched


def test_one_call_finds_all_that_ended_and_their_bills(
    launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MANY_OPEN", 3)
    launched = ended_unheard(launch, aws, 3)
    watch.observe_due()
    found = Run.objects.filter(state="succeeded", cost__isnull=False, next_check_at=None)
    assert {run.pk for run in found} == {run.pk for run in launched}
    assert aws.post("/_local/counts", {})["calls"] == {"Search": 1}


def test_few_runs_are_left_to_their_own_looks(launch: Launch, aws: LocalAws) -> None:
    ended_unheard(launch, aws, 2)
    watch.observe_due()
    assert aws.post("/_local/counts", {})["calls"] == {}


def test_it_asks_again_only_when_it_is_time(launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MANY_OPEN", 1)
    aws.control(simulate=60)
    run = launch()
    submit.pump()
    aws.post("/_local/counts", {})
    watch.observe_due()
    watch.observe_due()
    assert aws.post("/_local/counts", {})["calls"] == {"Search": 1}
    run.refresh_from_db()
    assert run.state == "starting"


def test_a_full_page_goes_on_at_once_and_where_it_stopped(
    launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MANY_OPEN", 1)
    monkeypatch.setattr(ends, "PAGE", 2)
    run = ended_unheard(launch, aws, 2)[0]
    assert ends.read_lately(run.environment) == 2
    assert cache.get(ends._turn(run.environment)) is None
    newest = max(Run.objects.values_list("aws_modified_at", flat=True))
    assert cache.get(ends._mark(run.environment)) >= newest


def test_the_place_to_read_on_from_never_goes_back_and_never_stands_still_on_a_full_page() -> None:
    later = NOON + timedelta(minutes=5)
    assert planning.read_ends_from(NOON, None, is_full=False) == NOON
    assert planning.read_ends_from(NOON, later, is_full=False) == later - planning.ENDS_OVERLAP
    assert planning.read_ends_from(NOON, NOON + timedelta(seconds=3), is_full=False) == NOON
    assert planning.read_ends_from(NOON, later, is_full=True) == later
    assert planning.read_ends_from(NOON, NOON, is_full=True) == NOON + timedelta(seconds=1)
