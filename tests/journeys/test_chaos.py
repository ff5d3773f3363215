"""What really breaks in production, really done. Nothing is lost, nothing doubled.

One portal serves the whole file. Runs whose worker was killed wait for the end of their lease (a minute), so they are
launched first and looked at last: the other faults, the end of the portal itself among them, happen meanwhile.
"""

import json
import os
import signal
import time
from collections.abc import Iterator

import pytest
import redis

from tests.journeys.chaos import ONCE, WISH, Chaos, at_once, sign_in, until
from tests.journeys.stack import Stack, running_portal

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chaos"), pytest.mark.timeout(400)]
MOMENTS = ("before", "during", "after")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_portal(meanwhile=_let_nothing_be_trained) as portal:
        yield portal


def _let_nothing_be_trained(stack: Stack) -> None:
    """Nothing here is about what a script does, and the demo's own runs would train for a minute."""
    chaos = Chaos(stack)
    until(chaos.aws_answers, 60)
    chaos.control(simulate=1.0)


@pytest.fixture(scope="module")
def chaos(stack: Stack) -> Chaos:
    """Ready once the demo's own runs have ended: their calls must not be taken for those of a test."""
    chaos = Chaos(stack)
    chaos.token = stack.token("scientist", "read", "write")
    for row in chaos.api("runs/?page_size=200")[1]["results"]:
        chaos.finished(row["id"])
    return chaos


@pytest.fixture(scope="module")
def killed(chaos: Chaos) -> dict[str, str]:
    """Three runs whose worker was killed around the create call, each proven to have been hit in its moment.

    Events are dropped meanwhile: only the same call again can tell the portal of the job.
    """
    chaos.control(drop_event_rate=1.0)
    runs = {"before": _killed_before(chaos), "during": _killed_during(chaos), "after": _killed_after(chaos)}
    known = {moment: (chaos.run(run)["state"], chaos.run(run)["arn"]) for moment, run in runs.items()}
    assert known == dict.fromkeys(MOMENTS, ("submitting", "")), "no worker lived to tell what AWS answered"
    chaos.control(drop_event_rate=0.0)
    return runs


def _killed_before(chaos: Chaos) -> str:
    """The row is claimed; AWS does not answer the worker's first question, so the create call was not made."""
    calls = chaos.created()
    with chaos.frozen("deployments.local"):
        run = chaos.launch()
        until(lambda: chaos.run(run)["state"] == "submitting")
        chaos.kill_worker()
    assert chaos.created() == calls and chaos.jobs(run) == []
    return run


def _killed_during(chaos: Chaos) -> str:
    """The create call has reached AWS, which has not carried it out yet."""
    calls = chaos.created()
    chaos.control(latency_ms=3000)
    run = chaos.launch()
    until(lambda: chaos.created() > calls)
    chaos.kill_worker()
    chaos.control(latency_ms=0)
    assert chaos.jobs(run) == [], "killed while the call was in flight"
    until(lambda: chaos.jobs(run), 10)
    return run


def _killed_after(chaos: Chaos) -> str:
    """AWS has the job, and its answer has not arrived."""
    chaos.control(create_answer_ms=3000)
    run = chaos.launch()
    until(lambda: chaos.jobs(run))
    chaos.kill_worker()
    chaos.control(create_answer_ms=0)
    return run


@pytest.fixture(scope="module")
def killed_database(chaos: Chaos) -> str:
    """A run that was on its way when the database was killed; what was being written then waits for its lease too."""
    run = chaos.launch()
    chaos.signal("pginstall/bin/postgres -D", signal.SIGKILL)
    until(chaos.answers)
    return run


@pytest.mark.usefixtures("killed", "killed_database")
def test_a_lost_create_response_ends_with_the_job_adopted(chaos: Chaos) -> None:
    calls = chaos.created()
    chaos.control(simulate=5.0, lost_response_rate=1.0, drop_event_rate=1.0)
    run = chaos.launch()
    until(lambda: chaos.run(run)["state"] == "submitting" and chaos.created() > calls)
    time.sleep(2)  # a claimed run's call follows at once, and its answer is lost like every other
    seen = chaos.run(run)
    chaos.control(lost_response_rate=0.0)
    assert (seen["state"], seen["arn"]) == ("submitting", "")
    until(lambda: chaos.run(run)["arn"])
    chaos.control(simulate=1.0, drop_event_rate=0.0)
    assert chaos.created() >= calls + 2, "asked once more, and told that the job exists"
    assert chaos.outcome(run) == ONCE


