"""The portal on an AWS that others wrote, with AWS's limits and faults in between: it gets there, or says why not.

Moto's jobs are complete at once, have no billable seconds and cannot be stopped; it sends no events and keeps no logs.
"""

import io
import json
import tarfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from coe_portal.core.models import User
from deployments.aws.boto import sessions
from deployments.models import Environment, Run, RunOutput, TemplateVersion
from deployments.reconcile import checks, outputs, submit, watch
from deployments.services import environments, prices, runs, templates
from deployments.services.specification import Wish
from projects.models import Project
from tests.deployments.aws.conftest import REGION
from tests.deployments.aws.proxy import Faults, Proxy
from tests.deployments.reconcile.conftest import make_due, take_events

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-execution"


@pytest.fixture
def proxy(moto: boto3.Session, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Before moto; the portal only knows the proxy. Whatever a test did, no request was one that AWS refuses."""
    between = Proxy(moto_url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", between.url)
    for family in ("create", "describe", "search", "list", "stop"):
        monkeypatch.setitem(settings.AWS_RATES, family, 500.0)
    sessions.forget()
    yield between
    between.close()
    sessions.forget()
    assert between.refused == []


@pytest.fixture
def bucket(moto_url: str) -> str:
    name = f"coe-{uuid.uuid4().hex}"
    place = {"LocationConstraint": REGION}
    own = boto3.client("s3", region_name=REGION, endpoint_url=moto_url)
    own.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return name


@pytest.fixture
def external(db: None, proxy: Proxy, moto_url: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The environment as an operator of ``AWS=external`` makes it."""
    sqs = boto3.client("sqs", region_name=REGION, endpoint_url=moto_url)
    url = sqs.create_queue(QueueName=f"events-{uuid.uuid4().hex}")["QueueUrl"]
    given = {
        "COE_EXTERNAL_BUCKET": bucket,
        "COE_EXTERNAL_EXECUTION_ROLE_ARN": ROLE,
        "COE_EXTERNAL_QUEUE_URL": f"{proxy.url}/{ACCOUNT}/{url.rpartition('/')[2]}",
        "AWS_DEFAULT_REGION": REGION,
    }
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, **given))
    call_command("ensure_external_environment")
    return Environment.objects.get(name="external")


@pytest.fixture
def launch(external: Environment, project: Project, scientist: User) -> Callable[..., Run]:
    templates.load_folder()
    prices.load_table()
    wish = Wish(project=project.key, environment="external", template="tabular-classifier")
    return lambda **changes: runs.launch_run(wish=replace(wish, **changes), actor=scientist)


def follow(run: Run, *, rounds: int = 60) -> Run:
    """Workers come by again and again, as time would let them, until nothing about the run will change any more."""
    for _ in range(rounds):
        make_due(run)
        submit.pump()
        watch.stop_due()
        make_due(run)
        watch.observe_due()
        run.refresh_from_db()
        if run.is_settled:
            return run
    raise AssertionError(f"the run hangs in {run.state}: {run.failure}")


def jobs(moto_url: str, run: Run) -> list[str]:
    own = boto3.client("sagemaker", region_name=REGION, endpoint_url=moto_url)
    found = own.list_training_jobs(NameContains=run.aws_name)["TrainingJobSummaries"]
    return [job["TrainingJobName"] for job in found]


def test_the_external_environment_passes_its_check(external: Environment, lead: User, proxy: Proxy) -> None:
    environments.request_check(environment_id=external.pk, actor=lead)
    checks.check_requested()
    external.refresh_from_db()
    assert {item["code"]: item["ok"] for item in external.check_result["items"]} == {
        "identity": True, "bucket": True, "queue": True, "sagemaker": True,
    }  # fmt: skip
    assert proxy.calls["Search"] and proxy.calls["GetCallerIdentity"] and proxy.calls["PutObject"]


