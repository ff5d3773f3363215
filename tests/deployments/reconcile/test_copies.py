"""A sandbox copy is only over when S3 itself shows nothing below its prefix: real boto3 against the local AWS."""

import json
from typing import Any

import pytest

from coe_portal.core import outbox
from coe_portal.core.models import OutboxEvent, User
from deployments.models import Environment, Run
from deployments.reconcile import copies, submit
from deployments.reconcile.accounts import account_of
from deployments.services import environments, runs
from deployments.services.specification import Wish
from governance.models import ApprovalRequest
from governance.services import data_access
from projects.models import DataAccess, Dataset, Project
from projects.services import accesses, datasets
from projects.services.locations import split
from tests.deployments.local.conftest import BUCKET, LocalAws
from tests.factories import person, unit
from tests.governance.requests import decide

WORDS = "The copy was deleted with the command line, old versions too."


def dataset(place: str = "s3://coe-data/claims/") -> Dataset:
    values = {"name": "claims", "business_unit": unit().pk, "owner": "lead", "classification": "internal"}
    return datasets.register(values=values | {"location": place}, actor=person("lead"))


def granted(project: Project, source: Dataset, **wish: Any) -> DataAccess:
    given = {"purpose": "To train the damage classifier.", "days": 30} | wish
    access = data_access.ask(
        project_key=project.key, dataset_id=source.pk, wish=accesses.Wish(**given), actor=person("scientist")
    )
    decide(ApprovalRequest.objects.get(subject=access.ref), "lead")
    return DataAccess.objects.get(pk=access.pk)


@pytest.fixture
def copy(project: Project, local: Environment) -> DataAccess:
    return granted(project, dataset(), pattern="sandbox_copy", environment="local")


def put(aws: LocalAws, access: DataAccess, *names: str) -> None:
    bucket, prefix = split(access.copy_location)
    for name in names:
        aws.client("s3").put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=b"1")


def attest(access: DataAccess) -> DataAccess:
    """Somebody attests, a worker looks."""
    data_access.attest_destroyed(access_id=access.pk, statement=WORDS, actor=person("scientist"))
    copies.look_at_copies()
    return DataAccess.objects.get(pk=access.pk)


def test_a_copy_that_is_gone_is_closed(copy: DataAccess, aws: LocalAws) -> None:
    assert split(copy.copy_location)[0] == BUCKET
    aws.client("s3").put_object(Bucket=BUCKET, Key="sandboxes/another/file.csv", Body=b"1")
    closed = attest(copy)
    assert (closed.status, closed.check_result["empty"], closed.check_requested_at) == ("closed", True, None)
    assert copies.look_at_copies() == 0


def test_a_copy_that_is_still_there_stays_open_and_says_what_is_left(copy: DataAccess, aws: LocalAws) -> None:
    put(aws, copy, *(f"part-{number}.csv" for number in range(7)))
    seen = attest(copy)
    assert (seen.status, seen.check_requested_at) == ("awaiting_destruction", None)
    prefix = split(copy.copy_location)[1]
    assert (seen.check_result["objects"], seen.check_result["more"]) == (7, False)
    assert seen.check_result["keys"] == [f"{prefix}part-{number}.csv" for number in range(5)]
    for number in range(7):
        aws.client("s3").delete_object(Bucket=BUCKET, Key=f"{prefix}part-{number}.csv")
    assert attest(copy).status == "closed"


def test_counting_follows_the_pages_and_stops_in_the_end(
    copy: DataAccess, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.aws.boto.objects.PAGE", 2)
    put(aws, copy, "a", "b & c", "ü", "d", "e")
    monkeypatch.setattr(copies, "MOST", 4)
    seen = attest(copy)
    assert (seen.check_result["objects"], seen.check_result["more"]) == (4, True)
    bucket, prefix = split(copy.copy_location)
    objects = account_of(Environment.objects.get(name="local")).objects
    assert sorted(objects.versions(bucket, prefix)) == sorted(objects.list_keys(bucket, prefix))
    assert len(objects.versions(bucket, prefix)) == 5


@pytest.mark.parametrize("trouble", ["no bucket", "no environment"])
def test_what_nobody_can_look_at_is_not_closed(
    copy: DataAccess, aws: LocalAws, lead: User, local: Environment, trouble: str
) -> None:
    if trouble == "no bucket":
        DataAccess.objects.filter(pk=copy.pk).update(copy_location="s3://no-such-bucket/sandboxes/x/")
    else:
        environments.update_environment(environment_id=local.pk, values={"name": "renamed"}, actor=lead)
    seen = attest(copy)
    assert (seen.status, seen.check_result["empty"]) == ("awaiting_destruction", False)
    assert seen.check_result["trouble"]


def test_an_aws_that_does_not_answer_is_asked_again_later(copy: DataAccess, aws: LocalAws) -> None:
    aws.stop()
    waiting = attest(copy)
    assert (waiting.status, waiting.check_result) == ("awaiting_destruction", {})
    assert waiting.check_requested_at is not None


def test_the_event_wakes_a_worker_and_a_lost_one_harms_nothing(copy: DataAccess, aws: LocalAws) -> None:
    data_access.attest_destroyed(access_id=copy.pk, statement=WORDS, actor=person("scientist"))
    while outbox.deliver_next():
        pass
    assert OutboxEvent.objects.get(name="governance.copy_attested").state == "delivered"
    assert copies.look_at_copies() == 1  # the row waited, whatever became of the event


def test_a_run_reads_registered_data_only_with_access(
    project: Project, shelf: None, local: Environment, scientist: User
) -> None:
    source = dataset(f"s3://{BUCKET}/claims/")
    wish = Wish(
        project=project.key,
        environment="local",
        template="tabular-classifier",
        parameters={"training_data": f"s3://{BUCKET}/claims/2026/"},
    )
    with pytest.raises(Exception, match="no granted access") as caught:
        runs.launch_run(wish=wish, actor=scientist)
    assert [item.code for item in caught.value.missing] == ["data_access"]  # type: ignore[attr-defined]
    access = granted(project, source, pattern="platform_read")
    run = runs.launch_run(wish=wish, actor=scientist)
    data_access.revoke(access_id=access.pk, reason="Consent was taken back.", actor=person("lead"))
    submit.pump()
    run = Run.objects.get(pk=run.pk)
    assert run.state == "failed" and "no granted access" in json.dumps(run.failure)
