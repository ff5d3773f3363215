"""Training jobs as boto3 sees them: real scripts, AWS's states, AWS's refusals."""

import io
import json
import tarfile
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.deployments.local.conftest import BUCKET, QUEUE, LocalAws, Start
from tests.deployments.local.jobs import finished, job_request, states


def test_a_script_is_really_run_and_leaves_metrics_logs_and_a_model(aws: LocalAws) -> None:
    aws.client("s3").put_object(Bucket=BUCKET, Key="data/train/data.csv", Body=b"a\nb\nc\n")
    channel = {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data/train"}},
    }
    aws.client("sagemaker").create_training_job(
        **job_request(aws, "job-1", HyperParameters={"epochs": "3"}, InputDataConfig=[channel])
    )
    job = finished(aws, "job-1")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert states(job) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert [(metric["MetricName"], round(metric["Value"], 2)) for metric in job["FinalMetricDataList"]] == [
        ("accuracy", 0.7)
    ]
    assert job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"] >= 1
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    model = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(model)) as archive:
        assert archive.getnames() == ["model.json"]
    logs = aws.client("logs")
    [stream] = logs.describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="job-1/")[
        "logStreams"
    ]
    lines = logs.get_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    assert lines[0]["message"] == "epoch=1; accuracy=0.50; rows=3"


def test_a_failing_script_says_why(aws: LocalAws) -> None:
    aws.client("sagemaker").create_training_job(
        **job_request(aws, "job-1", HyperParameters={"fail": "the labels are empty"})
    )
    job = finished(aws, "job-1")
    assert (job["TrainingJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: the labels are empty, exit code: 3",
    )


def test_a_stopped_job_keeps_what_it_had_and_cannot_be_stopped_again(aws: LocalAws) -> None:
    client = aws.client("sagemaker")
    client.create_training_job(**job_request(aws, "job-1", HyperParameters={"seconds": "60"}))
    while client.describe_training_job(TrainingJobName="job-1")["SecondaryStatus"] != "Training":
        time.sleep(0.1)
    time.sleep(0.5)
    client.stop_training_job(TrainingJobName="job-1")
    job = finished(aws, "job-1")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    with pytest.raises(ClientError, match="because the training job is in status Stopped"):
        client.stop_training_job(TrainingJobName="job-1")


def test_the_longest_run_time_is_enforced_and_the_model_kept(aws: LocalAws) -> None:
    spec = job_request(aws, "job-1", HyperParameters={"seconds": "60"}, StoppingCondition={"MaxRuntimeInSeconds": 1})
    aws.client("sagemaker").create_training_job(**spec)
    job = finished(aws, "job-1")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith("model.tar.gz")


def test_a_reclaimed_spot_job_goes_on_and_costs_less(aws: LocalAws) -> None:
    aws.control(spot_interrupt_rate=1)
    spec = job_request(
        aws,
        "job-1",
        HyperParameters={"seconds": "4"},
        EnableManagedSpotTraining=True,
        StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
    )
    aws.client("sagemaker").create_training_job(**spec)
    job = finished(aws, "job-1")
    assert states(job)[2:7] == ["Training", "Interrupted", "Starting", "Downloading", "Training"]
    assert job["TrainingJobStatus"] == "Completed"
    assert job["BillableTimeInSeconds"] < job["TrainingTimeInSeconds"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"TrainingJobName": "bad_name"},
            "at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular",
        ),
        ({"TrainingJobName": "x" * 64}, "Member must have length less than or equal to 63"),
        (
            {"ResourceConfig": {"InstanceType": "ml.huge", "InstanceCount": 1, "VolumeSizeInGB": 5}},
            "Member must satisfy enum",
        ),
        ({"RoleArn": "arn:aws:s3:::not-a-role-at-all"}, "Member must satisfy regular|not the ARN"),
        ({"EnableManagedSpotTraining": True}, "Invalid MaxWaitTimeInSeconds"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "Duplicate tag keys"),
        ({"HyperParameters": {"a": "x" * 2501}}, "length less than or equal to 2500"),
    ],
)
def test_what_aws_refuses_is_refused(aws: LocalAws, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ClientError, match=sentence) as caught:
        aws.client("sagemaker").create_training_job(**(job_request(aws, "job-1") | change))
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_name_is_used_once_and_missing_jobs_are_told_as_aws_tells_it(aws: LocalAws) -> None:
    client = aws.client("sagemaker")
    client.create_training_job(**job_request(aws, "job-1"))
    with pytest.raises(client.exceptions.ResourceInUse):
        client.create_training_job(**job_request(aws, "job-1"))
    with pytest.raises(ClientError, match="Requested resource not found"):
        client.describe_training_job(TrainingJobName="job-2")


def test_an_operation_that_is_missing_is_named(aws: LocalAws) -> None:
    with pytest.raises(ClientError, match="has no operation CreateEndpoint yet"):
        aws.client("sagemaker").create_endpoint(EndpointName="e", EndpointConfigName="c")
    with pytest.raises(ClientError, match="has no service “sns”"):
        aws.client("sns").list_topics()


def test_listing_filters_after_paging_so_a_page_may_be_empty(start: Start) -> None:
    aws = start("--simulate", "30")
    client = aws.client("sagemaker")
    for number in range(3):
        client.create_training_job(**job_request(aws, f"job-{number}"))
    client.stop_training_job(TrainingJobName="job-0")
    finished(aws, "job-0")
    first = client.list_training_jobs(StatusEquals="Stopped", MaxResults=2)
    assert first["TrainingJobSummaries"] == []
    second = client.list_training_jobs(StatusEquals="Stopped", MaxResults=2, NextToken=first["NextToken"])
    assert [job["TrainingJobName"] for job in second["TrainingJobSummaries"]] == ["job-0"]


