"""Hands that break a running portal, and eyes that look at what AWS has."""

import contextlib
import http.cookiejar
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from coe_portal.launcher.environment import local_aws_environment
from tests.journeys.stack import Stack

# It ended well, and AWS has exactly one job for it, its own.
ONCE = {"state": "succeeded", "failure": None, "jobs": 1, "knows its job": True}
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


def until[T](look: Callable[[], T], patience: float = 30) -> T:
    """Wait until ``look`` returns something true, and return that."""
    end = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < end, f"{look} never came true"
        time.sleep(0.05)
    return seen


def call(url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """One JSON request. Returns the status and the answer, of refusals too."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make all calls at the same instant, each in a thread of its own."""
    barrier, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def work(place: int) -> None:
        barrier.wait()
        answers[place] = calls[place]()

    threads = [threading.Thread(target=work, args=[place]) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def sign_in(portal: str, user: str, password: str) -> str:
    """Sign in as a browser does, without JavaScript. Returns the address of the page that follows."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = f"{portal}/accounts/login/"
    browser.open(page, timeout=40).read()
    token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": token, "login": user, "password": password}).encode()
    with browser.open(urllib.request.Request(page, form, {"Referer": page}), timeout=40) as answer:
        assert "sessionid" in {cookie.name for cookie in jar}, "not signed in"
        return str(answer.url)


@dataclass
class Chaos:
    """One portal and a data scientist's token for it."""

    stack: Stack
    token: str = ""

    def api(self, path: str, body: Any = None, token: str = "", **headers: str) -> tuple[int, Any]:
        return call(f"{self.stack.url}/api/v1/{path}", body, Authorization=f"Bearer {token or self.token}", **headers)

    def answers(self) -> bool:
        """Whether the portal is ready to be asked."""
        with contextlib.suppress(OSError):
            return call(f"{self.stack.url}/readyz")[0] == 200
        return False

    def launch(self) -> str:
        status, run = self.api("runs/", WISH, **{"Idempotency-Key": str(uuid.uuid4())})  # alike on purpose
        assert status == 201, run
        return str(run["id"])

    def run(self, run: str) -> dict[str, Any]:
        status, seen = self.api(f"runs/{run}/")
        assert status == 200, seen
        return dict(seen)

    def finished(self, run: str, patience: float = 150) -> dict[str, Any]:
        """Wait for the run's end; a portal that does not answer for a while is waited for as well."""

        def look() -> dict[str, Any] | None:
            with contextlib.suppress(OSError, AssertionError):
                seen = self.run(run)
                return seen if seen["state"] in FINAL else None
            return None

        return until(look, patience)

    def outcome(self, run: str) -> dict[str, Any]:
        """How the run ended and what AWS has for it; in every fault this has to be ``ONCE``."""
        seen, jobs = self.finished(run), self.jobs(run)
        told = {"state": seen["state"], "failure": seen["failure"]}
        return told | {"jobs": len(jobs), "knows its job": jobs == [seen["arn"]]}

    # AWS's side

    @property
    def aws(self) -> str:
        return f"http://127.0.0.1:{(self.stack.var / 'run' / 'local-aws.port').read_text()}"

    def aws_answers(self) -> bool:
        """Whether the local AWS of a portal that is starting can be asked yet."""
        with contextlib.suppress(OSError):
            return call(f"{self.aws}/_local/counts")[0] == 200
        return False

    def control(self, **switches: Any) -> None:
        assert call(f"{self.aws}/_local/control", switches)[0] == 200

    def created(self) -> int:
        """Create calls that have reached AWS, carried out or not."""
        return int(call(f"{self.aws}/_local/counts")[1]["calls"].get("CreateTrainingJob", 0))

    def jobs(self, run: str) -> list[str]:
        """ARNs of the jobs that AWS has for this run in the account and region of its environment, of any attempt."""
        named = {"Name": "TrainingJobName", "Operator": "Contains", "Value": run}
        found = self._sagemaker.search(Resource="TrainingJob", SearchExpression={"Filters": [named]})["Results"]
        return [each["TrainingJob"]["TrainingJobArn"] for each in found]

    @cached_property
    def _sagemaker(self) -> Any:
        given, once = local_aws_environment(self.aws), Config(retries={"total_max_attempts": 1})
        return boto3.client(
            "sagemaker",
            endpoint_url=self.aws,
            region_name=given["AWS_DEFAULT_REGION"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            config=once,
        )

    # Processes

    def processes(self, name: str) -> list[int]:
        """The processes of this portal whose command holds ``name``."""
        command = ["ps", "-axww", "-o", "pid=,ppid=,command="]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows = [(int(pid), int(parent), line) for pid, parent, line in (r.split(None, 2) for r in listed.splitlines())]
        family = {self.stack.process.pid}
        for _ in range(3):
            family |= {pid for pid, parent, _ in rows if parent in family}
        return [pid for pid, _, line in rows if pid in family and name in line]

    def signal(self, name: str, number: int) -> None:
        victims = self.processes(name)
        assert victims, f"no process of the portal is called {name}"
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill_worker(self) -> None:
        self.signal("coe_portal.celery worker", signal.SIGKILL)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Any:
        """The process neither answers nor ends: connections to it hang."""
        self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(name, signal.SIGCONT)
