"""Sign-in limits and throttles while Redis is away."""

import time
from collections.abc import Iterator

import pytest

from coe_portal.core.cache import Absence, ResilientRedisCache

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def cache() -> Iterator[ResilientRedisCache]:
    cache = ResilientRedisCache(NOWHERE, {"KEY_PREFIX": "test-away", "OPTIONS": {"socket_connect_timeout": 1}})
    yield cache
    cache._memory.clear()
    Absence.until = 0.0


def test_without_redis_a_process_still_counts(cache: ResilientRedisCache) -> None:
    assert cache.get("tries", []) == []
    cache.set("tries", [1])
    assert cache.get("tries") == [1]
    assert cache.add("lock", True, timeout=5)
    assert not cache.add("lock", True, timeout=5)
    cache.set("count", 1)
    assert cache.incr("count") == 2
    assert cache.touch("count", 5)
    assert cache.delete("lock")


def test_redis_is_asked_again_after_some_seconds_and_not_before(
    cache: ResilientRedisCache, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    cache.set("tries", [1])
    monkeypatch.setattr(cache, "_servers", [settings.REDIS_URL])  # type: ignore[attr-defined]
    cache.__dict__.pop("_cache", None)
    assert cache.get("tries") == [1], "still from memory"
    Absence.until = time.monotonic()
    assert cache.get("tries") is None, "Redis has never heard of it"
