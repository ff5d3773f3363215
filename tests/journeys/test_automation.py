"""The journey by API: exactly the commands that docs/automation.md shows."""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.journeys.stack import ROOT, Stack, running_portal

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("automation"), pytest.mark.timeout(600)]
PAGE = (ROOT / "docs" / "automation.md").read_text()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_portal(first_start=True) as portal:
        yield portal


def _blocks(language: str) -> str:
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M))


def _environment(stack: Stack) -> dict[str, str]:
    return {**stack.env, "PORTAL": stack.url, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _get(stack: Stack, path: str) -> Any:
    """A GET as the auditor, who reads everything."""
    headers = {"Authorization": f"Bearer {stack.token('auditor', 'read')}"}
    with urllib.request.urlopen(urllib.request.Request(f"{stack.url}/api/v1/{path}", headers=headers)) as answer:
        return json.load(answer)


def _artifact(stack: Stack, uri: str) -> list[str]:
    """The names in the model archive, read from the object store that the run wrote to."""
    environment = json.loads((stack.var / "run" / "environment.json").read_text())
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    store = boto3.client(
        "s3",
        endpoint_url=environment["LOCAL_AWS_URL"],
        aws_access_key_id="local",
        aws_secret_access_key="local",
        region_name="eu-west-1",
    )
    with tarfile.open(fileobj=io.BytesIO(store.get_object(Bucket=bucket, Key=key)["Body"].read())) as archive:
        return archive.getnames()


# Who did what, in the order in which it has to happen. The portal itself has no name.
STORY = [
    ("project.created", "domain"),
    ("team.member_added", "domain"),
    *[("checklist.answered", "domain")] * 8,
    ("project.stage_moved", "domain"),
    ("approval.requested", "domain"),
    ("approval.decided", "lead"),
    ("approval.decided", "sponsor"),
    ("approval.approved", "sponsor"),
    *[("checklist.verdict", "sponsor")] * 8,
    ("project.stage_moved", "sponsor"),
    ("run.launched", "scientist"),
    ("run.succeeded", ""),
]


def _check_the_end(stack: Stack, project: str, *, metric: str, baseline: float, better_is_more: bool) -> None:
    """What the journey has to leave behind: a finished run, a better metric, a cost, an artifact, the whole story."""
    [run] = _get(stack, f"runs/?project={project}")["results"]
    assert (run["state"], run["aws_status"], run["failure"]) == ("succeeded", "Completed", None)
    found = run["metrics"][metric]
    assert found > baseline if better_is_more else found < baseline, "better than the baseline"
    assert Decimal(run["cost"]) > 0
    assert re.fullmatch(r"\d+\.\d{6}", run["cost"]), "six decimals are kept"
    assert Decimal(run["cost"]) <= Decimal(run["worst_case"])
    assert run["billable_seconds"] > 0
    assert _artifact(stack, run["artifact_uri"])
    assert _get(stack, f"projects/{project}/")["stage"] == "poc"
    entries = _get(stack, f"audit/?project={project}&page_size=200")["results"][::-1]
    told = [(entry["action"], entry["actor"]) for entry in entries]
    assert [entry for entry in told if entry in STORY] == STORY
    assert {"run.submitted", "run.started"} & {action for action, _ in told}, "AWS's states are told as far as seen"
    assert all(entry["request_id"] for entry in entries if entry["actor"]), "what people did leads back to a request"


def test_the_curl_commands_of_the_page_lead_from_an_idea_to_a_trained_model(stack: Stack) -> None:
    commands = _blocks("bash").replace("PORTAL=http://127.0.0.1:8000", f"PORTAL={stack.url}")
    script = "set -euo pipefail\n" + commands + '\necho "project $PROJECT"\n'
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=_environment(stack),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    project = done.stdout.splitlines()[-1].split()[1]
    assert re.search(r"^cost [0-9.]+$", done.stdout, re.M)
    assert re.search(r"^s3://coe-local/.*/model\.tar\.gz$", done.stdout, re.M)
    _check_the_end(stack, project, metric="validation:accuracy", baseline=0.89, better_is_more=True)


def test_the_python_program_of_the_page_does_the_same(stack: Stack) -> None:
    people = {"DOMAIN": ("domain", "write"), "SCIENTIST": ("scientist", "write")}
    people |= {"LEAD": ("lead", "decide"), "SPONSOR": ("sponsor", "decide")}
    tokens = {name: stack.token(user, "read", scope) for name, (user, scope) in people.items()}
    done = subprocess.run(
        [sys.executable, "-c", _blocks("python") + '\nprint("project", project["key"])'],
        env={**_environment(stack), **tokens},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    project = done.stdout.splitlines()[-1].split()[1]
    _check_the_end(stack, project, metric="validation:rmse", baseline=77, better_is_more=False)
