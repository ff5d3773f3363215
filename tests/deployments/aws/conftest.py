"""Another implementation of AWS's protocols: moto's server, over HTTP."""

from collections.abc import Iterator

import boto3
import pytest
import redis
from django.conf import settings
from moto.server import ThreadedMotoServer

from deployments.aws.boto import sessions

REGION = "eu-west-1"


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Point boto3 to it; the session is the tests' own look at what is there."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    sessions.forget()
    forget_rates()
    yield boto3.Session(region_name=REGION)
    sessions.forget()


@pytest.fixture
def rates() -> Iterator[None]:
    forget_rates()
    yield
    forget_rates()


def forget_rates() -> None:
    server = redis.Redis.from_url(settings.REDIS_URL)
    for key in server.scan_iter("coe:aws-rate:*"):
        server.delete(key)
