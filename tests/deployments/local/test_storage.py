"""S3, STS and SQS as boto3 sees them."""

import urllib.request

import pytest
from botocore.exceptions import ClientError

from tests.deployments.local.conftest import BUCKET, LocalAws, Start


def test_objects_are_kept_listed_read_in_parts_and_removed(aws: LocalAws) -> None:
    s3 = aws.client("s3")
    for key in ("a/1.txt", "a/ü 2.txt", "a/../3.txt", "b.txt"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode(), ContentType="text/plain")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="a/")
    assert sorted(item["Key"] for item in listed["Contents"]) == ["a/../3.txt", "a/1.txt", "a/ü 2.txt"]
    part = s3.get_object(Bucket=BUCKET, Key="a/1.txt", Range="bytes=2-4")
    assert (part["Body"].read(), part["ContentType"]) == (b"1.t", "text/plain")
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "b.txt"}]})
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=BUCKET, Key="b.txt")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_pages_of_a_listing_follow_each_other(aws: LocalAws) -> None:
    s3 = aws.client("s3")
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"k{number}", Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
    assert [item["Key"] for page in pages for item in page["Contents"]] == [f"k{number}" for number in range(5)]


def test_put_if_absent_refuses_a_second_time(aws: LocalAws) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="once", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=BUCKET, Key="once", Body=b"2", IfNoneMatch="*")


def test_a_signed_address_downloads_the_object(aws: LocalAws) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=b"model")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "model.tar.gz"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"model"


@pytest.mark.parametrize(("bucket", "code"), [("no-such-bucket", "NoSuchBucket")])
def test_missing_buckets_and_keys_have_amazons_codes(aws: LocalAws, bucket: str, code: str) -> None:
    with pytest.raises(ClientError, match=code):
        aws.client("s3").get_object(Bucket=bucket, Key="x")
    with pytest.raises(ClientError, match="NoSuchKey"):
        aws.client("s3").get_object(Bucket=BUCKET, Key="x")


def test_an_assumed_role_acts_in_its_own_account(aws: LocalAws) -> None:
    sts = aws.client("sts")
    assert sts.get_caller_identity()["Account"] == "000000000000"
    keys = sts.assume_role(RoleArn="arn:aws:iam::111122223333:role/coe", RoleSessionName="portal", ExternalId="ab12")
    there = aws.client("sts", keys["Credentials"]["AccessKeyId"])
    assert there.get_caller_identity()["Account"] == "111122223333"


def test_a_role_session_name_that_aws_refuses_is_refused(aws: LocalAws) -> None:
    with pytest.raises(ClientError, match="roleSessionName"):
        aws.client("sts").assume_role(RoleArn="arn:aws:iam::111122223333:role/coe", RoleSessionName="not allowed!")


def test_messages_survive_a_restart_and_unknown_queues_are_named(start: Start) -> None:
    aws = start()
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="mine")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    aws.stop()
    again = start().client("sqs")
    url = again.get_queue_url(QueueName="mine")["QueueUrl"]
    [message] = again.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"
    again.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": message["ReceiptHandle"]}])
    attributes = again.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"
    with pytest.raises(again.exceptions.QueueDoesNotExist):
        again.get_queue_url(QueueName="nobody")
