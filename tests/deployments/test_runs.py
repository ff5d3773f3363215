"""Launching, stopping, retrying and cloning runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from coe_portal.core.errors import DomainError, GateClosed, InvalidInput, Missing, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, OutboxEvent, User
from deployments.models import RUN_LIFECYCLE, Environment, Run, RunState
from deployments.services import environments, estimates, runs, templates
from deployments.services.specification import Wish
from governance.services import approvals, break_glass, gates
from projects.models import Project
from tests import factories
from tests.deployments.conftest import ENVIRONMENT, approved_project, bearer

Launch = Callable[..., Run]


def move(run: Run, *states: str, **values: Any) -> Run:
    """Walk a run through states as the workers do."""
    with transaction.atomic():
        for state in states:
            RUN_LIFECYCLE.move(run, state, actor=None, action=f"run.{state}")
    Run.objects.filter(pk=run.pk).update(**values)
    run.refresh_from_db()
    return run


def finish(run: Run, seconds: int = 120) -> Run:
    per_hour = run.price_per_hour
    cost = per_hour * seconds / 3600
    return move(
        run,
        "submitting",
        "running",
        "succeeded",
        arn="arn:x",
        billable_seconds=seconds,
        training_seconds=seconds,
        cost=cost,
    )


def test_a_launched_run_waits_in_the_queue_with_its_price_and_its_name(launch: Launch, project: Project) -> None:
    run = launch(max_runtime_seconds=7200, note=" first try ")
    assert (run.state, run.number, run.attempt) == (RunState.QUEUED, 1, 1)
    assert run.aws_name == f"coe-train-{run.pk}-01"
    assert len(run.aws_name) <= 63
    assert (run.worst_case, run.price_per_hour, run.currency) == (Decimal("0.514"), Decimal("0.257"), "USD")
    assert run.parameters["rounds"] == 120
    assert run.note == "first try"
    assert run.next_check_at is not None and run.next_check_at <= timezone.now()
    entry = AuditEntry.objects.get(action="run.launched")
    assert (entry.subject, entry.project) == (run.ref, project.key)
    assert OutboxEvent.objects.filter(name="deployments.run_requested", payload__run_id=run.pk).count() == 1


def test_run_numbers_count_per_project(launch: Launch) -> None:
    other = approved_project("Parts demand")
    numbers = [launch().number, launch().number, launch(project=other.key).number, launch().number]
    assert numbers == [1, 2, 1, 3]


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"environment": "mars"}, "environment", "There is no environment named “mars”. This project may use: local."),
        ({"template": "x"}, "template", "Known: tabular-classifier, tabular-regressor."),
        ({"template_version": 9}, "template_version", "has no version 9. Leave it out to use the newest."),
        ({"instance_type": "ml.huge"}, "instance_type", "does not run on ml.huge. Choose one of: ml.m5.large"),
        ({"instance_type": "ml.c5.xlarge"}, "instance_type", "no price for ml.c5.xlarge in eu-west-1"),
        ({"instance_count": 2}, "instance_count", "runs on 1 to 1 machines"),
        ({"max_runtime_seconds": 0}, "max_runtime_seconds", "1 second to 28 days"),
        ({"max_runtime_seconds": 2_419_201}, "max_runtime_seconds", "1 second to 28 days"),
        ({"parameters": {"rounds": 0}}, "parameters.rounds", "Use 1 or more; 0 is too small."),
        ({"parameters": {"speed": 1}}, "parameters.speed", "The template has no such parameter."),
        ({"parameters": {"training_data": "/data"}}, "parameters.training_data", "such as s3://bucket/folder/"),
        ({"note": "x" * 501}, "note", "at most 500 characters"),
    ],
)
def test_bad_input_is_refused_at_its_field_with_the_remedy(
    launch: Launch, change: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        launch(**change)
    assert list(refused.value.errors) == [field]
    assert sentence in refused.value.errors[field][0]
    assert not Run.objects.exists()


def test_all_wrong_fields_are_named_at_once(launch: Launch) -> None:
    with pytest.raises(InvalidInput) as refused:
        launch(environment="mars", instance_count=0, parameters={"rounds": "many", "seed": -1})
    assert set(refused.value.errors) == {"environment", "instance_count", "parameters.rounds", "parameters.seed"}


def test_a_missing_price_names_the_machines_that_have_one(launch: Launch) -> None:
    with pytest.raises(InvalidInput) as refused:
        launch(instance_type="ml.c5.2xlarge")
    assert "Choose one of: ml.m5.large, ml.m5.xlarge" in refused.value.errors["instance_type"][0]


def test_a_project_without_the_right_to_an_environment_is_refused_until_it_is_listed(
    launch: Launch, lead: User, project: Project
) -> None:
    closed = environments.create_environment(values=ENVIRONMENT | {"name": "prod", "access": "listed"}, actor=lead)
    with pytest.raises(InvalidInput) as refused:
        launch(environment="prod")
    assert refused.value.errors == {
        "environment": [f"{project.key} has no right to prod. Ask a CoE lead to add the project to it."]
    }
    environments.update_environment(environment_id=closed.pk, values={}, projects=[project.key], actor=lead)
    assert launch(environment="prod").environment == closed


def test_an_environment_without_the_image_is_refused(launch: Launch, local: Environment, lead: User) -> None:
    environments.update_environment(environment_id=local.pk, values={"images": {}}, actor=lead)
    with pytest.raises(InvalidInput) as refused:
        launch()
    assert "has no image for “sklearn”" in refused.value.errors["environment"][0]


def test_a_stranger_does_not_learn_that_the_project_exists(wish: Wish, stranger: User) -> None:
    with pytest.raises(DomainError) as refused:
        runs.launch_run(wish=wish, actor=stranger)
    assert refused.value.status == 404
    assert "that you may see" in refused.value.errors["project"][0]


def test_people_who_only_read_may_not_launch_and_are_told_who_may(wish: Wish, auditor: User) -> None:
    with pytest.raises(NotAllowed, match="Only the team of"):
        runs.launch_run(wish=wish, actor=auditor)


def test_the_policy_says_which_roles_of_the_team_launch(wish: Wish, sponsor: User) -> None:
    with pytest.raises(GateClosed) as refused:
        runs.launch_run(wish=wish, actor=sponsor)
    assert [missing.code for missing in refused.value.missing] == ["role"]


def test_before_its_first_gate_a_project_launches_nothing(shelf: None, scientist: User) -> None:
    intake = factories.intake()
    with pytest.raises(GateClosed) as refused:
        runs.launch_run(
            wish=Wish(project=intake.key, environment="local", template="tabular-classifier"), actor=scientist
        )
    assert [missing.code for missing in refused.value.missing] == ["stage"]
    assert [missing.code for missing in runs.obstacles(project=intake, actor=scientist)] == ["stage"]


def test_a_closed_gate_refuses_the_launch_with_what_is_missing(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*args: Any, **kwargs: Any) -> None:
        raise GateClosed("Not yet.", [Missing("stage", "The project is in intake.", "Submit it.")])

    monkeypatch.setattr(gates, "require", closed)
    with pytest.raises(GateClosed) as refused:
        launch()
    assert [missing.code for missing in refused.value.missing] == ["stage"]
    assert not Run.objects.exists()


def test_a_gate_that_breaks_launches_nothing_by_service_api_or_page(
    client: Client, wish: Wish, scientist: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no connection to the policy")

    monkeypatch.setattr("governance.services.policies.policy_of", broken)
    with pytest.raises(GateClosed, match="could not be evaluated, so it stays closed"):
        runs.launch_run(wish=wish, actor=scientist)
    body = {"project": wish.project, "environment": "local", "template": "tabular-classifier"}
    answer = client.post("/api/v1/runs/", body, "application/json", headers=bearer(scientist))
    assert (answer.status_code, answer.json()["missing"][0]["code"]) == (409, "gate_error")
    asked = client.get(f"/api/v1/projects/{wish.project}/gate/?action=start_run", headers=bearer(scientist)).json()
    assert (asked["allowed"], asked["missing"][0]["code"]) == (False, "gate_error")
    client.force_login(scientist)
    form = body | {"instance_type": "ml.m5.large", "instance_count": 1, "max_minutes": 10}
    assert client.post(f"/projects/{wish.project}/runs/new/", form).status_code == 422
    assert not Run.objects.exists()


def test_the_same_request_key_launches_once(wish: Wish, scientist: User) -> None:
    first = runs.launch_run(wish=wish, actor=scientist, request_key="form-1")
    assert runs.launch_run(wish=wish, actor=scientist, request_key="form-1") == first
    assert Run.objects.count() == 1


def test_a_run_that_does_not_fit_the_budget_is_refused(shelf: None, scientist: User) -> None:
    project = approved_project(budget="0.30")
    wish = Wish(project=project.key, environment="local", template="tabular-classifier")
    run = runs.launch_run(wish=wish, actor=scientist)
    with pytest.raises(GateClosed) as refused:
        runs.launch_run(wish=wish, actor=scientist)
    assert refused.value.message == f"The run may cost $0.26, and {project.key} has $0.04 of its POC budget left."
    finish(run, seconds=30)
    assert estimates.budget_left(project) == Decimal("0.297858")
    assert runs.launch_run(wish=wish, actor=scientist).number == 2


def test_what_ended_before_aws_took_it_costs_nothing(shelf: None, scientist: User) -> None:
    project = approved_project(budget="10")
    wish = Wish(project=project.key, environment="local", template="tabular-classifier")
    run = runs.launch_run(wish=wish, actor=scientist)
    assert estimates.budget_left(project) == Decimal("9.743")
    runs.stop_run(run_id=run.pk, actor=scientist)
    assert estimates.budget_left(project) == Decimal(10)


def test_the_estimate_learns_from_similar_finished_runs(launch: Launch, wish: Wish, scientist: User) -> None:
    before = estimates.estimate(wish=wish, actor=scientist)
    assert (before.worst_case, before.expected, before.verdict) == (Decimal("0.257"), Decimal("0.257"), "fits")
    for seconds in (60, 120, 900):
        finish(launch(), seconds)
    after = estimates.estimate(wish=wish, actor=scientist)
    assert after.worst_case == Decimal("0.257")
    assert after.expected == Decimal("0.008567")
    assert after.basis == "Median of 3 similar finished runs: 2 min."
    spot = estimates.estimate(wish=replace(wish, spot=True), actor=scientist)
    assert spot.expected == Decimal("0.004284")


def test_stopping_what_aws_has_not_seen_ends_it_at_once(launch: Launch, scientist: User) -> None:
    run = runs.stop_run(run_id=launch().pk, actor=scientist)
    assert (run.state, run.next_check_at, run.cost) == (RunState.STOPPED, None, 0)
    assert run.ended_at is not None
    assert OutboxEvent.objects.filter(name="deployments.run_finished").count() == 1
    with pytest.raises(StaleState, match="has ended already: stopped"):
        runs.stop_run(run_id=run.pk, actor=scientist)


def test_stopping_what_runs_is_a_wish_that_a_worker_fulfils_and_twice_is_once(launch: Launch, scientist: User) -> None:
    run = move(launch(), "submitting", "running", next_check_at=None)
    first = runs.stop_run(run_id=run.pk, actor=scientist)
    second = runs.stop_run(run_id=run.pk, actor=scientist)
    assert first.state == RunState.RUNNING
    assert first.stop_requested_at == second.stop_requested_at
    assert (first.stop_requested_by, first.next_check_at) == (scientist, first.stop_requested_at)
    assert AuditEntry.objects.filter(action="run.stop_requested").count() == 1


def test_a_stranger_cannot_stop_and_a_reader_is_told_who_can(launch: Launch, stranger: User, auditor: User) -> None:
    run = launch()
    with pytest.raises(NotFound):
        runs.stop_run(run_id=run.pk, actor=stranger)
    with pytest.raises(NotAllowed, match="may stop runs"):
        runs.stop_run(run_id=run.pk, actor=auditor)


def test_a_retry_is_the_next_attempt_with_a_name_of_its_own(launch: Launch, scientist: User) -> None:
    failed = move(launch(parameters={"rounds": 3}), "submitting", "failed")
    retried = runs.retry_run(run_id=failed.pk, actor=scientist)
    assert (retried.retry_of, retried.attempt, retried.parameters) == (failed, 2, failed.parameters)
    assert retried.aws_name.endswith("-02")
    assert retried.aws_name != failed.aws_name
    with pytest.raises(StaleState, match="already retried as run 2"):
        runs.retry_run(run_id=failed.pk, actor=scientist)


def test_a_run_that_goes_well_is_not_retried(launch: Launch, scientist: User) -> None:
    with pytest.raises(StaleState, match="Only a failed, stopped or lost run"):
        runs.retry_run(run_id=launch().pk, actor=scientist)


def test_a_retry_uses_the_version_of_the_first_attempt(launch: Launch, scientist: User, tmp_path: Any) -> None:
    import shutil

    failed = move(launch(), "submitting", "failed")
    folder = shutil.copytree(templates.FOLDER, tmp_path / "training")
    (folder / "tabular-classifier" / "code" / "more.py").write_text("")
    templates.load_folder(folder)
    assert runs.retry_run(run_id=failed.pk, actor=scientist).template_version.version == 1


def test_a_clone_is_a_new_run_with_the_changes(launch: Launch, scientist: User) -> None:
    original = launch(parameters={"rounds": 3}, note="base")
    clone = runs.clone_run(run_id=original.pk, actor=scientist, changes={"instance_type": "ml.m5.large"})
    assert (clone.cloned_from, clone.attempt, clone.number) == (original, 1, 2)
    assert clone.parameters == original.parameters
    assert clone.instance_type == "ml.m5.large"


def test_the_digest_changes_with_the_wish_and_only_then(launch: Launch) -> None:
    first, same, other = launch(), launch(note="words"), launch(parameters={"rounds": 3})
    assert first.spec_digest == same.spec_digest != other.spec_digest


def test_a_location_becomes_a_channel_and_no_hyperparameter(launch: Launch) -> None:
    run = launch(parameters={"training_data": "s3://claims/2026/"})
    assert run.input_channels == {"train": "s3://claims/2026/"}
    assert "training_data" not in run.hyperparameters
    assert launch().input_channels == {}


def test_the_database_refuses_a_second_run_with_the_same_number(launch: Launch) -> None:
    run = launch()
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=launch().pk).update(number=run.number)


def test_a_run_that_only_a_broken_glass_let_start_says_so_in_the_trail(launch: Launch, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(poc_ends_on=timezone.localdate() - timedelta(days=1))
    with pytest.raises(GateClosed, match="The proof of concept ended"):
        launch()
    why = "The claims queue stands still until it is trained again."
    asked = break_glass.ask(
        project_key=project.key, action="start_run", environment_kind="local", hours=2, reason=why,
        actor=factories.person("domain"),
    )  # fmt: skip
    for who in ("lead", "security"):
        approvals.decide(request_id=asked.pk, verdict="approve", actor=factories.person(who))
    entry = AuditEntry.objects.get(action="run.launched", subject=launch().ref)
    assert entry.comment.startswith("The glass is broken until ") and f"({asked.key})" in entry.comment
