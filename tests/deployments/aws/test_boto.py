"""The gateway against an implementation of AWS that others wrote."""

import uuid
from urllib.request import urlopen

import boto3
import pytest

from deployments.aws.boto import open_account, sessions
from deployments.aws.errors import AwsError
from deployments.aws.gateway import AwsAccount
from tests.deployments.aws.conftest import REGION, forget_rates
from tests.deployments.aws.test_validation import SPEC

OWN = AwsAccount("123456789012", REGION)


@pytest.fixture
def bucket(moto: boto3.Session) -> str:
    name = f"b-{uuid.uuid4().hex}"
    moto.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_an_object_is_stored_once_read_listed_linked_and_deleted(bucket: str) -> None:
    objects = open_account(OWN).objects
    assert objects.put_if_absent(bucket, "code/a", b"first") is True
    assert objects.put_if_absent(bucket, "code/a", b"second") is False
    assert objects.get(bucket, "code/a") == b"first" and objects.list_keys(bucket, "code/") == ["code/a"]
    with urlopen(objects.presigned_url(bucket, "code/a")) as answer:
        assert answer.read() == b"first"
    objects.delete(bucket, "code/a")
    assert objects.exists(bucket, "code/a") is False


def test_a_missing_bucket_is_not_found(moto: boto3.Session) -> None:
    with pytest.raises(AwsError) as caught:
        open_account(OWN).objects.bucket_region("there-is-no-such-bucket")
    assert caught.value.kind == "not_found"


def test_a_queue_is_emptied(moto: boto3.Session) -> None:
    sqs = moto.client("sqs")
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex}")["QueueUrl"]
    for number in range(13):
        sqs.send_message(QueueUrl=url, MessageBody=f"m{number}")
    queue = open_account(OWN).queue(url)
    bodies: list[str] = []
    while messages := queue.receive(wait_seconds=0):
        bodies += [message.body for message in messages]
        queue.delete(messages)
    assert len(bodies) == 13 and queue.waiting() == 0


def test_a_training_job_is_created_described_and_missing_ones_are_not_found(moto: boto3.Session, bucket: str) -> None:
    training = open_account(OWN).training
    assert training.create(SPEC).endswith(SPEC.name)
    seen = training.describe(SPEC.name, with_tags=True)
    assert (seen.name, seen.complete, seen.tags["portal"]) == (SPEC.name, True, "coe") and seen.status
    forget_rates()  # so that the portal's own limit does not answer first
    with pytest.raises(AwsError) as caught:
        training.describe("there-is-none")
    assert caught.value.kind == "not_found"


def test_a_role_is_assumed_with_the_actor_in_the_session_name(moto: boto3.Session) -> None:
    account = AwsAccount("111122223333", REGION, "arn:aws:iam::111122223333:role/coe-portal", "secret-id", "scientist")
    assert open_account(account).identity.account_id() == "111122223333"
    arn = sessions.client(account, "sts").get_caller_identity()["Arn"]
    assert arn.endswith("coe-portal/coe-portal-scientist")


def test_the_session_name_is_one_that_sts_accepts() -> None:
    assert sessions.session_name("") == "coe-portal"
    assert sessions.session_name("jürgen müller/x") == "coe-portal-j-rgen-m-ller-x"
    assert len(sessions.session_name("x" * 200)) == 64


def test_nobody_listening_is_a_transient_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    sessions.forget()
    try:
        with pytest.raises(AwsError) as caught:
            open_account(OWN).training.create(SPEC)
        assert caught.value.kind == "transient"
    finally:
        sessions.forget()


def test_a_clients_account_is_its_own(moto: boto3.Session) -> None:
    assert sessions.client(OWN, "sqs") is sessions.client(OWN, "sqs")
    assert sessions.client(OWN, "sqs") is not sessions.client(AwsAccount("123456789012", "us-east-1"), "sqs")
