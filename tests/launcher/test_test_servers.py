"""The servers that tests get: what one worker of pytest does is not seen by another."""

import os

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
