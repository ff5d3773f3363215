"""The pure rules of watching: order of news, times, causes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments import failures, planning
from deployments.models import FINAL_STATES, RunState
from deployments.planning import Observed, Step, Wanted

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
STATUSES = ["", "InProgress", "Stopping", "Completed", "Failed", "Stopped", "Odd"]


@pytest.mark.parametrize(
    ("stop", "observed", "step"),
    [
        (False, Observed("queued"), Step.SUBMIT),
        (False, Observed("submitting"), Step.SUBMIT),
        (True, Observed("submitting"), Step.LOOK),
        (False, Observed("running"), Step.LOOK),
        (True, Observed("running"), Step.STOP),
        (True, Observed("stopping"), Step.LOOK),
        (False, Observed("succeeded", on_aws=True), Step.LOOK),
        (False, Observed("succeeded", enriched=True, on_aws=True), Step.NOTHING),
        (True, Observed("stopped"), Step.NOTHING),
    ],
)
def test_the_next_step_follows_from_wish_and_state(stop: bool, observed: Observed, step: Step) -> None:
    assert planning.next_step(Wanted(stop), observed) is step


def test_within_a_status_the_later_time_wins_and_a_higher_status_always() -> None:
    assert planning.is_news("InProgress", LATER, "InProgress", NOON)
    assert not planning.is_news("InProgress", NOON, "InProgress", LATER)
    assert planning.is_news("Completed", NOON, "Stopping", LATER)
    assert not planning.is_news("InProgress", LATER, "Stopping", NOON)
    assert not planning.is_news("Failed", LATER, "Completed", NOON)
    assert planning.is_news("Completed", None, "Completed", NOON)


@given(st.lists(st.tuples(st.sampled_from(STATUSES[1:]), st.integers(0, 50)), max_size=12))
def test_whatever_the_order_of_events_an_ended_run_stays_ended(told: list[tuple[str, int]]) -> None:
    status, modified, ended = "", None, ""
    for news, minute in told:
        at = NOON + timedelta(minutes=minute)
        if planning.is_news(news, at, status, modified):
            status, modified = news, at
        if ended:
            assert status == ended
        if planning.rank(status) == 9:
            ended = status


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(RunState.values))
def test_every_word_that_aws_may_say_gives_a_state(status: str, secondary: str, current: str) -> None:
    assert planning.state_of(status, secondary, current) in RunState.values


def test_a_spot_interruption_is_shown_as_starting_again() -> None:
    assert planning.state_of("InProgress", "Interrupted", "running") == "starting"
    assert planning.state_of("InProgress", "SomethingNew", "running") == "running"
    assert planning.state_of("Stopped", "MaxRuntimeExceeded", "running") in FINAL_STATES


@given(st.integers(-5, 10**9), st.none() | st.floats(0, 1000))
def test_a_retry_comes_within_its_cap_and_never_before_it_may(attempts: int, after: float | None) -> None:
    delay = planning.retry_delay(attempts, after)
    assert timedelta(0) < delay <= max(planning.MAX_DELAY, timedelta(seconds=after or 0))
    assert delay >= timedelta(seconds=after or 0)


@given(st.integers(1, 20000))
def test_looking_costs_no_more_calls_a_run_the_more_runs_there_are(number: int) -> None:
    fewer = planning.look_again(heard=True, waiting=False, open_runs=number)
    assert planning.look_again(heard=True, waiting=False, open_runs=number + 100) >= fewer
    assert planning.enrich_after(number) <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("reason", "secondary", "cause"),
    [
        ("CapacityError: Unable to provision requested ML compute capacity.", "", "capacity"),
        ("InternalServerError: We encountered an internal error. Please try again.", "", "internal"),
        ("ClientError: Please use an instance type with more memory, or reduce the size", "", "memory"),
        ("ClientError: Artifact upload failed: Out of Memory", "", "memory"),
        ("AlgorithmError: ExecuteUserScriptError: exit code 1", "", "code"),
        ("AlgorithmError: MemoryError", "", "memory"),
        ("AlgorithmError: no room left in the table", "", "code"),
        ("ClientError: Data download failed: no S3 objects found under S3 URL", "", "data"),
        ("ClientError: AccessDenied for s3://x", "", "denied"),
        ("ClientError: something else", "", "configuration"),
        ("", "MaxRuntimeExceeded", "runtime"),
        ("", "MaxWaitTimeExceeded", "spot_wait"),
        ("", "", "unknown"),
    ],
)
def test_every_class_of_failure_has_a_cause_and_a_next_step(reason: str, secondary: str, cause: str) -> None:
    explained = failures.explain_failure(reason, secondary)
    assert explained.cause == cause and explained.next_step.endswith(".") and explained.message


def test_the_log_may_name_a_cause_that_aws_did_not() -> None:
    told = failures.explain_failure("AlgorithmError: exit code 1").plain()
    grown = failures.with_log(told, "line\n" * 100 + "MemoryError: cannot allocate\n")
    assert grown["cause"] == "memory" and grown["excerpt"].count("\n") < failures.EXCERPT_LINES
