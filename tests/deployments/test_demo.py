"""The demo organisation: made once, through the services."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from coe_portal.core.models import AuditEntry, User
from coe_portal.demo_people import DEMO_PEOPLE
from coe_portal.settings import ENV
from deployments.models import Run
from deployments.services import runs
from deployments.services.specification import Wish
from governance.models import ApprovalRequest
from governance.services import policies
from projects.models import DataAccess, Dataset, Project
from tests import arranged
from tests.deployments.conftest import ENVIRONMENT

pytestmark = pytest.mark.django_db


@arranged.once
def seed(password: str = "demo-password-1") -> None:
    policies.load_default()
    with override_settings(ENV=replace(ENV, DEMO_PASSWORD=password)):
        call_command("seed_demo", verbosity=0)


def test_without_a_demo_password_nobody_is_made(capsys: Any) -> None:
    call_command("seed_demo")
    assert "DEMO_PASSWORD is not set" in capsys.readouterr().out
    assert not User.objects.exists()


def test_the_organisation_stands_in_every_stage_that_a_newcomer_wants_to_see() -> None:
    seed()
    assert {user.username for user in User.objects.all()} == {person.username for person in DEMO_PEOPLE}
    assert {project.name: project.stage for project in Project.objects.all()} == {
        "Biopsy second opinion": "poc",
        "Diabetes progression forecast": "intake",
        "Vehicle damage estimate": "qualification",
        "Storm claims forecast": "intake",
        "Invoice tone monitor": "declined",
        "Care call planning": "production_ready",
    }
    ready = {project.name: project.readiness["complete"] for project in Project.objects.filter(stage="intake")}
    assert ready == {"Diabetes progression forecast": True, "Storm claims forecast": False}
    waiting = ApprovalRequest.objects.awaiting(User.objects.get(username="lead"))
    assert [request.project.name for request in waiting] == ["Vehicle damage estimate"]


def test_seeding_again_changes_nothing() -> None:
    seed()
    before = AuditEntry.objects.count()
    seed()
    assert AuditEntry.objects.count() == before


def test_a_changed_demo_password_is_everybodys_password(client: Client) -> None:
    seed()
    seed("demo-password-2")
    assert client.login(username="auditor", password="demo-password-2")
    assert not client.login(username="auditor", password="demo-password-1")


def test_the_approved_project_can_launch_a_run_at_once(shelf: None) -> None:
    seed()
    project = Project.objects.get(stage="poc")
    wish = Wish(project=project.key, environment=ENVIRONMENT["name"], template="tabular-classifier")
    run = runs.launch_run(wish=wish, actor=User.objects.get(username="scientist"))
    assert run.state == "queued"
    assert project.success_metric.target == 0.95


def test_without_the_local_aws_no_run_is_launched_for_anybodys_money() -> None:
    seed()
    assert not Run.objects.exists()


def test_the_runs_of_the_demo_wait_for_workers_like_any_other(shelf: None) -> None:
    seed()
    rows = Run.objects.filter(project__name="Biopsy second opinion").order_by("number")
    assert [(run.state, run.arn) for run in rows] == [
        *[("queued", "")] * 4,
        ("stopped", ""),
        ("queued", ""),
    ]
    assert Run.objects.filter(project__stage="production_ready").count() == 3
    before = Run.objects.count()
    seed()
    assert Run.objects.count() == before


def test_the_register_holds_data_a_granted_copy_and_a_waiting_question(shelf: None) -> None:
    seed()
    assert Dataset.objects.count() == 4
    states = {access.dataset.name: access.status for access in DataAccess.objects.select_related("dataset")}
    assert states == {"biopsy_measurements": "granted", "diabetes_register": "requested"}
    owner = User.objects.get(username="dataowner")
    assert [request.project.name for request in ApprovalRequest.objects.awaiting(owner)] == ["Care call planning"]
