"""The journey by API: exactly the commands that docs/automation.md shows."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.stack import ROOT, Stack, running_portal

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("automation")]
PAGE = (ROOT / "docs" / "automation.md").read_text()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_portal() as portal:
        yield portal


def _blocks(language: str) -> str:
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M))


def _environment(stack: Stack) -> dict[str, str]:
    return {**stack.env, "PORTAL": stack.url, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _audit(stack: Stack, project: str) -> set[str]:
    token = stack.token("auditor", "read")
    request = urllib.request.Request(
        f"{stack.url}/api/v1/audit/?project={project}&page_size=200", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request) as answer:
        return {entry["action"] for entry in json.load(answer)["results"]}


WHOLE_STORY = {
    "project.created",
    "team.member_added",
    "checklist.answered",
    "project.stage_moved",
    "approval.requested",
    "approval.decided",
    "approval.approved",
    "checklist.verdict",
    "run.launched",
}


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
    said = done.stdout
    accuracy = re.search(r"'validation:accuracy': ([0-9.]+)", said)
    cost = re.search(r"^cost ([0-9.]+)$", said, re.M)
    assert accuracy is not None
    assert cost is not None
    assert float(accuracy[1]) > 0.89, "better than the baseline"
    assert float(cost[1]) > 0
    assert re.search(r"^s3://coe-local/.*/model\.tar\.gz$", said, re.M)
    project = said.splitlines()[-1].split()[1]
    assert _audit(stack, project) >= WHOLE_STORY


def test_the_python_program_of_the_page_does_the_same(stack: Stack) -> None:
    people = {"DOMAIN": ("domain", "write"), "SCIENTIST": ("scientist", "write")}
    people |= {"LEAD": ("lead", "decide"), "SPONSOR": ("sponsor", "decide")}
    tokens = {name: stack.token(user, "read", scope) for name, (user, scope) in people.items()}
    done = subprocess.run(
        [sys.executable, "-c", _blocks("python")],
        env={**_environment(stack), **tokens},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rmse = re.search(r"'validation:rmse': ([0-9.]+)", done.stdout)
    assert rmse is not None
    assert float(rmse[1]) < 77, "better than the baseline"
