"""The servers that tests get: what one worker of pytest does is not seen by another."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coe_portal.launcher.pytest_plugin import database_of_worker


@pytest.mark.parametrize(
    ("given", "worker", "expected"),
    [
        ("redis://:secret@127.0.0.1:6379/0", "", "redis://:secret@127.0.0.1:6379/0"),
        ("redis://:secret@127.0.0.1:6379/0", "gw0", "redis://:secret@127.0.0.1:6379/1"),
        ("rediss://cache.example.org:6379", "gw1", "rediss://cache.example.org:6379/2"),
        ("redis://127.0.0.1/0?health_check_interval=2", "gw1", "redis://127.0.0.1/2?health_check_interval=2"),
        ("unix:///run/redis.sock?db=0", "gw2", "unix:///run/redis.sock?db=3"),
        ("redis://127.0.0.1/0", "gw15", "redis://127.0.0.1/1"),
    ],
)
def test_a_worker_has_a_redis_database_of_its_own(given: str, worker: str, expected: str) -> None:
    assert database_of_worker(given, worker) == expected


def test_this_worker_has_its_own() -> None:
    worker, own = os.environ.get("PYTEST_XDIST_WORKER", ""), os.environ["REDIS_URL"]
    assert database_of_worker(own, worker) == own


GROUPED = """
import os, pytest
@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("number", range(6))
def test_which_worker(number):
    with open("workers", "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
"""


def test_tests_that_share_a_portal_run_in_one_worker(tmp_path: Path) -> None:
    """Else each worker starts that portal again; pytest 9.2 did so silently."""
    (tmp_path / "test_grouped.py").write_text(GROUPED)
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-p", "no:django", "test_grouped.py"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
    done = subprocess.run(command, cwd=tmp_path, env=plain, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = (tmp_path / "workers").read_text().split()
    assert len(ran) == 6 and len(set(ran)) == 1
