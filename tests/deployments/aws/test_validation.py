"""What AWS would refuse is named here first, by its field."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml

from deployments.aws import validation
from deployments.aws.boto.training import create_request
from deployments.aws.errors import AwsError
from deployments.aws.gateway import Channel, TrainingJobSpec
from deployments.aws.validation import problems, require_valid

SPEC = TrainingJobSpec(
    name="coe-train-01k-01",
    image="111122223333.dkr.ecr.eu-west-1.amazonaws.com/image:1",
    role_arn="arn:aws:iam::111122223333:role/training",
    output_location="s3://bucket/out",
    instance_type="ml.m5.large",
    instance_count=1,
    volume_gb=10,
    max_runtime_seconds=3600,
    hyperparameters={"rounds": "10"},
    metric_definitions=[("loss", "loss=(.*)")],
    channels=[Channel("train", "s3://bucket/in", "text/csv")],
    tags={"portal": "coe", "owner": "Jürgen Müller"},
)


def wrong(**changes: Any) -> list[str]:
    return [
        problem.field
        for problem in problems("sagemaker", "CreateTrainingJob", create_request(replace(SPEC, **changes)))
    ]


def test_a_sound_request_passes_with_and_without_spot() -> None:
    assert wrong() == []
    assert wrong(spot=True, max_wait_seconds=7200, checkpoints="s3://bucket/checkpoints") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "has_underscore"}, "TrainingJobName"),
        ({"name": "x" * 64}, "TrainingJobName"),
        ({"instance_type": "ml.imaginary.9xlarge"}, "ResourceConfig.InstanceType"),
        ({"role_arn": "arn:aws:iam::12:role/too-short"}, "RoleArn"),
        ({"output_location": "/no/s3"}, "OutputDataConfig.S3OutputPath"),
        ({"image": "x" * 256}, "AlgorithmSpecification.TrainingImage"),
        ({"hyperparameters": {"big": "x" * 2501}}, "HyperParameters['big']"),
        ({"hyperparameters": {str(number): "1" for number in range(101)}}, "HyperParameters"),
        ({"tags": {"owner": "semi;colon"}}, "Tags[0].Value"),
        ({"metric_definitions": [("m", "x" * 501)]}, "AlgorithmSpecification.MetricDefinitions[0].Regex"),
        ({"channels": [Channel("has space", "s3://b/x")]}, "InputDataConfig[0].ChannelName"),
        ({"channels": [Channel("x", "s3://b/" + "x" * 1024)]}, "InputDataConfig[0].DataSource.S3DataSource.S3Uri"),
        ({"channels": [Channel(f"c{n}", "s3://b/x") for n in range(21)]}, "InputDataConfig"),
        ({"channels": [Channel("x", "s3://b/x", "t" * 257)]}, "InputDataConfig[0].ContentType"),
        ({"hyperparameters": {"two": "lines\nof text"}}, "HyperParameters['two']"),
        ({"hyperparameters": {"k" * 257: "1"}}, f"HyperParameters (key {'k' * 40!r})"),
        ({"tags": {"owner": "with\ttab"}}, "Tags[0].Value"),
        ({"tags": {"owner": "two\nlines"}}, "Tags[0].Value"),
        ({"tags": {"owner": "x" * 257}}, "Tags[0].Value"),
        ({"tags": {"k" * 129: "x"}}, "Tags[0].Key"),
        ({"tags": {f"k{n}": "x" for n in range(51)}}, "Tags"),
        ({"tags": {"aws:mine": "x"}}, "Tags"),
        ({"metric_definitions": [(f"m{n}", "x") for n in range(41)]}, "AlgorithmSpecification.MetricDefinitions"),
        ({"metric_definitions": [("n" * 256, "x")]}, "AlgorithmSpecification.MetricDefinitions[0].Name"),
        ({"role_arn": "arn:aws:iam::\u0661\u0661\u0661122223333:role/training"}, "RoleArn"),
        ({"max_runtime_seconds": 28 * 24 * 3600 + 1}, "StoppingCondition.MaxRuntimeInSeconds"),
        ({"spot": True, "max_wait_seconds": 10, "checkpoints": "s3://b/c"}, "StoppingCondition.MaxWaitTimeInSeconds"),
        ({"instance_count": 0}, "ResourceConfig.InstanceCount"),
        ({"volume_gb": 0}, "ResourceConfig.VolumeSizeInGB"),
    ],
)
def test_what_aws_would_refuse_is_named_by_its_field(changes: dict[str, Any], field: str) -> None:
    assert field in wrong(**changes)


def test_the_error_names_field_and_reason() -> None:
    with pytest.raises(AwsError, match="TrainingJobName: “has_underscore” does not match") as caught:
        require_valid("sagemaker", "StopTrainingJob", {"TrainingJobName": "has_underscore"})
    assert caught.value.kind == "invalid"


IN_USE = {
    "sagemaker": "CreateTrainingJob DescribeTrainingJob StopTrainingJob ListTrainingJobs ListTags Search",
    "s3": "PutObject GetObject DeleteObject HeadObject HeadBucket ListObjectsV2",
    "sqs": "ReceiveMessage DeleteMessageBatch GetQueueAttributes",
    "logs": "DescribeLogStreams GetLogEvents",
    "sts": "AssumeRole GetCallerIdentity",
}


def patterns_of(shape: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    """Every pattern that a request of this shape can meet."""
    if shape is None or shape.name in seen:
        return set()
    inner = [getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)]
    inner += list(getattr(shape, "members", {}).values())
    own = {pattern} if (pattern := shape.metadata.get("pattern")) else set()
    return own.union(*(patterns_of(each, seen | {shape.name}) for each in inner))


@pytest.mark.parametrize("service", IN_USE)
def test_no_pattern_of_an_operation_in_use_goes_unchecked(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    for operation in IN_USE[service].split():
        for pattern in patterns_of(model.operation_model(operation).input_shape):
            assert validation._compiled(pattern) is not None, f"{operation}: {pattern}"


def test_a_tag_may_hold_letters_of_every_script_and_every_kind_of_space() -> None:
    assert wrong(tags={"owner": "Jürgen 李\u00a0Ⅷ٣ a_b.:/=+-@"}) == []


TEMPLATES = sorted((Path(__file__).resolve().parents[3] / "deployments" / "training").glob("*/template.yaml"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name)
def test_every_machine_and_metric_of_a_shipped_template_is_one_that_aws_knows(path: Path) -> None:
    described = yaml.safe_load(path.read_text())
    metrics = [(metric["name"], metric["regex"]) for metric in described["metric_definitions"]]
    channels = [Channel(c["name"], "s3://b/x", c["content_type"]) for c in described["channels"]]
    for machine in described["instance_types"]:
        assert wrong(instance_type=machine, metric_definitions=metrics, channels=channels) == []
    names = [*described["parameters"]["properties"], *(f"sagemaker_{n}" for n in range(5))]
    assert wrong(hyperparameters=dict.fromkeys(names, "1"), volume_gb=described["volume_gb"]) == []
