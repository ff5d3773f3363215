"""Faults and limits on purpose."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.deployments.local.conftest import QUEUE, LocalAws, Start
from tests.deployments.local.jobs import finished, job_request


def code_of(call: Callable[[], Any]) -> str:
    """The error code that the call ends with; empty for a success."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.fixture
def simulated(start: Start) -> LocalAws:
    return start("--simulate", "0.3")


@pytest.mark.parametrize(
    ("switch", "code"),
    [
        ({"throttle_rate": 1}, "ThrottlingException"),
        ({"error_rate": 1}, "InternalFailure"),
        ({"failing": "Search,DescribeTrainingJob"}, "InternalFailure"),
        ({"lacking": "DescribeTrainingJob"}, "UnknownOperationException"),
        ({"denying": "Search,DescribeTrainingJob"}, "AccessDeniedException"),
        ({}, "ValidationException"),
    ],
)
def test_calls_fail_as_the_switch_says(simulated: LocalAws, switch: dict[str, Any], code: str) -> None:
    simulated.control(**switch)
    assert code_of(lambda: simulated.client("sagemaker").describe_training_job(TrainingJobName="none")) == code


def test_a_reset_connection_carried_nothing_out(simulated: LocalAws) -> None:
    request = job_request(simulated, "job-1")
    simulated.control(reset_rate=1)
    with pytest.raises(ConnectionClosedError):
        simulated.client("sagemaker").create_training_job(**request)
    simulated.control(reset_rate=0)
    assert simulated.client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []


def test_capacity_errors_are_a_quota_as_aws_words_it(simulated: LocalAws) -> None:
    request = job_request(simulated, "job-1")
    simulated.control(capacity_error_rate=1)
    client = simulated.client("sagemaker")
    with pytest.raises(client.exceptions.ResourceLimitExceeded, match="account-level service limit"):
        client.create_training_job(**request)


def test_latency_is_added_to_every_call(simulated: LocalAws) -> None:
    simulated.control(latency_ms=300)
    began = time.monotonic()
    simulated.client("sagemaker").list_training_jobs()
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    ("call", "a_second"),
    [
        (lambda client: client.describe_training_job(TrainingJobName="job-1"), 10),
        (lambda client: client.list_training_jobs(), 2),
        (lambda client: client.search(Resource="TrainingJob"), 2),
    ],
)
def test_the_rates_of_aws_hold_for_each_family(start: Start, call: Callable[[Any], Any], a_second: int) -> None:
    aws = start("--simulate", "60", "--limits", "aws_like")
    client = aws.client("sagemaker")
    client.create_training_job(**job_request(aws, "job-1"))
    began, granted = time.monotonic(), 0
    while time.monotonic() - began < 2:
        granted += code_of(lambda: call(client)) == ""
    assert a_second * 2 <= granted <= a_second * 3 + 1


def test_the_rates_hold_for_each_account_and_region_apart(start: Start) -> None:
    aws = start("--limits", "aws_like")
    clients = [aws.client("sagemaker"), aws.client("sagemaker", key="ASIA111122223333AAAA")]
    assert [code_of(client.list_training_jobs) for client in clients for _ in range(2)] == ["", "", "", ""]


def events(aws: LocalAws) -> list[dict[str, Any]]:
    """Everything on the queue, in order of arrival."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=3).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    return found


def statuses(found: list[dict[str, Any]]) -> list[str]:
    return [event["detail"]["SecondaryStatus"] for event in found]


ALL = ["Starting", "Downloading", "Training", "Uploading", "Completed"]


def test_doubled_events_have_the_same_id(simulated: LocalAws) -> None:
    simulated.control(duplicate_event_rate=1)
    simulated.client("sagemaker").create_training_job(**job_request(simulated, "job-1"))
    finished(simulated, "job-1")
    found = events(simulated)
    assert len(found) == 10 and len({event["id"] for event in found}) == 5


def test_dropped_events_never_come(simulated: LocalAws) -> None:
    simulated.control(drop_event_rate=1)
    simulated.client("sagemaker").create_training_job(**job_request(simulated, "job-1"))
    finished(simulated, "job-1")
    assert events(simulated) == []


def test_reordered_events_overtake_each_other_and_none_is_lost(simulated: LocalAws) -> None:
    simulated.control(reorder_event_rate=0.6)
    for number in range(4):
        simulated.client("sagemaker").create_training_job(**job_request(simulated, f"job-{number}"))
    for number in range(4):
        finished(simulated, f"job-{number}")
    found = events(simulated)
    of_each = [statuses([e for e in found if e["detail"]["TrainingJobName"] == f"job-{n}"]) for n in range(4)]
    assert all(sorted(seen) == sorted(ALL) for seen in of_each) and any(seen != ALL for seen in of_each)


def test_numbers_come_as_text_when_switched_on(simulated: LocalAws) -> None:
    simulated.control(text_number_rate=1)
    simulated.client("sagemaker").create_training_job(**job_request(simulated, "job-1"))
    finished(simulated, "job-1")
    assert all(isinstance(event["detail"]["LastModifiedTime"], str) for event in events(simulated))


def test_simulated_jobs_end_after_the_time_that_is_set_and_fail_when_told(simulated: LocalAws) -> None:
    simulated.control(simulate=1.0, simulate_failures=1)
    began = time.monotonic()
    simulated.client("sagemaker").create_training_job(**job_request(simulated, "job-1"))
    job = finished(simulated, "job-1")
    assert 0.9 <= time.monotonic() - began < 5 and job["FailureReason"].startswith("AlgorithmError")


def test_a_switch_that_does_not_exist_is_refused_with_those_that_do(simulated: LocalAws) -> None:
    with pytest.raises(Exception, match="400"):
        simulated.control(throttle=1)
