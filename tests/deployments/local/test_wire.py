"""One loopback port for every service: who is let in, and how what is missing is told."""

import socket
import urllib.error
import urllib.request
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from deployments.local import model
from tests.deployments.local.conftest import BUCKET, QUEUE, LocalAws, Start
from tests.deployments.local.jobs import job_request


def test_nobody_but_this_machine_reaches_it(aws: LocalAws) -> None:
    port = int(aws.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        pass
    with socket.socket() as outside, pytest.raises(OSError, match=r"refused|unreachable|assign"):
        outside.settimeout(2)
        outside.connect(("127.0.0.2", port))


@pytest.mark.parametrize("headers", [{"Host": "rebound.example:80"}, {"Origin": "https://somewhere.example"}])
def test_a_page_in_a_browser_is_turned_away(aws: LocalAws, headers: dict[str, str]) -> None:
    request = urllib.request.Request(f"{aws.url}/_local/control", b"{}", headers, method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 403


@pytest.mark.parametrize(
    ("service", "operation", "params", "named"),
    [
        ("sagemaker", "create_model", {"ModelName": "not checked_first", "ExecutionRoleArn": "x" * 20}, "CreateModel"),
        ("sagemaker", "list_endpoints", {}, "ListEndpoints"),
        ("sqs", "send_message_batch", {"QueueUrl": "x", "Entries": []}, "SendMessageBatch"),
        ("logs", "describe_metric_filters", {}, "DescribeMetricFilters"),
        ("sts", "get_session_token", {}, "GetSessionToken"),
        ("s3", "create_multipart_upload", {"Bucket": BUCKET, "Key": "k"}, "POST uploads"),
        ("s3", "get_bucket_policy", {"Bucket": BUCKET}, "GET policy"),
        ("events", "put_events", {"Entries": [{}]}, "events"),
        ("cloudwatch", "list_dashboards", {}, "monitoring"),
    ],
)
def test_an_operation_or_service_that_is_missing_is_named_in_an_aws_error(
    aws: LocalAws, service: str, operation: str, params: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError, match=named) as caught:
        getattr(aws.client(service), operation)(**params)
    assert caught.value.response["Error"]["Code"] in (
        "UnknownOperationException", "NotImplemented", "InvalidAction", "UnknownOperation",
    )  # fmt: skip


def test_a_name_is_unique_within_an_account_and_region_only(start: Start) -> None:
    aws = start("--simulate", "60")
    request = job_request(aws, "job-1")
    here, there = aws.client("sagemaker"), aws.client("sagemaker", key="ASIA111122223333AAAA")
    here.create_training_job(**request)
    there.create_training_job(**request)
    with pytest.raises(there.exceptions.ResourceInUse):
        there.create_training_job(**request)
    there.stop_training_job(TrainingJobName="job-1")
    assert here.describe_training_job(TrainingJobName="job-1")["TrainingJobStatus"] == "InProgress"
    aws.stop()
    again = start("--simulate", "60")
    assert len(again.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"Tags": [{"Key": "k", "Value": "a\tb"}]}, "tags.1.member.value"),
        ({"Tags": [{"Key": "aws:k", "Value": "b"}]}, "reserved"),
        ({"HyperParameters": {"k": "two\nlines"}}, "hyperParameters.k.member"),
        ({"HyperParameters": {str(n): "1" for n in range(101)}}, "hyperParameters"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 28 * 86_400 + 1}}, "28 days"),
        ({"OutputDataConfig": {"S3OutputPath": "here"}}, "s3OutputPath"),
        ({"CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/{'x' * 1024}"}}, "checkpointConfig.s3Uri"),
        (
            {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 0, "VolumeSizeInGB": 5}},
            "InstanceCount",
        ),
        ({"AlgorithmSpecification": {"TrainingImage": "x", "TrainingInputMode": "Teleport"}}, "enum value set"),
        ({"RoleArn": "arn:aws:iam::\u0661\u0661\u0661122223333:role/x"}, "roleArn"),
    ],
)
def test_requests_that_aws_refuses_are_refused_field_by_field(
    aws: LocalAws, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ClientError, match=sentence) as caught:
        aws.client("sagemaker").create_training_job(**(job_request(aws, "job-1") | change))
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_search_that_compares_the_incomparable_is_refused(start: Start) -> None:
    aws = start("--simulate", "60")
    client = aws.client("sagemaker")
    client.create_training_job(**job_request(aws, "job-1"))
    filters = [{"Name": "CreationTime", "Operator": "GreaterThan", "Value": "yesterday"}]
    with pytest.raises(ClientError, match="cannot be compared"):
        client.search(Resource="TrainingJob", SearchExpression={"Filters": filters})


def test_a_batch_with_the_same_id_twice_is_refused(aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    with pytest.raises(ClientError, match="same Id"):
        sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": "x"}] * 2)


def test_every_pattern_of_the_operations_that_are_here_is_checked() -> None:
    sagemaker = botocore.session.get_session().get_service_model("sagemaker")
    from deployments.local.sagemaker import training
    from deployments.local.sagemaker.service import OPERATIONS

    assert training.create in OPERATIONS.values()
    for name in OPERATIONS:
        for pattern in _patterns(sagemaker.operation_model(name).input_shape, frozenset()):
            assert model._pattern(pattern) is not None, f"{name}: {pattern}"


def _patterns(shape: Any, seen: frozenset[str]) -> set[str]:
    if shape is None or shape.name in seen:
        return set()
    inner = [getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)]
    inner += list(getattr(shape, "members", {}).values())
    own = {pattern} if (pattern := shape.metadata.get("pattern")) else set()
    return own.union(*(_patterns(each, seen | {shape.name}) for each in inner))
