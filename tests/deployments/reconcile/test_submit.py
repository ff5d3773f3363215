"""From the queue to AWS: exactly once, whatever goes wrong on the way."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings
from django.utils import timezone

from deployments.models import Environment, Run
from deployments.reconcile import submit, watch
from deployments.services import environments, runs
from deployments.services.specification import Wish
from tests.deployments.conftest import approved_project
from tests.deployments.local.conftest import BUCKET, LocalAws
from tests.deployments.reconcile.conftest import finish, jobs_on_aws, make_due
from tests.factories import person

Launch = Callable[..., Run]


def again(run: Run) -> Run:
    """The lease or the back-off is over; a worker comes by."""
    make_due(run)
    submit.pump()
    run.refresh_from_db()
    return run


def test_the_job_carries_code_parameters_limits_and_tags(launch: Launch, aws: LocalAws) -> None:
    run = launch(parameters={"rounds": 30})
    submit.pump()
    job = aws.client("sagemaker").describe_training_job(TrainingJobName=run.aws_name)
    code = job["HyperParameters"]["sagemaker_submit_directory"]
    assert job["HyperParameters"]["rounds"] == "30"
    assert job["StoppingCondition"]["MaxRuntimeInSeconds"] == run.max_runtime_seconds
    stored = aws.client("s3").get_object(Bucket=BUCKET, Key=code.removeprefix(f"s3://{BUCKET}/"))
    assert stored["Body"].read() == bytes(run.template_version.package)
    tags = {
        tag["Key"]: tag["Value"] for tag in aws.client("sagemaker").list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    }
    assert tags == {
        "portal": "coe",
        "portal-run": run.pk,
        "project": run.project.key,
        "cost-center": "CC-100",
        "owner": "scientist",
    }


def test_submitting_twice_makes_one_job(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    submit.pump()
    submit.submit_one(run.pk)
    submit.pump()
    assert jobs_on_aws(aws) == [run.aws_name]


def test_a_lost_create_response_is_adopted(launch: Launch, aws: LocalAws) -> None:
    aws.control(lost_response_rate=1.0, simulate=60)
    run = launch()
    submit.pump()
    run.refresh_from_db()
    assert (run.state, run.arn, jobs_on_aws_quietly(aws)) == ("submitting", "", [run.aws_name])
    assert again(run).state in ("starting", "running")
    assert run.arn.endswith(run.aws_name) and jobs_on_aws(aws) == [run.aws_name]


def jobs_on_aws_quietly(aws: LocalAws) -> list[str]:
    aws.control(lost_response_rate=0.0)
    return jobs_on_aws(aws)


def test_a_job_of_the_same_name_that_is_not_ours_is_refused(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    aws.client("sagemaker").create_training_job(
        TrainingJobName=run.aws_name,
        AlgorithmSpecification={"TrainingImage": run.environment.images["sklearn"], "TrainingInputMode": "File"},
        RoleArn=run.environment.execution_role_arn,
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/elsewhere"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        Tags=[{"Key": "portal", "Value": "coe"}, {"Key": "portal-run", "Value": "another"}],
    )
    submit.pump()
    run.refresh_from_db()
    assert run.state == "failed" and run.failure["cause"] == "name_clash" and run.arn == ""


def test_a_throttled_create_goes_back_to_the_queue_and_succeeds_later(launch: Launch, aws: LocalAws) -> None:
    aws.control(throttle_rate=1.0)
    run = launch()
    submit.pump()
    run.refresh_from_db()
    assert run.state == "queued" and run.attempts == 1 and run.next_check_at > timezone.now()
    aws.control(throttle_rate=0.0)
    assert again(run).state in ("starting", "submitting", "queued")


@pytest.mark.parametrize("fault", ["throttle_rate", "error_rate", "reset_rate", "lost_response_rate"])
def test_with_half_of_all_calls_failing_every_run_reaches_aws_once(
    launch: Launch, aws: LocalAws, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.aws.boto.limits.throttled", lambda *_: None)
    aws.control(**{fault: 0.5}, simulate=60)
    several = [launch(note=str(number)) for number in range(5)]
    for _ in range(30):
        make_due(*Run.objects.filter(arn=""))
        submit.pump()
        if not Run.objects.filter(arn="").exists():
            break
    aws.control(**{fault: 0.0})
    assert sorted(jobs_on_aws(aws)) == sorted(run.aws_name for run in several)
    assert set(Run.objects.values_list("state", flat=True)) <= {"starting", "running"}


def test_a_quota_is_shown_as_waiting_for_capacity_and_tried_again(launch: Launch, aws: LocalAws) -> None:
    aws.control(capacity_error_rate=1.0)
    run = launch()
    submit.pump()
    run.refresh_from_db()
    assert run.state == "waiting_capacity" and run.failure["cause"] == "quota" and run.failure["message"]
    aws.control(capacity_error_rate=0.0)
    assert again(run).state == "starting"


def test_a_run_that_waited_for_a_machine_and_got_one_is_told_of_no_more(launch: Launch, aws: LocalAws) -> None:
    aws.control(capacity_error_rate=1.0)
    run = launch()
    submit.pump()
    aws.control(capacity_error_rate=0.0)
    again(run)
    assert finish(run).failure is None


def test_aws_out_of_reach_is_waited_for_and_told_of(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    aws.control(error_rate=1.0)
    for _ in range(12):
        again(run)
    assert run.state == "submitting" and run.failure["cause"] == "unreachable"
    assert "internal error" in run.failure["message"]
    aws.control(error_rate=0.0)
    again(run)
    assert (run.state, run.failure) == ("starting", None)


def test_an_aws_that_cannot_create_jobs_ends_the_run_with_its_answer(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    aws.control(failing="CreateTrainingJob")
    for _ in range(submit.DOUBTFUL + 2):
        again(run)
    assert (run.state, run.failure["cause"], run.cost) == ("failed", "create_fails", 0)
    assert "internal error" in run.failure["message"]


def test_a_job_that_was_made_although_every_answer_was_an_error_is_found(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    aws.control(lost_response_rate=1.0, simulate=60)
    again(run)
    aws.control(lost_response_rate=0.0, failing="CreateTrainingJob")
    Run.objects.filter(pk=run.pk).update(attempts=submit.DOUBTFUL)
    assert again(run).state in ("starting", "running") and jobs_on_aws(aws) == [run.aws_name]


def test_an_operation_that_aws_lacks_fails_the_run_with_a_sentence(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    aws.control(lacking="CreateTrainingJob")
    again(run)
    assert (run.state, run.failure["cause"]) == ("failed", "unsupported")
    assert "does not know CreateTrainingJob" in run.failure["message"]


def test_tags_that_cannot_be_read_do_not_make_our_own_job_a_strangers(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    aws.control(lost_response_rate=1.0, simulate=60)
    again(run)
    aws.control(lost_response_rate=0.0, failing="ListTags")
    assert again(run).state == "submitting"
    aws.control(failing="")
    assert again(run).state in ("starting", "running")


def test_what_aws_would_refuse_is_never_sent_and_says_which_field(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    Run.objects.filter(pk=run.pk).update(instance_type="ml.imaginary.9xlarge")
    aws.post("/_local/counts", {})
    submit.pump()
    run.refresh_from_db()
    assert run.state == "failed" and run.failure["cause"] == "configuration"
    assert "ResourceConfig.InstanceType" in run.failure["message"]
    assert "CreateTrainingJob" not in aws.post("/_local/counts", {})["calls"]


def test_a_gate_that_closed_after_launch_keeps_the_run_from_aws(launch: Launch, aws: LocalAws) -> None:
    run = launch()
    run.project.stage = "stopped"
    run.project.save(update_fields=["stage"])
    submit.pump()
    run.refresh_from_db()
    assert run.state == "failed" and run.failure["cause"] == "gate" and jobs_on_aws(aws) == []


def test_a_right_that_was_taken_away_after_launch_keeps_the_run_from_aws(
    launch: Launch, aws: LocalAws, local: Environment
) -> None:
    run = launch()
    environments.update_environment(environment_id=local.pk, values={"access": "listed"}, projects=[], actor=None)
    submit.pump()
    run.refresh_from_db()
    assert run.state == "failed" and "may no longer use" in run.failure["message"] and jobs_on_aws(aws) == []


def test_projects_take_turns_however_much_one_of_them_asks_for(
    wish: Wish, launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [launch(note=str(number)) for number in range(6)]
    other = approved_project("Second project")
    late = runs.launch_run(wish=replace(wish, project=other.key), actor=person("scientist"))
    order: list[str] = []
    monkeypatch.setattr(submit, "submit_one", lambda run_id: order.append(run_id) or make_far(run_id))
    submit.pump()
    assert order.index(late.pk) <= 1 and set(order) == {late.pk, *(run.pk for run in many)}


def make_far(run_id: str) -> bool:
    return Run.objects.filter(pk=run_id).update(next_check_at=None) == 1


def test_a_late_project_does_not_wait_for_all_that_another_asked_for_before(
    wish: Wish, launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        launch(note=str(number))
    other = approved_project("Second project")
    order: list[str] = []
    late: list[str] = []

    def take(run_id: str) -> bool:
        order.append(run_id)
        if len(order) == 2:
            late.append(runs.launch_run(wish=replace(wish, project=other.key), actor=person("scientist")).pk)
        return make_far(run_id)

    monkeypatch.setattr(submit, "submit_one", take)
    submit.pump()
    assert order.index(late[0]) < 8, "it came in while the first runs of the other project were taken"


def test_the_pump_leaves_where_its_turn_is_far_off_and_says_when_to_come_back(
    launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.AWS_RATES, "create", 0.01)
    for number in range(3):
        launch(note=str(number))
    started = time.monotonic()
    wait = submit.pump(seconds=40)
    assert wait is not None and 40 < wait <= 100, "one call in 100 seconds"
    assert time.monotonic() - started < 40, "it did not stay"
    assert len(jobs_on_aws(aws)) == 1


def test_the_pump_waits_for_its_turn_where_that_is_soon_and_keeps_to_the_rate(
    launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.AWS_RATES, "create", 4.0)
    for number in range(4):
        launch(note=str(number))
    started = time.monotonic()
    assert submit.pump(seconds=60) is None
    assert len(jobs_on_aws(aws)) == 4
    assert time.monotonic() - started > 0.7, "one at once and one in each quarter of a second"


def test_a_run_that_others_hold_locked_is_left_for_later(
    launch: Launch, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch()
    monkeypatch.setattr(submit, "_claim", lambda run_id: None)
    assert submit.pump() == submit.LOCKED_BY_OTHERS
    assert jobs_on_aws(aws) == []


def test_a_run_stopped_while_nobody_knows_of_its_job_ends_as_stopped(launch: Launch, aws: LocalAws) -> None:
    aws.control(error_rate=1.0)
    run = launch()
    submit.pump()
    runs.stop_run(run_id=run.pk, actor=run.requested_by)
    aws.control(error_rate=0.0)
    make_due(run)
    watch.observe_due()
    run.refresh_from_db()
    assert run.state == "stopped" and run.cost == 0 and jobs_on_aws(aws) == []


def test_a_run_stopped_after_its_create_response_was_lost_is_stopped_on_aws(launch: Launch, aws: LocalAws) -> None:
    aws.control(lost_response_rate=1.0, simulate=60)
    run = launch()
    submit.pump()
    aws.control(lost_response_rate=0.0)
    runs.stop_run(run_id=run.pk, actor=run.requested_by)
    make_due(run)
    watch.observe_due()
    watch.stop_due()
    assert finish(run).state == "stopped"
    assert jobs_on_aws(aws) == [run.aws_name]