def test_search_finds_by_name_status_and_tag_in_complete_records(start: Start) -> None:
    aws = start("--simulate", "0.2")
    client = aws.client("sagemaker")
    for number in range(3):
        client.create_training_job(**job_request(aws, f"job-{number}"))
    finished(aws, "job-2")
    filters = [{"Name": "TrainingJobName", "Operator": "In", "Value": "job-1,job-2"}]
    found = client.search(Resource="TrainingJob", SearchExpression={"Filters": filters})["Results"]
    assert {item["TrainingJob"]["TrainingJobName"] for item in found} == {"job-1", "job-2"}
    assert all(item["TrainingJob"]["BillableTimeInSeconds"] >= 1 for item in found)
    tagged = [{"Name": "Tags.portal-run", "Operator": "Equals", "Value": "job-0"}]
    found = client.search(Resource="TrainingJob", SearchExpression={"Filters": tagged})["Results"]
    assert found[0]["TrainingJob"]["Tags"] == [{"Key": "portal-run", "Value": "job-0"}]


def test_every_change_is_an_event_in_order(start: Start) -> None:
    aws = start("--simulate", "0.3")
    aws.client("sagemaker").create_training_job(**job_request(aws, "job-1"))
    finished(aws, "job-1")
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)["Messages"]
    events = [json.loads(message["Body"]) for message in messages]
    assert [event["detail"]["SecondaryStatus"] for event in events] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed",
    ]  # fmt: skip
    assert events[-1]["detail-type"] == "SageMaker Training Job State Change"
    assert isinstance(events[-1]["detail"]["LastModifiedTime"], int)


def test_limits_like_aws_throttle_and_are_counted(start: Start) -> None:
    aws = start("--limits", "aws_like", "--simulate", "5")
    client = aws.client("sagemaker")
    codes = []
    for number in range(6):
        try:
            client.create_training_job(**job_request(aws, f"job-{number}"))
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    assert codes
    assert set(codes) == {"ThrottlingException"}
    assert aws.post("/_local/counts", {})["throttled"] == {"CreateTrainingJob": len(codes)}


def test_a_lost_response_hides_a_job_that_was_made(aws: LocalAws) -> None:
    aws.control(lost_response_rate=1)
    with pytest.raises(ConnectionClosedError):
        aws.client("sagemaker").create_training_job(**job_request(aws, "job-1"))
    aws.control(lost_response_rate=0)
    assert aws.client("sagemaker").describe_training_job(TrainingJobName="job-1")["TrainingJobName"] == "job-1"


def test_a_restart_keeps_jobs_objects_and_messages(start: Start) -> None:
    aws = start("--simulate", "1")
    aws.client("sagemaker").create_training_job(**job_request(aws, "job-1"))
    aws.process.kill()
    aws.process.wait()
    again = start("--simulate", "1")
    assert finished(again, "job-1")["TrainingJobStatus"] == "Completed"
    assert again.client("s3").head_object(Bucket=BUCKET, Key="code/job-1.tar.gz")["ContentLength"] > 0


def test_an_image_that_cannot_be_run_fails_the_job_with_the_reason(aws: LocalAws) -> None:
    spec = job_request(aws, "job-1")
    spec["AlgorithmSpecification"]["TrainingImage"] = "1.dkr.ecr.eu-west-1.amazonaws.com/my-own:latest"
    aws.client("sagemaker").create_training_job(**spec)
    assert finished(aws, "job-1")["FailureReason"].startswith("ClientError: The image")


def test_a_bad_simulation_wish_keeps_nobody_from_starting_again(start: Start) -> None:
    aws = start()
    aws.client("sagemaker").create_training_job(
        **job_request(aws, "job-1", Environment={"LOCAL_SIMULATE_SECONDS": "abc"})
    )
    aws.stop()
    assert finished(start(), "job-1")["TrainingJobStatus"] in ("Completed", "Failed")


def test_a_simulated_job_asked_to_stop_before_a_crash_is_stopped_afterwards(start: Start) -> None:
    aws = start("--simulate", "60")
    client = aws.client("sagemaker")
    client.create_training_job(**job_request(aws, "job-1"))
    client.stop_training_job(TrainingJobName="job-1")
    aws.process.kill()
    aws.process.wait()
    assert finished(start("--simulate", "60"), "job-1")["TrainingJobStatus"] == "Stopped"


def test_a_simulated_job_is_held_to_its_longest_run_time(start: Start) -> None:
    aws = start("--simulate", "60")
    spec = job_request(aws, "job-1", StoppingCondition={"MaxRuntimeInSeconds": 1})
    aws.client("sagemaker").create_training_job(**spec)
    assert finished(aws, "job-1")["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_a_child_that_holds_the_output_does_not_outlive_the_limit(aws: LocalAws) -> None:
    spec = job_request(aws, "job-1", HyperParameters={"child": "60"}, StoppingCondition={"MaxRuntimeInSeconds": 2})
    aws.client("sagemaker").create_training_job(**spec)
    assert finished(aws, "job-1")["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_a_name_that_is_used_again_inherits_nothing(aws: LocalAws) -> None:
    client = aws.client("sagemaker")
    client.create_training_job(**job_request(aws, "job-1"))
    finished(aws, "job-1")
    client.delete_training_job(TrainingJobName="job-1")
    client.create_training_job(**job_request(aws, "job-1", HyperParameters={"fail": "early", "empty": "1"}))
    assert "ModelArtifacts" not in finished(aws, "job-1")
