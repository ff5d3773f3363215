"""The clock of a proof of concept: it warns, it stops new runs, and only a decision lets them go on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db.models import Value
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core import inbox, outbox
from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.fields import MoneyField
from coe_portal.core.models import AuditEntry, User
from deployments.models import Run
from deployments.services import runs
from deployments.services.specification import Wish
from governance.models import ApprovalRequest, ClockAlarm, PocDecision
from governance.policies.poc_clock import OVER, RUNNING, WARNING, ClockRule, Plan, read
from governance.services import gates, intakes, notifications, poc_alarms, poc_clock, poc_decisions, spending
from projects.models import Project
from projects.services import checklist, expiry
from tests.core.conftest import bearer
from tests.deployments.conftest import approved_project, local, people, scientist, shelf
from tests.factories import ANSWERS, complete_intake, person
from tests.governance.requests import decide

__all__ = ["local", "people", "scientist", "shelf"]
pytestmark = pytest.mark.django_db
REASON = "Accuracy of 0.81 after eight weeks; the target is within reach."
LATE = datetime(2027, 7, 1, 12, tzinfo=timezone.get_fixed_timezone(0))  # the day after the last one
NEARLY = datetime(2027, 5, 20, 12, tzinfo=timezone.get_fixed_timezone(0))  # 231 of 273 days are over

days = st.dates(date(2026, 1, 1), date(2028, 1, 1))
money = st.decimals(0, 10_000, places=2)
plans = st.builds(Plan, st.none() | days, st.none() | days, st.none() | st.decimals(1, 10_000, places=2))
rules = st.builds(ClockRule, st.integers(1, 99).map(lambda percent: Decimal(percent) / 100))
LEVELS = [RUNNING, WARNING, OVER]


@given(plans, days, money, st.integers(0, 400), money, rules)
def test_a_clock_never_runs_backwards(
    plan: Plan, today: date, spent: Decimal, later: int, more: Decimal, rule: ClockRule
) -> None:
    before = read(plan, today=today, spent=spent, rule=rule)
    after = read(plan, today=today + timedelta(days=later), spent=spent + more, rule=rule)
    for early, late in zip(before.hands, after.hands, strict=True):
        assert LEVELS.index(late.level) >= LEVELS.index(early.level)
        assert (early.share or 0) <= (late.share or 0)


@given(plans, days, money, rules)
def test_levels_are_what_the_shares_say(plan: Plan, today: date, spent: Decimal, rule: ClockRule) -> None:
    reading = read(plan, today=today, spent=spent, rule=rule)
    assert (reading.time.level == OVER) == (plan.ends_on is not None and today > plan.ends_on)
    assert (reading.money.level == OVER) == (plan.budget is not None and spent >= plan.budget)
    assert reading.level == max((hand.level for hand in reading.hands), key=LEVELS.index)
    for hand in reading.hands:
        assert hand.share is None or hand.share >= 0
        assert (hand.level == RUNNING) == (hand.share is None or hand.share < rule.warn_at)


@given(plans, days, money, st.integers(1, 400), st.decimals(1, 1000, places=2))
def test_more_time_and_money_never_make_it_worse(
    plan: Plan, today: date, spent: Decimal, longer: int, added: Decimal
) -> None:
    more = replace(
        plan,
        ends_on=plan.ends_on + timedelta(days=longer) if plan.ends_on else None,
        budget=plan.budget + added if plan.budget else None,
    )
    before, after = (read(each, today=today, spent=spent) for each in (plan, more))
    assert LEVELS.index(after.level) <= LEVELS.index(before.level)


@pytest.fixture
def project(people: dict[str, User]) -> Project:
    """In its proof of concept from 1 October 2026 to 30 June 2027, with a budget of 1,000 dollars."""
    found = approved_project(budget="1000")
    for user in people.values():
        user.email = f"{user.username}@halden.example"
        user.save(update_fields=["email"])
    return found


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Say what every project has spent."""

    def spend(amount: int) -> None:
        found = spending.Spent(Decimal(amount) / 2, Decimal(amount) / 2)
        total = Value(Decimal(amount), output_field=MoneyField())
        source = spending.Source(lambda keys: dict.fromkeys(keys, found), lambda outer: total, lambda project: None)
        monkeypatch.setattr(spending, "_sources", [source])

    return spend


def _codes(project: Project, who: str | None = "scientist") -> list[str]:
    project.refresh_from_db()
    actor = person(who) if who else None
    return [item.code for item in gates.check(project, "start_run", environment_kind="local", actor=actor).missing]


def _wish(decision: str, **more: Any) -> poc_decisions.Wish:
    return poc_decisions.Wish(**({"decision": decision, "reason": REASON} | more))


def _decide(project: Project, decision: str, who: str = "sponsor", **more: Any) -> PocDecision:
    return poc_decisions.decide(project_key=project.key, wish=_wish(decision, **more), actor=person(who))


def _deliver() -> None:
    while outbox.deliver_next():
        pass


def test_at_eighty_percent_owner_and_sponsor_get_one_task_and_one_mail(project: Project) -> None:
    assert poc_alarms.attend_due() == 0
    with time_machine.travel(NEARLY, tick=False):
        assert poc_alarms.attend_due() == 1
        assert poc_alarms.attend_due() == 0, "once"
        _deliver()
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
    assert _codes(project) == []


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
    assert _codes(project) == ["poc_budget_spent"] and _codes(project, None) == []
    with pytest.raises(DomainError, match="The budget of the proof of concept is used up: 100%") as refused:
        runs.launch_run(wish=wish, actor=person("scientist"))
    assert refused.value.missing[0].url == f"/projects/{project.key}/poc-decision/"
    assert not Run.objects.exists()
    costs(0)
    with time_machine.travel(LATE, tick=False):
        assert _codes(project) == _codes(project, None) == ["poc_ended"]
    with time_machine.travel(LATE - timedelta(days=1), tick=False):
        assert _codes(project) == []


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


