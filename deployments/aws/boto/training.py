"""SageMaker training jobs over boto3."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from deployments.aws.boto import limits
from deployments.aws.boto.calls import call
from deployments.aws.errors import AwsError, ErrorKind
from deployments.aws.events import moment, number, tags, text, transitions
from deployments.aws.gateway import AwsAccount, TrainingJobSeen, TrainingJobSpec

PAGE = 100
NAMES_IN_A_FILTER = 1024  # SearchExpression Filter.Value, characters
MAX_FILTERS = 20
OUR_TAG = {"Name": "Tags.portal", "Operator": "Equals", "Value": "coe"}


class BotoTraining:
    """``gateway.Training`` in one account and region."""

    def __init__(self, account: AwsAccount) -> None:
        self.account = account

    def reserve_create(self) -> float:
        return limits.take(self.account.account_id, self.account.region, "create")

    def create(self, spec: TrainingJobSpec) -> str:
        try:
            answer = call(self.account, "sagemaker", "CreateTrainingJob", **create_request(spec))
        except AwsError as error:
            if error.kind is ErrorKind.THROTTLED:
                limits.throttled(self.account.account_id, self.account.region, "create")
            raise
        return text(answer.get("TrainingJobArn"))

    def describe(self, name: str, *, with_tags: bool = False) -> TrainingJobSeen:
        answer = call(self.account, "sagemaker", "DescribeTrainingJob", family="describe", TrainingJobName=name)
        arn = text(answer.get("TrainingJobArn"))
        if with_tags and arn:
            listed = call(self.account, "sagemaker", "ListTags", family="list", ResourceArn=arn)
            answer["Tags"] = listed["Tags"]
        return record(answer | {"TrainingJobName": name})

    def stop(self, name: str) -> None:
        call(self.account, "sagemaker", "StopTrainingJob", family="stop", TrainingJobName=name)

    def search_by_names(self, names: Sequence[str]) -> list[TrainingJobSeen]:
        filters = [
            {"Name": "TrainingJobName", "Operator": "In", "Value": value} for value in _values(list(names[:PAGE]))
        ]
        expression: dict[str, Any] = {"Filters": filters[:MAX_FILTERS]}
        if len(filters) > 1:
            expression["Operator"] = "Or"
        return [seen for seen in self._page(expression, "")[0] if seen.name in set(names)]

    def search_ended(self, since: datetime) -> list[TrainingJobSeen]:
        over = {"Name": "TrainingJobStatus", "Operator": "In", "Value": "Completed,Failed,Stopped"}
        earliest = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        lately = {"Name": "LastModifiedTime", "Operator": "GreaterThanOrEqualTo", "Value": earliest}
        oldest_first = {"SortBy": "LastModifiedTime", "SortOrder": "Ascending"}
        return self._page({"Filters": [OUR_TAG, over, lately]}, "", **oldest_first)[0]

    def search_open(self, token: str = "") -> tuple[list[TrainingJobSeen], str]:
        going = {"Name": "TrainingJobStatus", "Operator": "In", "Value": "InProgress,Stopping"}
        return self._page({"Filters": [OUR_TAG, going]}, token)

    def probe(self) -> None:
        call(self.account, "sagemaker", "ListTrainingJobs", family="list", MaxResults=1)
        self.search_open()

    def _page(self, expression: dict[str, Any], token: str, **more: Any) -> tuple[list[TrainingJobSeen], str]:
        more |= {"NextToken": token} if token else {}
        answer = call(
            self.account,
            "sagemaker",
            "Search",
            family="search",
            Resource="TrainingJob",
            SearchExpression=expression,
            MaxResults=PAGE,
            **more,
        )
        jobs = [item.get("TrainingJob") or {} for item in answer.get("Results") or []]
        return [record(job) for job in jobs if job.get("TrainingJobName")], text(answer.get("NextToken"))


def _values(names: list[str]) -> Iterator[str]:
    """Comma-separated lists of names, each short enough for one filter."""
    line = ""
    for name in names:
        if line and len(line) + 1 + len(name) > NAMES_IN_A_FILTER:
            yield line
            line = ""
        line = f"{line},{name}" if line else name
    if line:
        yield line


def record(answer: dict[str, Any]) -> TrainingJobSeen:
    """A TrainingJob record of Describe or Search in our words; whatever is missing stays unknown."""
    # A diverged metric comes as NaN or as the text "NaN"; it is no value.
    metrics = {
        text(metric.get("MetricName")): number(metric.get("Value"))
        for metric in answer.get("FinalMetricDataList") or []
    }
    return TrainingJobSeen(
        name=text(answer.get("TrainingJobName")),
        arn=text(answer.get("TrainingJobArn")),
        status=text(answer.get("TrainingJobStatus")),
        secondary_status=text(answer.get("SecondaryStatus")),
        transitions=transitions(answer.get("SecondaryStatusTransitions")),
        failure_reason=text(answer.get("FailureReason")),
        billable_seconds=_seconds(answer.get("BillableTimeInSeconds")),
        training_seconds=_seconds(answer.get("TrainingTimeInSeconds")),
        metrics={name: value for name, value in metrics.items() if name and value is not None},
        artifact=text((answer.get("ModelArtifacts") or {}).get("S3ModelArtifacts")),
        created_at=moment(answer.get("CreationTime")),
        started_at=moment(answer.get("TrainingStartTime")),
        ended_at=moment(answer.get("TrainingEndTime")),
        modified_at=moment(answer.get("LastModifiedTime")),
        tags=tags(answer.get("Tags")),
        complete=bool(answer.get("TrainingJobStatus")),
    )


def _seconds(raw: Any) -> int | None:
    seconds = number(raw)
    return int(seconds) if seconds is not None and 0 <= seconds < 2**31 else None


def create_request(spec: TrainingJobSpec) -> dict[str, Any]:
    """The parameters of CreateTrainingJob."""
    request: dict[str, Any] = {
        "TrainingJobName": spec.name,
        "HyperParameters": dict(spec.hyperparameters),
        "AlgorithmSpecification": {
            "TrainingImage": spec.image,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in spec.metric_definitions],
        },
        "RoleArn": spec.role_arn,
        "OutputDataConfig": {"S3OutputPath": spec.output_location},
        "ResourceConfig": {
            "InstanceType": spec.instance_type,
            "InstanceCount": spec.instance_count,
            "VolumeSizeInGB": spec.volume_gb,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": spec.max_runtime_seconds},
        "Tags": [{"Key": key, "Value": value} for key, value in spec.tags.items()],
    }
    if spec.channels:
        request["InputDataConfig"] = [_channel(spec, position) for position in range(len(spec.channels))]
    if spec.spot:
        request["EnableManagedSpotTraining"] = True
        request["StoppingCondition"]["MaxWaitTimeInSeconds"] = spec.max_wait_seconds
        request["CheckpointConfig"] = {"S3Uri": spec.checkpoints}
    return request


def _channel(spec: TrainingJobSpec, position: int) -> dict[str, Any]:
    channel = spec.channels[position]
    source = {"S3DataType": "S3Prefix", "S3Uri": channel.location, "S3DataDistributionType": "FullyReplicated"}
    made: dict[str, Any] = {"ChannelName": channel.name, "DataSource": {"S3DataSource": source}}
    return made | ({"ContentType": channel.content_type} if channel.content_type else {})