def test_a_post_sent_five_times_at_once_with_one_key_is_one_run(chaos: Chaos) -> None:
    send = [lambda: chaos.api("runs/", WISH, **{"Idempotency-Key": "sent-five-times"})] * 5
    answers = at_once(*send)
    assert {status for status, _ in answers} == {201}
    assert len({run["id"] for _, run in answers}) == 1
    assert chaos.outcome(answers[0][1]["id"]) == ONCE


def test_approve_and_reject_at_the_same_instant_give_one_outcome(stack: Stack, chaos: Chaos) -> None:
    lead = stack.token("lead", "read", "decide")
    asked = chaos.api("approvals/?project=PRJ-3", token=lead)[1]["results"][0]
    path = f"approvals/{asked['id']}/decide/"
    verdicts = [{"verdict": verdict, "comment": "at once"} for verdict in ("approve", "reject")]
    answers = at_once(*[lambda body=body: chaos.api(path, body, token=lead) for body in verdicts])
    statuses = sorted(status for status, _ in answers)
    assert statuses[0] == 200 and statuses[1] in (403, 409), answers
    decided = chaos.api(f"approvals/{asked['id']}/", token=lead)[1]
    won = next(body["verdict"] for body, (status, _) in zip(verdicts, answers, strict=True) if status == 200)
    assert [each["verdict"] for each in decided["decisions"]] == [won]


def test_an_emptied_broker_loses_no_work(stack: Stack, chaos: Chaos) -> None:
    state = json.loads((stack.var / "run" / "environment.json").read_text())
    chaos.kill_worker()  # so that the wake-up call is still in the queue
    run = chaos.launch()
    with redis.Redis.from_url(state["REDIS_URL"]) as server:
        server.flushall()
    assert chaos.outcome(run) == ONCE


def test_a_killed_broker_loses_no_work(chaos: Chaos) -> None:
    chaos.signal("valkey-server", signal.SIGKILL)
    assert chaos.outcome(chaos.launch()) == ONCE


def test_a_broker_that_hangs_keeps_nobody_from_signing_in_or_launching(stack: Stack, chaos: Chaos) -> None:
    with chaos.frozen("valkey-server"):
        began = time.monotonic()
        assert sign_in(stack.url, "scientist", stack.password).endswith("/")
        run = chaos.launch()
        assert time.monotonic() - began < 20
    assert chaos.outcome(run) == ONCE


def test_in_a_storm_of_refusals_and_bad_events_every_run_ends_once(chaos: Chaos) -> None:
    storm = {"throttle_rate": 0.5, "error_rate": 0.2, "reset_rate": 0.2, "lost_response_rate": 0.2}
    storm |= {"duplicate_event_rate": 0.3, "drop_event_rate": 0.3, "reorder_event_rate": 0.3, "text_number_rate": 0.5}
    chaos.control(**storm)
    runs = [chaos.launch() for _ in range(6)]
    time.sleep(8)
    chaos.control(**dict.fromkeys(storm, 0.0))
    for run in runs:
        assert chaos.outcome(run) == ONCE


def test_a_state_never_seen_before_is_shown_as_unknown_and_the_run_goes_on(chaos: Chaos) -> None:
    chaos.control(simulate=60.0, unknown_status="Hibernating")
    run = chaos.launch()
    until(lambda: chaos.run(run)["state"] == "unknown", 60)
    chaos.control(simulate=1.0, unknown_status="")
    assert chaos.outcome(run) == ONCE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_a_portal_that_is_ended_or_killed_goes_on_where_it_was(stack: Stack, chaos: Chaos, number: int) -> None:
    chaos.control(simulate=15.0)
    run = chaos.launch()
    until(lambda: chaos.jobs(run))
    everything = chaos.processes("")
    began = time.monotonic()
    stack.stop(number)
    until(lambda: not any(map(_lives, everything)), 10)
    assert time.monotonic() - began < 10
    stack.start()
    assert chaos.outcome(run) == ONCE


def test_a_killed_database_comes_back_with_every_row(killed_database: str, chaos: Chaos) -> None:
    assert chaos.outcome(killed_database) == ONCE


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_around_the_create_call_leaves_exactly_one_job(
    killed: dict[str, str], chaos: Chaos, moment: str
) -> None:
    assert chaos.outcome(killed[moment]) == ONCE


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
