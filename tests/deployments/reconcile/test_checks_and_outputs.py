"""What a check of an environment says, and logs and curves of a run that really trains."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from coe_portal.core.models import User
from deployments.aws.gateway import LogPage
from deployments.models import Environment, Run, RunOutput
from deployments.reconcile import checks, outputs
from deployments.reconcile.accounts import account_of
from deployments.reconcile.consumer import Consumer
from deployments.services import environments, runs
from tests.deployments.local.conftest import LocalAws
from tests.deployments.reconcile.conftest import finish, until


def checked(environment: Environment, lead: User) -> dict[str, dict[str, object]]:
    environments.request_check(environment_id=environment.pk, actor=lead)
    checks.check_requested()
    environment.refresh_from_db()
    assert environment.check_requested_at is None
    return {item["code"]: item for item in environment.check_result["items"]}


def test_a_sound_environment_passes(local: Environment, lead: User, aws: LocalAws) -> None:
    items = checked(local, lead)
    assert {code: item["ok"] for code, item in items.items()} == dict.fromkeys(
        ("identity", "bucket", "queue", "sagemaker"), True
    )
    assert local.check_state == "passed"


def test_what_does_not_work_is_named_with_a_remedy(local: Environment, lead: User, aws: LocalAws) -> None:
    values = {
        "bucket": "no-such-bucket",
        "account_id": "111122223333",
        "event_queue_url": f"{aws.url}/000000000000/none",
    }
    environments.update_environment(environment_id=local.pk, values=values, actor=lead)
    items = checked(local, lead)
    assert {code: item["ok"] for code, item in items.items()} == {
        "identity": False,
        "bucket": False,
        "queue": False,
        "sagemaker": True,
    }
    assert all(item["how_to_fix"] for item in items.values() if not item["ok"])
    assert items["bucket"]["message"] == "There is no bucket named no-such-bucket. (404)"
    assert local.check_state == "failed"


def test_an_aws_that_cannot_search_is_found_out_before_a_run_needs_it(
    local: Environment, lead: User, aws: LocalAws
) -> None:
    aws.control(lacking="Search")
    item = checked(local, lead)["sagemaker"]
    assert item["ok"] is False and "does not know Search" in str(item["message"]) and item["how_to_fix"]


def test_a_check_waits_for_the_portals_own_rate_rather_than_failing(
    local: Environment, lead: User, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.AWS_RATES, "search", 0.01)
    account_of(local).training.search_open()
    environments.request_check(environment_id=local.pk, actor=lead)
    assert checks.check_requested() == 0
    local.refresh_from_db()
    assert local.check_requested_at is not None and local.check_result == {}
    monkeypatch.setitem(settings.AWS_RATES, "search", 500)
    time.sleep(0.01)
    assert checks.check_requested() == 1
    local.refresh_from_db()
    assert local.check_state == "passed"


class SlowLogs:
    """CloudWatch Logs that has an empty page before the last lines, as it may."""

    def __init__(self) -> None:
        self.pages = {"": LogPage(("first",), "f/1"), "f/1": LogPage((), "f/2"), "f/2": LogPage(("last",), "f/3")}

    def streams(self, group: str, prefix: str) -> list[str]:
        return [f"{prefix}algo-1-1"]

    def read(self, group: str, stream: str, token: str = "") -> LogPage:
        return self.pages.get(token, LogPage((), token))


def test_an_empty_page_is_not_the_end_of_a_log_but_a_token_that_repeats_is() -> None:
    tokens: dict[str, str] = {}
    assert outputs._new_lines(SlowLogs(), "job-1", tokens) == (["first", "last"], True)
    assert tokens == {"job-1/algo-1-1": "f/3"}


@pytest.fixture
def really(aws: LocalAws) -> Iterator[LocalAws]:
    aws.control(simulate=0)
    yield aws


def test_a_real_training_shows_metrics_above_the_baseline_its_log_and_its_curves(
    really: LocalAws, launch: Callable[..., Run], tmp_path: Path
) -> None:
    run = finish(launch(parameters={"rounds": 20}))
    assert run.state == "succeeded", run.failure
    assert run.metrics["validation:accuracy"] > 0.85
    runs.want_output(run_id=run.pk)
    outputs.fetch_wanted()
    output = RunOutput.objects.get(run=run)
    assert "validation_accuracy=" in output.log and len(output.metric_series["train:log_loss"]) >= 2
    size = len(output.log)
    RunOutput.objects.filter(run=run).update(fetched_at=None)
    outputs.fetch_wanted()
    output.refresh_from_db()
    assert len(output.log) == size


def test_a_log_that_cloudwatch_refuses_says_why_on_the_page_and_comes_once_it_may_be_read(
    really: LocalAws, launch: Callable[..., Run], client: Client, lead: User
) -> None:
    run = finish(launch(parameters={"rounds": 5}))
    client.force_login(lead)
    fragment = f"/projects/{run.project.key}/runs/{run.number}/log/"
    for operation in ("DescribeLogStreams", "GetLogEvents"):
        really.control(denying=operation)
        runs.want_output(run_id=run.pk)
        RunOutput.objects.filter(run=run).update(fetched_at=None)
        assert outputs.fetch_wanted() == 0
        shown = client.get(fragment).content.decode()
        assert f"not authorized to perform: logs:{operation}" in shown and "AccessDeniedException" in shown
        assert "has to let its role call logs:DescribeLogStreams and logs:GetLogEvents" in shown
        told = client.get(f"/api/v1/runs/{run.pk}/logs/").json()
        assert told["text"] == "" and operation in told["trouble"]
    assert outputs.fetch_wanted() == 0, "what was refused just now is not asked for again at once"
    really.control(denying="")
    RunOutput.objects.filter(run=run).update(fetched_at=timezone.now() - outputs.AFTER_TROUBLE)
    assert outputs.fetch_wanted() == 1
    shown = client.get(fragment).content.decode()
    assert "validation_accuracy=" in shown and "not authorized" not in shown


def test_curves_stay_short_and_ignore_what_is_no_number() -> None:
    definitions = [{"name": "loss", "regex": "loss=(\\S+)"}]
    lines = [f"loss={1 / step}" for step in range(1, 1300)] + ["loss=nan", "loss=inf", "loss=none"]
    points = outputs.extended({}, definitions, lines)["loss"]
    assert len(points) <= 500 and points[0] == [1, 1.0] and points[-1][0] > 1200


@pytest.mark.django_db(transaction=True)
def test_the_consumer_follows_the_queue_and_stops_when_told(launch: Callable[..., Run], aws: LocalAws) -> None:
    import threading

    from deployments.reconcile import submit

    beats: list[int] = []
    consumer = Consumer(lambda: beats.append(1), wait_seconds=1)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    run = launch()
    submit.pump()
    until(lambda: Run.objects.get(pk=run.pk).state == "succeeded")
    consumer.stop()
    thread.join(15)
    assert not thread.is_alive() and beats
    for follower in consumer._threads.values():
        follower.join(5)
