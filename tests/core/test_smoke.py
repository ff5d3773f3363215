"""The smallest proof that the portal answers."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_ready_when_database_and_redis_work(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "database": "ok", "redis": "ok"})


def test_the_api_asks_a_stranger_to_sign_in(client: Client) -> None:
    answer = client.get("/api/v1/me/")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"


def test_a_page_sends_a_stranger_to_sign_in(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("probe", ["/healthz", "/readyz"])
def test_a_probe_is_answered_whatever_host_name_it_uses(client: Client, probe: str) -> None:
    assert client.get(probe, headers={"Host": "10.0.0.7:8000"}).status_code == 200
