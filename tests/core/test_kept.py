"""What pages show of a person again and again is read once and read anew when something was done."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core import audit, inbox, kept, menu
from coe_portal.core.models import User
from projects.models import Project
from projects.services import checklist
from tests.factories import complete_intake, intake, organisation

Captured = Callable[..., Any]


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _open_projects(user: User) -> int | None:
    return menu.number(User.objects.get(pk=user.pk), "projects")


def test_while_nothing_is_done_the_next_page_does_not_count(people: dict[str, User]) -> None:
    intake("One")
    assert _open_projects(people["lead"]) == 1
    with CaptureQueriesContext(connection) as captured:
        assert _open_projects(people["lead"]) == 1
    assert len(captured) == 1, "the person alone is read"


def test_everybodys_next_page_counts_what_somebody_did(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["domain"])
    assert "count quiet" not in client.get("/me/").content.decode()
    intake("One")
    assert "count quiet" in client.get("/me/").content.decode()


def test_what_a_page_changes_itself_it_shows(people: dict[str, User]) -> None:
    project, owner = complete_intake(), people["scientist"]
    assert inbox.count(owner) == 0
    checklist.plan_criterion(
        project_key=project.key, code="value", owner="scientist", due_on=None, actor=people["domain"]
    )
    checklist.give_verdict(
        project_key=project.key, code="value", verdict="reject", comment="Which prices?", actor=people["lead"]
    )
    assert inbox.count(owner) == 1
    assert [task.title for task in inbox.tasks(owner)] == [f"“Business value” of {project.name}"]


def test_who_counts_between_a_change_and_its_commit_counts_again(
    people: dict[str, User], django_capture_on_commit_callbacks: Captured
) -> None:
    lead, project = people["lead"], intake("One")
    with django_capture_on_commit_callbacks() as callbacks:
        audit.record(actor=lead, action="project.stopped", subject=project)
    assert _open_projects(lead) == 1, "somebody else's transaction is not seen yet"
    Project.objects.update(stage="stopped")
    assert _open_projects(lead) == 1
    for callback in callbacks:
        callback()
    assert _open_projects(lead) == 0


def test_what_thousands_of_runs_do_makes_nobody_count(people: dict[str, User]) -> None:
    before = kept.facts(people["lead"])
    with transaction.atomic():
        audit.record(actor=None, action="run.state_changed", subject=intake("One"))
    intake_seen = kept.facts(people["lead"])
    assert intake_seen is not before, "the intake was proposed"
    with transaction.atomic():
        audit.record(actor=None, action="run.state_changed", subject=Project.objects.get())
    assert kept.facts(people["lead"]) is intake_seen
