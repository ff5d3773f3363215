"""What AWS would refuse is named here first, by its field."""

from dataclasses import replace
from typing import Any

import pytest

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
    ],
)
def test_what_aws_would_refuse_is_named_by_its_field(changes: dict[str, Any], field: str) -> None:
    assert field in wrong(**changes)


def test_the_error_names_field_and_reason() -> None:
    with pytest.raises(AwsError, match="TrainingJobName: “has_underscore” does not match") as caught:
        require_valid("sagemaker", "StopTrainingJob", {"TrainingJobName": "has_underscore"})
    assert caught.value.kind == "invalid"
