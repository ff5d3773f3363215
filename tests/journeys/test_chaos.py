"""What really breaks in production, really done: killed workers, a lost broker. Nothing is lost, nothing doubled."""

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.stack import Stack, running_portal

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chaos"), pytest.mark.timeout(400)]
FINAL = ("succeeded", "failed", "stopped", "lost")
WISH = {
    "project": "PRJ-1",
    "environment": "local",
    "template": "tabular-classifier",
    "parameters": {"rounds": 20},
    "instance_type": "ml.m5.large",
    "instance_count": 1,
    "max_runtime_seconds": 600,
    "spot": False,
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_portal() as portal:
        yield portal


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    """A token, once the demo's own runs have ended: their calls must not be taken for those of a test."""
    token = stack.token("scientist", "read", "write")
    for row in _json(f"{stack.url}/api/v1/runs/?page_size=200", Authorization=f"Bearer {token}")["results"]:
        _finished(stack, token, row["id"])
    return token


def _json(url: str, body: Any = None, **headers: str) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _aws(stack: Stack) -> str:
    return f"http://127.0.0.1:{(stack.var / 'run' / 'local-aws.port').read_text()}"


def _launch(stack: Stack, token: str) -> str:
    return str(_json(f"{stack.url}/api/v1/runs/", WISH, Authorization=f"Bearer {token}")["id"])


def _finished(stack: Stack, token: str, run: str, patience: float = 200) -> dict[str, Any]:
    end = time.monotonic() + patience
    while True:
        with contextlib.suppress(OSError):
            seen: dict[str, Any] = _json(f"{stack.url}/api/v1/runs/{run}/", Authorization=f"Bearer {token}")
            if seen["state"] in FINAL:
                return seen
        assert time.monotonic() < end, f"run {run} never ended"
        time.sleep(0.5)


def _kill(stack: Stack, name: str) -> int:
    """kill -9 the processes of this portal whose command holds ``name``; returns how many there were."""
    command = ["ps", "-axww", "-o", "pid=,ppid=,command="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [
        (int(pid), int(parent), command) for pid, parent, command in (r.split(None, 2) for r in listed.splitlines())
    ]
    family = {stack.process.pid}
    for _ in range(3):
        family |= {pid for pid, parent, _ in rows if parent in family}
    victims = [pid for pid, _, line in rows if pid in family and name in line]
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(victims)


def _created(stack: Stack) -> int:
    return int(_json(f"{_aws(stack)}/_local/counts")["calls"].get("CreateTrainingJob", 0))


def _jobs_named(stack: Stack, run: str) -> int:
    """How many jobs AWS has for this run, whatever their attempt."""
    named = {"Name": "TrainingJobName", "Operator": "Contains", "Value": run}
    body = {"Resource": "TrainingJob", "SearchExpression": {"Filters": [named]}}
    headers = {"X-Amz-Target": "SageMaker.Search", "Content-Type": "application/x-amz-json-1.1"}
    return len(_json(_aws(stack), body, **headers)["Results"])


def _control(stack: Stack, **switches: Any) -> None:
    _json(f"{_aws(stack)}/_local/control", switches)


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_a_worker_killed_around_the_create_call_leaves_exactly_one_job(stack: Stack, token: str, moment: str) -> None:
    _control(stack, latency_ms=1500 if moment == "during" else 0)
    before = _created(stack)
    if moment == "before":
        assert _kill(stack, "celery") > 0
    run = _launch(stack, token)
    if moment == "before":
        _kill(stack, "celery")
    else:
        end = time.monotonic() + 30
        while _created(stack) == before:
            assert time.monotonic() < end
            if moment == "during":
                time.sleep(0.2)
                break
        assert _kill(stack, "coe_portal.celery worker") > 0
    _control(stack, latency_ms=0)
    seen = _finished(stack, token, run)
    assert seen["state"] == "succeeded"
    assert _jobs_named(stack, run) == 1


def test_a_broker_that_is_lost_loses_no_work(stack: Stack, token: str) -> None:
    assert _kill(stack, "valkey-server") == 1
    run = _launch(stack, token)
    assert _finished(stack, token, run)["state"] == "succeeded"
    assert _jobs_named(stack, run) == 1


def test_a_killed_database_comes_back_with_every_row(stack: Stack, token: str) -> None:
    run = _launch(stack, token)
    assert _kill(stack, "pginstall/bin/postgres -D") >= 1
    assert _finished(stack, token, run)["state"] == "succeeded"
    assert _jobs_named(stack, run) == 1
