"""A real local AWS process, and plain boto3 that talks to it over HTTP."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[3]
QUEUE, BUCKET = "events", "bucket-of-tests"


@dataclass
class LocalAws:
    """A running service: its address and its process."""

    url: str
    process: "subprocess.Popen[str]"

    def client(self, name: str, key: str = "local") -> Any:
        return boto3.client(
            name,
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id=key,
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, read_timeout=30),
        )

    def control(self, **switches: Any) -> None:
        self.post("/_local/control", switches)

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


Start = Callable[..., LocalAws]


def start_local_aws(data: Path, *options: str) -> LocalAws:
    """Start the service over ``data`` on a free port and wait for its ready line."""
    command = [sys.executable, "-m", "deployments.local", "--data", str(data), "--port", "0", "--time-scale", "0.05"]
    command += ["--bucket", BUCKET, "--queue", QUEUE, *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("local AWS ready at http://127.0.0.1:"), line
    return LocalAws(line.split()[-1], process)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start services that are stopped after the test."""
    running: list[LocalAws] = []

    def begin(*options: str, data: Path = tmp_path / "aws") -> LocalAws:
        running.append(start_local_aws(data, *options))
        return running[-1]

    yield begin
    for service in running:
        if service.process.poll() is None:
            service.stop()


@pytest.fixture
def aws(start: Start) -> LocalAws:
    return start()
