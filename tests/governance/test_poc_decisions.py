"""Go, no go, pivot and extend: only a decision lets a proof of concept go on."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coe_portal.core import inbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry
from governance.models import ApprovalRequest, ClockAlarm, PocDecision
from governance.services import intakes, poc_alarms, poc_clock
from projects.models import Project
from projects.services import checklist, expiry
from tests.core.conftest import bearer
from tests.factories import ANSWERS, person
from tests.governance.poc import (
    REASON,
    costs,
    decided,
    lacking,
    local,
    people,
    project,
    scientist,
    shelf,
)
from tests.governance.requests import decide

__all__ = ["costs", "local", "people", "project", "scientist", "shelf"]
pytestmark = pytest.mark.django_db


def test_go_lets_work_go_on_for_a_while_and_is_kept_with_what_was_known(
    project: Project, costs: Callable[[int], None]
) -> None:
    costs(1000)
    poc_alarms.attend_due()
    made = decided(project, "go")
    assert lacking(project) == []
    assert (made.facts["money_percent"], made.facts["ends_on"]) == (100, "2027-06-30")
    assert inbox.tasks(person("sponsor")) == [] and poc_alarms.attend_due() == 0
    later = timezone.now() + timedelta(days=31)
    with time_machine.travel(later, tick=False):
        assert lacking(project) == ["poc_budget_spent"]
    entry = AuditEntry.objects.get(action="poc.decided")
    assert (entry.project, entry.comment) == (project.key, REASON)
    asked = intakes.advance(project_key=project.key, actor=person("domain"))
    assert asked.approval.action == "advance:production_ready"


def test_a_go_leads_straight_to_asking_for_the_next_gate(project: Project, client: Client) -> None:
    client.force_login(person("sponsor"))
    done = client.post(f"/projects/{project.key}/poc-decision/", {"decision": "go", "reason": REASON})
    assert done["Location"] == f"/projects/{project.key}/gate/"
    answer = client.get(done["Location"]).content.decode()
    assert (
        "Recorded: go: make it ready for production." in answer
        and f'action="/projects/{project.key}/advance/"' in answer
    )
    client.force_login(person("domain"))
    panel = f"/projects/{project.key}/next-action/"
    advised = client.get(panel).content.decode()
    assert "Everything that the gate needs is there." in advised
    assert f'action="/projects/{project.key}/advance/"' in advised
    client.force_login(person("lead"))  # who would be barred from approving by asking
    assert f'href="/projects/{project.key}/gate/"' in client.get(panel).content.decode()
    checklist.answer(project_key=project.key, code="users", answer={}, actor=person("domain"))
    client.force_login(person("domain"))
    missing = client.get(panel).content.decode()
    assert "1 thing is missing before the next gate." in missing and "is not answered" in missing


def test_the_api_answers_a_go_with_the_next_gate(project: Project, client: Client) -> None:
    headers = bearer(person("sponsor"), "read", "write")
    checklist.answer(project_key=project.key, code="users", answer={}, actor=person("domain"))
    address, body = f"/api/v1/projects/{project.key}/poc-decision/", {"decision": "go", "reason": REASON}
    gate = client.post(address, body, content_type="application/json", headers=headers).json()["next_gate"]
    assert (gate["action"], gate["allowed"]) == ("advance", False)
    assert [item["code"] for item in gate["missing"]] == ["users"] and gate["missing"][0]["how_to_fix"]
    pivot = body | {"decision": "pivot", "reopen": ["users"]}
    assert client.post(address, pivot, content_type="application/json", headers=headers).json()["next_gate"] is None


def test_a_decision_that_is_sent_twice_is_kept_once(project: Project) -> None:
    first = decided(project, "go")
    assert decided(project, "go") == first and PocDecision.objects.count() == 1
    assert decided(project, "go", reason="Fresh data shows the same.") != first
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert decided(project, "go") != first, "later it is said anew"


def test_no_go_stops_the_project_and_voids_what_was_asked(project: Project) -> None:
    asked = intakes.advance(project_key=project.key, actor=person("domain")).approval
    decided(project, "no_go")
    project.refresh_from_db()
    asked.refresh_from_db()
    assert (project.stage, asked.state) == ("stopped", "void")
    with pytest.raises(StaleState, match="only a proof of concept is decided on here"):
        decided(project, "go")


def test_a_pivot_opens_its_questions_and_runs_go_on_when_they_are_answered(
    project: Project, costs: Callable[[int], None]
) -> None:
    costs(1000)
    with pytest.raises(InvalidInput, match="Choose the questions"):
        decided(project, "pivot")
    with pytest.raises(InvalidInput, match="There is no such question: nothing"):
        decided(project, "pivot", reopen=["nothing"])
    decided(project, "pivot", reopen=["users", "data"])
    assert lacking(project) == ["pivot", "pivot"]
    answers = {item.code: (item.status, bool(item.answer)) for item in project.criteria.all()}
    assert answers["users"] == answers["data"] == ("open", True) and answers["value"][0] == "accepted"
    checklist.answer(
        project_key=project.key,
        code="users",
        answer=ANSWERS["users"] | {"mode": "batch"},
        actor=person("domain"),
    )
    expiry.confirm(project_key=project.key, code="data", actor=person("domain"))
    assert lacking(project) == []


def test_more_time_and_money_need_an_approval_and_are_counted(project: Project, costs: Callable[[int], None]) -> None:
    costs(1000)
    poc_alarms.attend_due()
    made = decided(project, "extend", "domain", ends_on=date(2027, 9, 30), added_budget=Decimal(500))
    request = made.request
    assert request is not None and request.action == "extend_poc"
    assert lacking(project) == ["poc_budget_spent"], "asking is not having"
    assert (request.specification["would_end_on"], request.specification["would_be_budget"]) == (
        "2027-09-30", "USD 1,500.00",
    )  # fmt: skip
    with pytest.raises(StaleState, match=f"{request.key} asks for an extension already"):
        decided(project, "extend", "domain", ends_on=date(2027, 9, 30))
    with pytest.raises(NotAllowed):
        decide(request, "domain")
    decide(request, "lead")
    assert decide(request, "sponsor").state == "approved"
    project.refresh_from_db()
    assert (project.poc_ends_on, project.poc_budget) == (date(2027, 9, 30), Decimal(1500))
    answer = project.criteria.get(code="feasible").answer
    assert (answer["ends_on"], answer["budget"]) == ("2027-09-30", 1500.0)
    assert lacking(project) == [] and poc_clock.extensions_of(project) == 1
    assert not ClockAlarm.objects.filter(closed_at=None).exists()
    again = decided(project, "extend", "domain", ends_on=date(2027, 12, 31))
    assert again.request is not None and again.request.specification["extensions_before"] == 1
    costs(1200)
    assert poc_alarms.attend_due() == 1, "a new limit rings anew"


def test_a_large_extension_asks_finance_too(project: Project) -> None:
    request = decided(project, "extend", added_budget=Decimal(30_000)).request
    assert request is not None
    assert [step.name for step in request.steps.all()] == ["CoE lead", "Sponsor", "Finance"]


def test_an_extension_that_is_rejected_changes_nothing(project: Project) -> None:
    request = decided(project, "extend", "domain", ends_on=date(2027, 9, 30)).request
    assert request is not None
    decide(request, "lead", "reject", "Show a result first.")
    project.refresh_from_db()
    assert project.poc_ends_on == date(2027, 6, 30) and poc_clock.extensions_of(project) == 0


def test_an_extension_of_a_plan_that_changed_meanwhile_is_void(project: Project) -> None:
    request = decided(project, "extend", "domain", ends_on=date(2027, 9, 30)).request
    assert request is not None
    Project.objects.filter(pk=project.pk).update(poc_ends_on=date(2027, 7, 15))
    assert decide(request, "lead").state == "void"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "Name a later end"),
        ({"ends_on": date(2027, 6, 30)}, "Choose a day after 30 June 2027"),
        ({"ends_on": date(2029, 1, 1)}, "at most a year later"),
        ({"added_budget": Decimal(0)}, "more than 0"),
        ({"added_budget": Decimal(-5)}, "more than 0"),
        ({"ends_on": date(2027, 9, 30), "reason": "More."}, "Say why"),
    ],
)
def test_an_extension_that_makes_no_sense_is_refused(project: Project, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        decided(project, "extend", "domain", **more)
    assert not PocDecision.objects.exists() and ApprovalRequest.objects.count() == 1


def test_who_decides_is_the_sponsor_or_a_lead_and_never_the_owner(project: Project) -> None:
    with pytest.raises(NotAllowed, match="You own this project"):
        decided(project, "go", "domain")
    with pytest.raises(NotAllowed, match="The sponsor of"):
        decided(project, "no_go", "scientist")
    with pytest.raises(NotFound):
        decided(project, "go", "stranger")
    with pytest.raises(NotAllowed):
        decided(project, "extend", "security", ends_on=date(2027, 9, 30))
    assert decided(project, "go", "lead").decided_by == person("lead")
