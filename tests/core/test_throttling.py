"""The ceiling on requests."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from coe_portal.core.api.throttling import PerCallerThrottle
from coe_portal.core.cache import Absence
from coe_portal.core.models import User
from tests.core.conftest import bearer

pytestmark = pytest.mark.django_db
NOON = datetime(2031, 5, 6, 12, 0, 40, tzinfo=UTC)


@pytest.fixture
def three_a_minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(PerCallerThrottle, "THROTTLE_RATES", {"caller": "3/min"})
    monkeypatch.setattr(PerCallerThrottle, "timer", staticmethod(lambda: datetime.now(UTC).timestamp()))
    cache.clear()
    yield
    cache.clear()


@pytest.mark.usefixtures("three_a_minute")
def test_the_request_beyond_the_ceiling_waits_for_the_next_minute(client: Client, ada: User, lead: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        adas, leads = bearer(ada), bearer(lead)
        statuses = [client.get("/api/v1/me/", headers=adas).status_code for _ in range(3)]
        refused = client.get("/api/v1/me/", headers=adas)
        assert statuses == [200, 200, 200] and refused.status_code == 429
        assert 20 <= int(refused["Retry-After"]) <= 21 and refused.json()["code"] == "throttled"
        assert client.get("/api/v1/me/", headers=leads).status_code == 200
        clock.shift(20)
        assert client.get("/api/v1/me/", headers=adas).status_code == 200


@pytest.mark.usefixtures("three_a_minute")
def test_while_redis_is_away_each_process_counts_for_itself(
    client: Client, ada: User, settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer(ada)
    monkeypatch.setattr(Absence, "until", 0.0)
    elsewhere = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": elsewhere}
    assert [client.get("/api/v1/me/", headers=headers).status_code for _ in range(4)] == [200, 200, 200, 429]