FAULTS = {
    "no faults": Faults(),
    "latency": Faults(latency=0.1),
    "AWS's rates": Faults(limits=True),
    "throttling": Faults(throttled=0.2),
    "500 and 503": Faults(broken=0.2),
    "resets": Faults(reset=0.2),
    "cut off answers": Faults(truncated=0.2),
    "all at once": Faults(throttled=0.1, broken=0.1, reset=0.1, truncated=0.1, latency=0.01),
    "a lost create response": Faults(lost={"CreateTrainingJob"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_run_gets_there_once_whatever_lies_between(
    launch: Callable[..., Run], proxy: Proxy, moto_url: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.aws.boto.limits.throttled", lambda *_: None)  # time does not pass here
    run = launch()
    proxy.faults = replace(FAULTS[name], lost=set(FAULTS[name].lost))
    run = follow(run)
    assert name in ("no faults", "latency", "AWS's rates") or proxy.struck.total() > 0
    assert (run.state, run.aws_status, run.failure) == ("succeeded", "Completed", None)
    assert run.artifact_uri.endswith(f"/{run.aws_name}/output/model.tar.gz")
    assert run.cost is not None and run.billable_seconds is not None and run.arn.endswith(run.aws_name)
    assert jobs(moto_url, run) == [run.aws_name]


def test_the_job_reads_its_code_from_the_bucket_and_carries_our_tags(
    launch: Callable[..., Run], moto_url: str, bucket: str
) -> None:
    run = follow(launch(spot=True, parameters={"training_data": f"s3://{bucket}/claims/"}))
    own = boto3.client("sagemaker", region_name=REGION, endpoint_url=moto_url)
    job = own.describe_training_job(TrainingJobName=run.aws_name)
    place = job["HyperParameters"]["sagemaker_submit_directory"].removeprefix(f"s3://{bucket}/")
    s3 = boto3.client("s3", region_name=REGION, endpoint_url=moto_url)
    code = s3.get_object(Bucket=bucket, Key=place)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(code)) as archive:
        assert "train.py" in archive.getnames()
    version = TemplateVersion.objects.get(pk=run.template_version_id)
    assert code == bytes(version.package) and job["EnableManagedSpotTraining"] is True
    tags = {tag["Key"]: tag["Value"] for tag in own.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]}
    assert tags["portal-run"] == run.pk and tags["project"] == run.project.key


def test_a_run_whose_job_cannot_be_stopped_there_shows_how_it_ended(launch: Callable[..., Run]) -> None:
    run = launch()
    submit.pump()
    runs.stop_run(run_id=run.pk, actor=run.requested_by)
    run = follow(run)
    assert (run.state, run.failure) == ("succeeded", None)


def test_a_job_that_the_other_side_has_forgotten_is_lost_not_retried(launch: Callable[..., Run], moto_url: str) -> None:
    run = launch()
    submit.pump()
    run.refresh_from_db()
    Run.objects.filter(pk=run.pk).update(aws_name="coe-train-nobody-has-this-01")
    make_due(run)
    watch.observe_due()
    run.refresh_from_db()
    assert (run.state, run.failure["cause"]) == ("lost", "lost")


def test_events_from_the_other_sides_queue_reach_the_run(
    launch: Callable[..., Run], external: Environment, moto_url: str
) -> None:
    run = launch()
    submit.pump()
    run.refresh_from_db()
    name = external.event_queue_url.rpartition("/")[2]
    sqs = boto3.client("sqs", region_name=REGION, endpoint_url=moto_url)
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    for body in ("not json", json.dumps({"Type": "Notification", "Message": "hello"}), json.dumps(event(run))):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    while take_events(external):
        pass
    run.refresh_from_db()
    assert run.state == "failed" and run.failure["cause"] == "capacity"
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def event(run: Run) -> dict[str, Any]:
    now = timezone.now().timestamp()
    return {
        "id": str(uuid.uuid4()),
        "detail-type": "SageMaker Training Job State Change",
        "source": "aws.sagemaker",
        "account": ACCOUNT,
        "region": REGION,
        "time": str(int(now * 1000)),
        "resources": [run.arn],
        "detail": {
            "TrainingJobName": None,
            "TrainingJobStatus": "FAILED",
            "SecondaryStatus": "FAILED",
            "FailureReason": "CapacityError: Unable to provision requested ML compute capacity.",
            "LastModifiedTime": str(now * 1000),
            "Tags": [{"Key": "portal", "Value": "coe"}],
        },
    }


def test_logs_that_are_not_there_are_no_crash(launch: Callable[..., Run]) -> None:
    run = follow(launch())
    runs.want_output(run_id=run.pk)
    outputs.fetch_wanted()
    assert RunOutput.objects.get(run=run).log == ""


def test_another_account_is_entered_by_its_role_with_the_external_id(
    launch: Callable[..., Run], external: Environment, lead: User, proxy: Proxy
) -> None:
    values = {"account_id": "111122223333", "role_arn": "arn:aws:iam::111122223333:role/coe-portal"}
    environments.update_environment(environment_id=external.pk, values=values, actor=lead)
    run = launch()
    submit.pump()
    run.refresh_from_db()
    assert run.arn.split(":")[4] == "111122223333"
    assert proxy.calls["AssumeRole"] == 1
