"""The rate limit that all processes share."""

import threading

import pytest
import redis
from django.conf import settings

from deployments.aws.boto import limits

pytestmark = pytest.mark.usefixtures("rates")


@pytest.fixture(autouse=True)
def two_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.AWS_RATES, "create", 2.0)


def test_a_second_call_at_once_is_told_how_long_to_wait() -> None:
    assert limits.take("1", "r", "create") == 0
    assert 0 < limits.take("1", "r", "create") <= 0.5
    assert limits.take("2", "r", "create") == 0
    assert limits.take("1", "other", "create") == 0


def test_twenty_at_the_same_instant_get_one_call_between_them() -> None:
    granted: list[float] = []
    threads = [threading.Thread(target=lambda: granted.append(limits.take("3", "r", "create"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted.count(0) == 1


def test_throttling_halves_the_rate_down_to_a_floor() -> None:
    limits.take("4", "r", "create")
    limits.throttled("4", "r", "create")
    assert 0.9 < limits.take("4", "r", "create") <= 1.0
    server = redis.Redis.from_url(settings.REDIS_URL)
    key = "coe:aws-rate:4:r:create"
    for _ in range(6):
        server.hset(key, "cut", "0")
        server.hset(key, "share", str(limits.LEAST_SHARE))
        limits.throttled("4", "r", "create")
    assert float(server.hget(key, "share")) >= limits.LEAST_SHARE  # type: ignore[arg-type]


def test_without_redis_nothing_is_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_redis", lambda: redis.Redis(host="127.0.0.1", port=9, socket_connect_timeout=1))
    assert limits.take("5", "r", "create") == limits.WITHOUT_REDIS
    limits.throttled("5", "r", "create")
