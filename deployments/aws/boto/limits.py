"""A rate limit that all processes share: one token bucket in Redis per account, region and family of calls.

AWS limits SageMaker's control plane per account and region. The bucket refills at the configured rate; when AWS
throttles all the same, the rate is halved, and it recovers by 10 % of the configured rate in each quiet minute
(additive increase, multiplicative decrease). Nothing waits here: callers get the seconds after which to come back.
"""

from functools import lru_cache

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

_KEEP_SECONDS = 3600
LEAST_SHARE = 0.1
WITHOUT_REDIS = 1.0

# Returns the microseconds to wait; 0 when a token was taken. Redis's own clock, so machines need not agree.
_TAKE = """
local now = redis.call('TIME'); now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local rate, burst, keep = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local row = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'share', 'cut')
local share = tonumber(row[3]) or 1
if share < 1 and row[4] then share = math.min(1, share + 0.1 * (now - tonumber(row[4])) / 60) end
rate = rate * share
local tokens = math.min(burst, (tonumber(row[1]) or burst) + math.max(0, now - (tonumber(row[2]) or now)) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], keep)
return math.ceil(wait * 1000000)
"""
_CUT = """
local now = redis.call('TIME'); now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local row = redis.call('HMGET', KEYS[1], 'share', 'cut')
if row[2] and now - tonumber(row[2]) < 1 then return 0 end
local share = tonumber(row[1]) or 1
if row[2] then share = math.min(1, share + 0.1 * (now - tonumber(row[2])) / 60) end
share = math.max(tonumber(ARGV[1]), share / 2)
redis.call('HSET', KEYS[1], 'share', tostring(share), 'cut', tostring(now), 'tokens', '0')
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[2]))
return 1
"""


@lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=2)


def take(account_id: str, region: str, family: str) -> float:
    """Take one call of a family (create, describe, search, list, stop). 0 when granted, else the seconds to wait."""
    rate = settings.AWS_RATES[family]
    burst = max(1.0, rate / 10)
    try:
        return float(_redis().eval(_TAKE, 1, _key(account_id, region, family), rate, burst, _KEEP_SECONDS)) / 1e6
    except redis.RedisError as error:
        log.warning("rate_limit_unreachable", error=str(error), consequence="no AWS calls until Redis answers")
        return WITHOUT_REDIS


def throttled(account_id: str, region: str, family: str) -> None:
    """AWS said that it was too much: halve the rate, at most once a second."""
    try:
        _redis().eval(_CUT, 1, _key(account_id, region, family), LEAST_SHARE, _KEEP_SECONDS)
    except redis.RedisError as error:
        log.warning("rate_limit_unreachable", error=str(error), consequence="the rate was not lowered")


def _key(account_id: str, region: str, family: str) -> str:
    return f"coe:aws-rate:{account_id}:{region}:{family}"
