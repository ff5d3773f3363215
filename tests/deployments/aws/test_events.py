"""Events in all the shapes that were seen in the wild, and in some that were not."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.aws.events import TRAINING, moment, parse, tags

WHEN = datetime(2020, 6, 17, 16, 39, 52, 203000, UTC)


def body(**detail: Any) -> str:
    return json.dumps(
        {
            "id": "e-1",
            "detail-type": TRAINING,
            "source": "aws.sagemaker",
            "account": "111122223333",
            "time": "2020-06-17T16:39:52Z",
            "region": "eu-west-1",
            "resources": ["arn:aws:sagemaker:eu-west-1:111122223333:training-job/job-1"],
            "detail": {"TrainingJobName": "job-1", "TrainingJobStatus": "InProgress"} | detail,
        }
    )


@pytest.mark.parametrize(
    "raw", [1592411992203, 1592411992203.0, "1592411992203", 1592411992.203, "2020-06-17T16:39:52.203Z", WHEN]
)
def test_a_time_is_read_in_every_dress(raw: Any) -> None:
    assert moment(raw) == WHEN


@pytest.mark.parametrize("raw", ["9999-12-31T00:00:00Z", "0001-01-01T00:00:00+14:00", 0, 10**15])
def test_a_time_before_sagemaker_or_far_ahead_is_unknown(raw: Any) -> None:
    assert moment(raw) is None


@pytest.mark.parametrize("raw", [None, "", "soon", True, [], {}, float("nan"), 1e300, "9" * 400])
def test_what_is_no_time_is_unknown(raw: Any) -> None:
    assert moment(raw) is None


def test_tags_are_read_from_a_map_and_from_a_list() -> None:
    assert tags({"a": "1", "b": None}) == {"a": "1", "b": ""}
    assert tags([{"Key": "a", "Value": "1"}, "odd", {"Value": "2"}]) == {"a": "1"}


def test_a_job_event_is_read_whole() -> None:
    change = parse(
        body(
            SecondaryStatus="Training",
            LastModifiedTime="1592411992203",
            FailureReason=None,
            ModelArtifacts={"S3ModelArtifacts": "s3://b/model.tar.gz"},
            SecondaryStatusTransitions=[
                {"Status": "Starting", "StartTime": 1592411992203, "StatusMessage": None},
                None,
            ],
            Tags={"portal-run": "r1"},
        )
    )
    assert change is not None and change.account == "111122223333"
    job = change.job
    assert (job.name, job.status, job.secondary_status, job.failure_reason) == ("job-1", "InProgress", "Training", "")
    assert job.modified_at == WHEN and job.artifact == "s3://b/model.tar.gz" and job.tags == {"portal-run": "r1"}
    assert [entry.status for entry in job.transitions] == ["Starting"] and not job.complete


def test_a_name_that_is_missing_is_taken_from_the_resource() -> None:
    change = parse(body(TrainingJobName=None))
    assert change is not None and change.job.name == "job-1"


def test_an_event_that_came_through_a_topic_is_unwrapped() -> None:
    change = parse(json.dumps({"Type": "Notification", "MessageId": "1", "Message": body()}))
    assert change is not None and change.job.name == "job-1"
    assert parse(json.dumps({"Type": "Notification", "Message": "Hello"})) is None


def test_states_in_capitals_are_read_as_the_api_spells_them() -> None:
    change = parse(body(TrainingJobStatus="IN_PROGRESS", SecondaryStatus="DOWNLOADING"))
    assert change is not None
    assert (change.job.status, change.job.secondary_status) == ("InProgress", "Downloading")


def test_what_a_database_cannot_keep_is_taken_out() -> None:
    change = parse(body(FailureReason="half \ud800 and nul \x00", TrainingJobName="job-1"))
    assert change is not None and change.job.failure_reason == "half ? and nul "


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "TrainingJobName",
    "TrainingJobStatus",
    "LastModifiedTime",
    "SecondaryStatusTransitions",
    "Tags",
    "ModelArtifacts",
]


@given(st.dictionaries(st.sampled_from(KEYS), json_values), json_values)
def test_no_event_whatever_it_holds_breaks_the_consumer(detail: dict[str, Any], resources: Any) -> None:
    envelope = json.loads(body()) | {"detail": detail, "resources": resources, "time": resources}
    change = parse(json.dumps(envelope))
    assert change is None or (change.job.name and change.event_id)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_text_whatever_it_holds_breaks_the_consumer(raw: str) -> None:
    assert parse(raw) is None
