"""The clock of a proof of concept: it warns, it stops new runs, and shows what is known."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core import mail
from django.test import Client

from coe_portal.core import inbox
from coe_portal.core.errors import DomainError, InvalidInput
from coe_portal.core.models import AuditEntry
from deployments.models import Run
from deployments.services import runs
from deployments.services.specification import Wish
from governance.models import ClockAlarm, PocDecision
from governance.services import notifications, poc_alarms, poc_clock, spending
from projects.models import Project
from projects.services import checklist
from tests.core.conftest import bearer
from tests.deployments.conftest import approved_project
from tests.factories import ANSWERS, complete_intake, person
from tests.governance.poc import (
    LATE,
    NEARLY,
    REASON,
    costs,
    deliver,
    lacking,
    local,
    people,
    project,
    scientist,
    shelf,
)

__all__ = ["costs", "local", "people", "project", "scientist", "shelf"]
pytestmark = pytest.mark.django_db


def test_at_eighty_percent_owner_and_sponsor_get_one_task_and_one_mail(project: Project) -> None:
    assert poc_alarms.attend_due() == 0
    with time_machine.travel(NEARLY, tick=False):
        assert poc_alarms.attend_due() == 1
        assert poc_alarms.attend_due() == 0, "once"
        deliver()
        notifications.send_due()
        notifications.send_due()
        tasks = {who: inbox.tasks(person(who)) for who in ("domain", "sponsor", "scientist", "lead")}
    told = [message for message in mail.outbox if "84% of the time of the proof of concept is used" in message.subject]
    assert sorted(address for message in told for address in message.to) == [
        "domain@halden.example", "sponsor@halden.example",
    ]  # fmt: skip
    assert f"/projects/{project.key}/poc-decision/" in told[0].body
    assert {who: len(found) for who, found in tasks.items()} == {"domain": 1, "sponsor": 1, "scientist": 0, "lead": 0}
    assert tasks["sponsor"][0].title == "Decide how Claims triage goes on"
    assert AuditEntry.objects.get(action="poc_clock.warning").actor is None
    assert lacking(project) == []


def test_money_rings_as_time_does(project: Project, costs: Callable[[int], None]) -> None:
    costs(799)
    assert poc_alarms.attend_due() == 0
    costs(800)
    assert poc_alarms.attend_due() == 1
    costs(1000)
    assert poc_alarms.attend_due() == 1
    assert list(ClockAlarm.objects.order_by("pk").values_list("kind", "level", "percent")) == [
        ("money", "warning", 80), ("money", "over", 100),
    ]  # fmt: skip
    assert [task.why for task in inbox.tasks(person("sponsor"))] == [
        "The budget of the proof of concept is used up. "
        "New runs are refused until go, no go, pivot or an extension is decided."
    ]


def test_at_the_end_new_runs_are_refused_and_what_was_launched_goes_on(
    project: Project, shelf: None, costs: Callable[[int], None]
) -> None:
    wish = Wish(project=project.key, environment="local", template="tabular-classifier")
    costs(1000)
    assert lacking(project) == ["poc_budget_spent"] and lacking(project, None) == []
    with pytest.raises(DomainError, match="The budget of the proof of concept is used up: 100%") as refused:
        runs.launch_run(wish=wish, actor=person("scientist"))
    assert refused.value.missing[0].url == f"/projects/{project.key}/poc-decision/"
    assert not Run.objects.exists()
    costs(0)
    with time_machine.travel(LATE, tick=False):
        assert lacking(project) == lacking(project, None) == ["poc_ended"]
    with time_machine.travel(LATE - timedelta(days=1), tick=False):
        assert lacking(project) == []


def test_what_runs_cost_is_what_the_clock_counts(project: Project, shelf: None) -> None:
    wish = Wish(project=project.key, environment="local", template="tabular-classifier")
    first = runs.launch_run(wish=wish, actor=person("scientist"))
    second = runs.launch_run(wish=wish, actor=person("scientist"))
    gone = runs.launch_run(wish=wish, actor=person("scientist"))
    runs.stop_run(run_id=gone.pk, actor=person("scientist"))
    Run.objects.filter(pk=first.pk).update(state="succeeded", arn="arn:aws:x", cost=Decimal("3.5"))
    other = approved_project("Another")
    found = spending.spent_by([project.pk, other.pk])
    assert found[project.pk] == spending.Spent(second.worst_case, Decimal("3.5"))
    assert found[project.pk].total == Run.objects.filter(project=project).committed()
    assert poc_clock.known_of(project).spent == found[project.pk].total
    assert found[other.pk] == spending.Spent()


def test_the_plan_of_a_running_poc_is_moved_by_an_extension_only(project: Project) -> None:
    for change in ({"ends_on": "2027-12-31"}, {"budget": 2000}, {"starts_on": "2026-11-01"}):
        answer = project.criteria.get(code="feasible").answer | change
        with pytest.raises(InvalidInput, match="Ask for an extension"):
            checklist.answer(project_key=project.key, code="feasible", answer=answer, actor=person("domain"))
    answer = project.criteria.get(code="feasible").answer | {"kill_criteria": "Below 0.8 in March"}
    checklist.answer(project_key=project.key, code="feasible", answer=answer, actor=person("domain"))
    intake = complete_intake("Elsewhere")
    answer = ANSWERS["feasible"] | {"budget": 7}
    checklist.answer(project_key=intake.key, code="feasible", answer=answer, actor=person("domain"))


def test_the_pages_show_the_facts_beside_the_criteria_to_stop_and_take_the_decision(
    client: Client, project: Project, costs: Callable[[int], None]
) -> None:
    costs(850)
    client.force_login(person("sponsor"))
    card = client.get(f"/projects/{project.key}/clock/", headers={"HX-Request": "true"}).content.decode()
    assert "Accuracy below 0.75 after eight weeks" in card and "<b>85%</b>" in card and "Nearly used" in card
    advice = client.get(f"/projects/{project.key}/next-action/").content.decode()
    assert "Decide how the proof of concept goes on" in advice
    page = f"/projects/{project.key}/poc-decision/"
    assert "We stop when" in client.get(page).content.decode()
    assert client.post(page, {"decision": "go", "reason": "No"}).status_code == 422
    done = client.post(page, {"decision": "pivot", "reason": REASON, "reopen": ["users"]})
    assert done["Location"] == f"/projects/{project.key}/"
    assert "Pivot: answer some questions anew" in client.get(page).content.decode()
    client.force_login(person("domain"))
    text = client.get(page).content.decode()
    assert "You own this project" in text and "You may ask for an extension." in text
    asked = client.post(page, {"decision": "extend", "reason": REASON, "ends_on": "2027-09-30"})
    assert asked["Location"].startswith("/approvals/APR-")
    approval = client.get(asked["Location"]).content.decode()
    assert "More time or money" in approval and "30 September 2027" in approval


def test_the_api_reads_the_clock_and_decides(client: Client, project: Project, costs: Callable[[int], None]) -> None:
    costs(850)
    headers = bearer(person("sponsor"), "read", "write")
    clock = client.get(f"/api/v1/projects/{project.key}/poc-clock/", headers=headers).json()
    assert (clock["level"], clock["money"], clock["committed"], clock["kill_criteria"]) == (
        "warning", {"percent": 85, "level": "warning"}, "425.000000", "Accuracy below 0.75 after eight weeks",
    )  # fmt: skip
    address, body = f"/api/v1/projects/{project.key}/poc-decision/", {"decision": "go", "reason": REASON}
    once = headers | {"Idempotency-Key": "go-1"}
    made = client.post(address, body, content_type="application/json", headers=once)
    assert (made.status_code, made.json()["decision"], made.json()["approval"]) == (201, "go", "")
    client.post(address, body, content_type="application/json", headers=once)
    assert PocDecision.objects.count() == 1
    wrong = client.post(address, body | {"reopen": ["users"]}, content_type="application/json", headers=headers)
    assert wrong.status_code == 400 and "reopen" in wrong.json()["errors"]
    clock = client.get(f"/api/v1/projects/{project.key}/poc-clock/", headers=headers).json()
    assert [row["decision"] for row in clock["decisions"]] == ["go"] and clock["extensions"] == 0
