"""The cache that sign-in limits and throttles use: Redis, and while that is away this process's own memory.

So a lost or hanging Redis keeps nobody from signing in, and limits still hold, though each process counts for itself.
"""

import time
from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
ASK_AGAIN_AFTER = 5.0


class Absence:
    """Until when Redis is not asked; known to all threads of a process, so that one of them waits and not all."""

    until = 0.0


class ResilientRedisCache(RedisCache):
    """Django's Redis cache that falls back to memory, for some seconds at a time."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, dict(params))
        self._memory = LocMemCache("while redis is away", {"KEY_PREFIX": params.get("KEY_PREFIX", "")})

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return bool(self._ask("add", key, value, timeout=timeout, version=version))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._ask("get", key, default, version=version)

    def get_many(self, keys: Any, version: Any = None) -> Any:
        return self._ask("get_many", keys, version=version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        self._ask("set", key, value, timeout=timeout, version=version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return bool(self._ask("touch", key, timeout=timeout, version=version))

    def delete(self, key: Any, version: Any = None) -> bool:
        return bool(self._ask("delete", key, version=version))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        return int(self._ask("incr", key, delta, version=version))

    def _ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= Absence.until:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except RedisError as error:
                Absence.until = time.monotonic() + ASK_AGAIN_AFTER
                log.warning("redis_unreachable", error=str(error), consequence="limits count for each process")
        return getattr(self._memory, name)(*args, **kwargs)
