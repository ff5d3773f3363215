"""Events and looking: what people see of a run while it goes on and when it has ended."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import DataError
from django.utils import timezone

from coe_portal.core.models import AuditEntry, OutboxEvent
from deployments.aws.gateway import QueueMessage
from deployments.models import Environment, Run, RunOutput
from deployments.reconcile import consumer, outputs, submit, watch
from deployments.services import runs
from tests.deployments.local.conftest import LocalAws
from tests.deployments.reconcile.conftest import finish, jobs_on_aws, make_due, take_events, until

Launch = Callable[..., Run]


def test_a_run_goes_from_the_queue_to_its_bill(launch: Launch, aws: LocalAws) -> None:
    run = finish(launch())
    assert (run.state, run.aws_status, run.arn.rpartition("/")[2]) == ("succeeded", "Completed", run.aws_name)
    assert run.billable_seconds is not None and run.cost is not None and run.cost >= 0
    assert run.cost == (run.price_per_hour * run.billable_seconds / 3600).quantize(Decimal("0.000001"))
    assert run.artifact_uri.startswith("s3://") and run.ended_at is not None and run.next_check_at is None
    assert run.timeline[0]["status"] == "Starting"
    assert jobs_on_aws(aws) == [run.aws_name]


def test_every_state_of_a_run_is_in_the_audit_trail_once_and_its_end_is_told_once(launch: Launch) -> None:
    run = finish(launch())
    actions = list(AuditEntry.objects.filter(subject=run.ref).order_by("pk").values_list("action", flat=True))
    assert actions[:2] == ["run.launched", "run.submitted"] and actions[-1] == "run.succeeded"
    assert len(actions) == len(set(actions))
    assert OutboxEvent.objects.filter(name="deployments.run_finished").count() == 1


def test_a_run_ends_the_same_when_all_events_are_lost(launch: Launch, aws: LocalAws) -> None:
    aws.control(drop_event_rate=1.0)
    run = finish(launch(), with_events=False)
    assert run.state == "succeeded" and run.enriched_at is not None and run.last_event_at is None


@pytest.mark.parametrize("fault", ["duplicate_event_rate", "reorder_event_rate", "text_number_rate"])
def test_events_doubled_reordered_or_with_numbers_as_text_lead_to_the_same_end(
    launch: Launch, aws: LocalAws, fault: str
) -> None:
    aws.control(**{fault: 0.7})
    run = finish(launch())
    assert run.state == "succeeded" and run.cost is not None
    assert AuditEntry.objects.filter(subject=run.ref, action="run.succeeded").count() == 1


def test_a_late_event_never_takes_a_finished_run_back(launch: Launch) -> None:
    run = finish(launch())
    late = event_of(run, "InProgress", "Training", event_id="late-1")
    assert watch.take_in([late, late]) == 0
    run.refresh_from_db()
    assert run.state == "succeeded"


def test_what_is_no_event_of_ours_changes_nothing(launch: Launch, local: Environment) -> None:
    run = launch()
    submit.pump()
    stranger = json.loads(event_of(run, "Failed", "Failed", event_id="other-account"))
    stranger["account"] = "999999999999"
    stranger["detail"]["TrainingJobArn"] = f"arn:aws:sagemaker:eu-west-1:999999999999:training-job/{run.aws_name}"
    bodies = ["", "null", "[]", "{", json.dumps({"detail": None}), json.dumps(stranger)]
    assert watch.take_in(bodies) == 0
    run.refresh_from_db()
    assert run.state == "starting"


def test_a_state_nobody_has_heard_of_is_shown_as_unknown_and_healed_by_the_next_fact(launch: Launch) -> None:
    run = launch()
    submit.pump()
    watch.take_in([event_of(run, "Teleporting", "Beaming", event_id="odd")])
    run.refresh_from_db()
    assert (run.state, run.aws_status) == ("unknown", "Teleporting")
    run = finish(run)
    assert run.state == "succeeded"


def test_many_finished_runs_are_read_with_one_call(launch: Launch, aws: LocalAws, local: Environment) -> None:
    several = [launch(note=str(number)) for number in range(8)]
    submit.pump()
    aws_done = lambda: all(  # noqa: E731
        job["TrainingJobStatus"] == "Completed"
        for job in aws.client("sagemaker").list_training_jobs(MaxResults=100)["TrainingJobSummaries"]
    )
    until(aws_done)
    while take_events(local):
        pass
    aws.post("/_local/counts", {})
    make_due(*several)
    watch.observe_due()
    calls = aws.post("/_local/counts", {})["calls"]
    assert calls == {"Search": 1}
    assert Run.objects.filter(state="succeeded", enriched_at__isnull=False).count() == 8


def test_a_job_that_aws_has_forgotten_is_shown_as_lost(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    submit.pump()
    describe = aws.client("sagemaker").describe_training_job
    until(lambda: describe(TrainingJobName=run.aws_name)["TrainingJobStatus"] in ("Stopped", "Completed"))
    aws.client("sagemaker").delete_training_job(TrainingJobName=run.aws_name)
    make_due(run)
    watch.observe_due()
    run.refresh_from_db()
    assert run.state == "lost" and run.failure["cause"] == "lost" and run.next_check_at is None


def test_stopping_reaches_aws_and_ends_as_stopped(launch: Launch, aws: LocalAws) -> None:
    aws.control(simulate=60)
    run = launch()
    submit.pump()
    runs.stop_run(run_id=run.pk, actor=run.requested_by)
    watch.stop_due()
    run.refresh_from_db()
    assert run.state == "stopping"
    assert finish(run).state == "stopped"


def test_stopping_what_has_ended_already_is_no_error_and_shows_how_it_ended(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    submit.pump()
    describe = aws.client("sagemaker").describe_training_job
    until(lambda: describe(TrainingJobName=run.aws_name)["TrainingJobStatus"] == "Completed")
    runs.stop_run(run_id=run.pk, actor=run.requested_by)
    watch.stop_due()
    run.refresh_from_db()
    assert run.state == "succeeded"


def test_a_run_that_outlives_its_time_is_stopped_by_the_portal(launch: Launch, aws: LocalAws) -> None:
    aws.control(simulate=60)
    run = launch()
    submit.pump()
    started = timezone.now() - timedelta(seconds=run.max_runtime_seconds + 700)
    Run.objects.filter(pk=run.pk).update(state="running", started_at=started)
    watch.stop_due()
    run.refresh_from_db()
    assert run.state == "stopping" and run.stop_requested_by is None
    assert AuditEntry.objects.filter(subject=run.ref, action="run.stop_requested", actor=None).exists()


def test_a_failed_run_says_why_and_shows_the_end_of_its_log(launch: Launch, aws: LocalAws) -> None:
    aws.control(simulate_failures=1.0)
    run = finish(launch())
    assert run.state == "failed" and run.failure["message"] and run.failure["next_step"]
    RunOutput.objects.update(fetched_at=None)
    outputs.fetch_wanted()
    assert RunOutput.objects.filter(run=run).exists()


def test_the_sweep_finds_what_nobody_told(launch: Launch, aws: LocalAws) -> None:
    aws.control(simulate=60, drop_event_rate=1.0)
    run = launch()
    submit.pump()
    describe = aws.client("sagemaker").describe_training_job
    until(lambda: describe(TrainingJobName=run.aws_name)["SecondaryStatus"] == "Training")
    watch.sweep()
    run.refresh_from_db()
    assert run.state == "running"


def test_a_sweep_of_many_pages_goes_on_where_the_rate_ended_it(
    launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.control(simulate=60, drop_event_rate=1.0)
    several = [launch(note=str(number)) for number in range(5)]
    submit.pump()
    describe = aws.client("sagemaker").describe_training_job
    until(lambda: all(describe(TrainingJobName=r.aws_name)["SecondaryStatus"] == "Training" for r in several))
    monkeypatch.setattr("deployments.aws.boto.training.PAGE", 2)
    monkeypatch.setitem(settings.AWS_RATES, "search", 5.0)
    left = watch.sweep()
    assert left and left[0].token and left[0].seconds >= 1 and Run.objects.filter(state="running").count() < 5
    while left:
        time.sleep(0.2)
        left = watch.sweep(left[0].environment_id, left[0].token)
    assert Run.objects.filter(state="running").count() == 5


def test_many_runs_are_described_when_search_does_not_work(launch: Launch, aws: LocalAws) -> None:
    several = [launch(note=str(number)) for number in range(4)]
    submit.pump()
    describe = aws.client("sagemaker").describe_training_job
    until(lambda: all(describe(TrainingJobName=r.aws_name)["TrainingJobStatus"] == "Completed" for r in several))
    aws.control(lacking="Search")
    make_due(*several)
    watch.observe_due()
    assert Run.objects.filter(state="succeeded").count() == 4


@pytest.mark.parametrize(("switch", "tries"), [("lacking", 1), ("failing", 3)])
def test_a_job_that_aws_does_not_stop_is_told_of_and_followed_to_its_end(
    launch: Launch, aws: LocalAws, switch: str, tries: int
) -> None:
    aws.control(**{switch: "StopTrainingJob", "simulate": 3, "drop_event_rate": 1.0})
    run = launch()
    submit.pump()
    runs.stop_run(run_id=run.pk, actor=run.requested_by)
    for _ in range(tries):
        make_due(run)
        watch.stop_due()
    run.refresh_from_db()
    assert run.state in ("starting", "running") and run.failure["cause"] == "stop_refused"
    assert "did not" in run.failure["message"] and run.next_check_at > timezone.now()

    def ended() -> bool:
        make_due(run)
        watch.stop_due()
        run.refresh_from_db()
        return run.state == "succeeded"

    until(ended)
    assert run.failure is None


def test_a_poisoned_message_does_not_hold_up_its_neighbours(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    run = launch()
    submit.pump()
    good, bad = event_of(run, "InProgress", "Training", event_id="good"), "poison"

    def take_in(bodies: list[str]) -> int:
        if bad in bodies:
            raise DataError("it cannot be kept")
        return watch.take_in(bodies)

    monkeypatch.setattr(consumer, "take_in", take_in)
    done = consumer.digested([QueueMessage(bad, "1"), QueueMessage(good, "2")])
    run.refresh_from_db()
    assert [message.receipt for message in done] == ["2"] and run.state == "running"


def test_a_run_that_ended_before_aws_had_it_stays_so_whatever_a_job_of_its_name_does(launch: Launch) -> None:
    run = launch()
    Run.objects.filter(pk=run.pk).update(state="failed", failure={"cause": "name_clash"}, next_check_at=None)
    run.refresh_from_db()
    assert watch.take_in([event_of(run, "Completed", "Completed", event_id="theirs")]) == 0
    run.refresh_from_db()
    assert (run.arn, run.failure) == ("", {"cause": "name_clash"})


@pytest.mark.parametrize(
    "body",
    [
        '{"detail-type": "SageMaker Training Job State Change", "id": "\\ud800", '
        '"detail": {"TrainingJobName": "\\ud800", "TrainingJobStatus": "\\udfff"}}'
    ],
)
def test_half_characters_in_an_event_are_no_poison(db: None, body: str) -> None:
    assert watch.take_in([body]) == 0


def event_of(run: Run, status: str, secondary: str, *, event_id: str) -> str:
    """An event as EventBridge would put it on the queue."""
    run.refresh_from_db()
    modified = timezone.now().timestamp() * 1000
    return json.dumps(
        {
            "id": event_id,
            "detail-type": "SageMaker Training Job State Change",
            "source": "aws.sagemaker",
            "account": "000000000000",
            "region": "eu-west-1",
            "detail": {
                "TrainingJobName": run.aws_name,
                "TrainingJobArn": run.arn,
                "TrainingJobStatus": status,
                "SecondaryStatus": secondary,
                "LastModifiedTime": modified,
            },
        }
    )
