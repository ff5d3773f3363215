"""``AWS=external ./portal up`` on an AWS that others wrote: slow, with AWS's rates, and with faults of every kind."""

import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.deployments.aws.proxy import Faults, Proxy
from tests.journeys.stack import Stack, running_portal

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("external"), pytest.mark.timeout(400)]
REGION, ACCOUNT, BUCKET, QUEUE = "eu-west-1", "123456789012", "coe-external-journey", "coe-portal-events"
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    url = f"http://{host}:{port}"
    place = {"LocationConstraint": REGION}
    boto3.client("s3", endpoint_url=url, **KEYS).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    boto3.client("sqs", endpoint_url=url, **KEYS).create_queue(QueueName=QUEUE)
    between = Proxy(url)
    yield between
    between.close()
    moto.stop()


@pytest.fixture(scope="module")
def stack(proxy: Proxy) -> Iterator[Stack]:
    given = {
        "AWS": "external",
        "AWS_ENDPOINT_URL": proxy.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "COE_EXTERNAL_BUCKET": BUCKET,
        "COE_EXTERNAL_EXECUTION_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/sagemaker-execution",
        "COE_EXTERNAL_QUEUE_URL": f"{proxy.url}/{ACCOUNT}/{QUEUE}",
    }
    with running_portal(**given) as portal:
        yield portal


def _api(stack: Stack, token: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{stack.url}/api/v1/{path}", data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _until(look: Any, done: Any, patience: float) -> Any:
    end = time.monotonic() + patience
    while True:
        with contextlib.suppress(OSError):
            seen = look()
            if done(seen):
                return seen
        assert time.monotonic() < end, seen
        time.sleep(1)


def test_the_journey_on_another_aws_ends_with_a_model_and_a_bill(stack: Stack, proxy: Proxy) -> None:
    lead, scientist = stack.token("lead", "read", "write"), stack.token("scientist", "read", "write")
    [place] = [each for each in _api(stack, lead, "environments/")["results"] if each["name"] == "external"]
    _api(stack, lead, f"environments/{place['id']}/check/", {})
    checked = _until(lambda: _api(stack, lead, f"environments/{place['id']}/"), lambda seen: seen["check"]["at"], 60)
    assert {item["code"]: item["ok"] for item in checked["check"]["items"]} == {
        "identity": True, "bucket": True, "queue": True, "sagemaker": True,
    }  # fmt: skip

    proxy.faults = Faults(latency=0.1, throttled=0.1, broken=0.1, reset=0.1, truncated=0.1, limits=True)
    proxy.faults.lost = {"CreateTrainingJob"}
    wish = {"project": "PRJ-1", "environment": "external", "template": "tabular-classifier", "instance_count": 1}
    runs = [_api(stack, scientist, "runs/", wish | {"note": f"run {number}"})["id"] for number in range(3)]
    for run in runs:
        seen = _until(
            lambda run=run: _api(stack, scientist, f"runs/{run}/"),
            lambda seen: seen["state"] in ("succeeded", "failed", "stopped", "lost") and seen["cost"] is not None,
            240,
        )
        assert (seen["state"], seen["failure"]) == ("succeeded", None)
        assert seen["artifact_uri"].startswith(f"s3://{BUCKET}/")
    assert proxy.struck.total() > 0 and proxy.refused == []