def test_go_lets_work_go_on_for_a_while_and_is_kept_with_what_was_known(
    project: Project, costs: Callable[[int], None]
) -> None:
    costs(1000)
    poc_alarms.attend_due()
    decided = _decide(project, "go")
    assert _codes(project) == []
    assert (decided.facts["money_percent"], decided.facts["ends_on"]) == (100, "2027-06-30")
    assert inbox.tasks(person("sponsor")) == [] and poc_alarms.attend_due() == 0
    later = timezone.now() + timedelta(days=31)
    with time_machine.travel(later, tick=False):
        assert _codes(project) == ["poc_budget_spent"]
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


def test_no_go_stops_the_project_and_voids_what_was_asked(project: Project) -> None:
    asked = intakes.advance(project_key=project.key, actor=person("domain")).approval
    _decide(project, "no_go")
    project.refresh_from_db()
    asked.refresh_from_db()
    assert (project.stage, asked.state) == ("stopped", "void")
    with pytest.raises(StaleState, match="only a proof of concept is decided on here"):
        _decide(project, "go")


def test_a_pivot_opens_its_questions_and_runs_go_on_when_they_are_answered(
    project: Project, costs: Callable[[int], None]
) -> None:
    costs(1000)
    with pytest.raises(InvalidInput, match="Choose the questions"):
        _decide(project, "pivot")
    with pytest.raises(InvalidInput, match="There is no such question: nothing"):
        _decide(project, "pivot", reopen=["nothing"])
    _decide(project, "pivot", reopen=["users", "data"])
    assert _codes(project) == ["pivot", "pivot"]
    answers = {item.code: (item.status, bool(item.answer)) for item in project.criteria.all()}
    assert answers["users"] == answers["data"] == ("open", True) and answers["value"][0] == "accepted"
    checklist.answer(
        project_key=project.key,
        code="users",
        answer=ANSWERS["users"] | {"mode": "batch"},
        actor=person("domain"),
    )
    expiry.confirm(project_key=project.key, code="data", actor=person("domain"))
    assert _codes(project) == []


def test_more_time_and_money_need_an_approval_and_are_counted(project: Project, costs: Callable[[int], None]) -> None:
    costs(1000)
    poc_alarms.attend_due()
    decided = _decide(project, "extend", "domain", ends_on=date(2027, 9, 30), added_budget=Decimal(500))
    request = decided.request
    assert request is not None and request.action == "extend_poc"
    assert _codes(project) == ["poc_budget_spent"], "asking is not having"
    assert (request.specification["would_end_on"], request.specification["would_be_budget"]) == (
        "2027-09-30", "USD 1,500.00",
    )  # fmt: skip
    with pytest.raises(StaleState, match=f"{request.key} asks for an extension already"):
        _decide(project, "extend", "domain", ends_on=date(2027, 9, 30))
    with pytest.raises(NotAllowed):
        decide(request, "domain")
    decide(request, "lead")
    assert decide(request, "sponsor").state == "approved"
    project.refresh_from_db()
    assert (project.poc_ends_on, project.poc_budget) == (date(2027, 9, 30), Decimal(1500))
    answer = project.criteria.get(code="feasible").answer
    assert (answer["ends_on"], answer["budget"]) == ("2027-09-30", 1500.0)
    assert _codes(project) == [] and poc_clock.extensions_of(project) == 1
    assert not ClockAlarm.objects.filter(closed_at=None).exists()
    again = _decide(project, "extend", "domain", ends_on=date(2027, 12, 31))
    assert again.request is not None and again.request.specification["extensions_before"] == 1
    costs(1200)
    assert poc_alarms.attend_due() == 1, "a new limit rings anew"


def test_a_large_extension_asks_finance_too(project: Project) -> None:
    request = _decide(project, "extend", added_budget=Decimal(30_000)).request
    assert request is not None
    assert [step.name for step in request.steps.all()] == ["CoE lead", "Sponsor", "Finance"]


def test_an_extension_that_is_rejected_changes_nothing(project: Project) -> None:
    request = _decide(project, "extend", "domain", ends_on=date(2027, 9, 30)).request
    assert request is not None
    decide(request, "lead", "reject", "Show a result first.")
    project.refresh_from_db()
    assert project.poc_ends_on == date(2027, 6, 30) and poc_clock.extensions_of(project) == 0


def test_an_extension_of_a_plan_that_changed_meanwhile_is_void(project: Project) -> None:
    request = _decide(project, "extend", "domain", ends_on=date(2027, 9, 30)).request
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
        _decide(project, "extend", "domain", **more)
    assert not PocDecision.objects.exists() and ApprovalRequest.objects.count() == 1


def test_who_decides_is_the_sponsor_or_a_lead_and_never_the_owner(project: Project) -> None:
    with pytest.raises(NotAllowed, match="You own this project"):
        _decide(project, "go", "domain")
    with pytest.raises(NotAllowed, match="The sponsor of"):
        _decide(project, "no_go", "scientist")
    with pytest.raises(NotFound):
        _decide(project, "go", "stranger")
    with pytest.raises(NotAllowed):
        _decide(project, "extend", "security", ends_on=date(2027, 9, 30))
    assert _decide(project, "go", "lead").decided_by == person("lead")


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
