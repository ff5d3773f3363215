"""From a concept to a funded proof of concept, over the pages as people use them; the audit trail tells the story."""

from typing import Any

import pytest
from django.test import Client

from coe_portal.core.models import AuditEntry, User
from projects.models import Project
from tests.factories import ANSWERS, organisation, unit

pytestmark = pytest.mark.django_db
SCORES = {"value": 5, "feasibility": 4, "data_readiness": 3, "risk": 4}
STEPS = ("challenge", "value", "data", "team", "plan")


def _client(who: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=who))
    return client


def _typed(*codes: str, **changes: Any) -> dict[str, Any]:
    return {f"{code}-{name}": value for code in codes for name, value in ANSWERS[code].items()} | changes


def _sent(client: Client, address: str, **fields: Any) -> None:
    answer = client.post(address, fields)
    assert answer.status_code == 303, f"{address}: {answer.status_code} {answer.content.decode()[:2000]}"


def test_an_idea_becomes_a_funded_proof_of_concept() -> None:
    organisation()
    domain, lead, reviewer, sponsor = (_client(who) for who in ("domain", "lead", "dataengineer", "sponsor"))
    about = {"name": "Paint shop queue", "summary": "Predicts how long cars wait for paint."}
    _sent(domain, "/intake/new/", **about, business_unit=unit().pk, sponsor="sponsor", start="concept")
    key = Project.objects.get().key
    _sent(domain, f"/intake/{key}/concept/", **about, **_typed("challenge", "value"), send="yes")
    decide = f"/projects/{key}/qualification/decide-intake/"
    _sent(lead, decide, outcome="invite", reason="The unit wants it and has the photos.")
    for step in STEPS:
        codes = {"challenge": ("challenge", "baseline", "users"), "value": ("value", "metric"), "plan": ("feasible",)}
        _sent(domain, f"/intake/{key}/{step}/", **_typed(*codes.get(step, (step,))))
    _sent(domain, f"/projects/{key}/submit/")
    _sent(lead, f"/projects/{key}/qualification/reviewers/", user="dataengineer")
    _sent(reviewer, f"/projects/{key}/qualification/review/", **SCORES, comment="Labels are thin.")
    _sent(lead, f"/projects/{key}/qualification/review/", **SCORES | {"data_readiness": 5})
    asked = {"ask-value.likely": "Who in finance agreed?"}
    _sent(lead, decide, outcome="request_changes", reason="One number is open.", **asked)
    assert "Who in finance agreed?" in domain.get(f"/intake/{key}/value/").content.decode()
    _sent(domain, f"/intake/{key}/value/", **_typed("value", "metric", **{"value-likely": 900000}))
    _sent(domain, f"/projects/{key}/submit/")
    diff = lead.get(f"/projects/{key}/revisions/2/").content.decode()
    assert "<del>1,100,000</del>" in diff and "<ins>900,000</ins>" in diff
    _sent(lead, f"/projects/{key}/qualification/review/", **SCORES)
    _sent(lead, decide, outcome="fund", reason="Finance agreed in writing.")
    approval = Project.objects.get().approvals.latest("pk").key
    _sent(sponsor, f"/approvals/{approval}/decide/", verdict="approve", comment="Budget agreed.")
    assert Project.objects.get().stage == "poc"
    case = sponsor.get(f"/projects/{key}/business-case/").content.decode()
    assert "Fund the proof of concept." in case and "Finance agreed in writing." in case and "Ingrid Solberg" in case
    told = lead.get(f"/projects/{key}/history/").content.decode()
    for words in (
        "sent the concept to the CoE leads",
        "invited the concept to the full case",
        "asked Luis Ferreira as a reviewer",
        "scored revision 1: value 5, feasibility 4, data readiness 3, risk 4",
        "sent the intake back with 1 question, 4.35 of 5 from 2 reviews",
        "answered a reviewer&#x27;s question about “value: likely” by changing it",
        "funded the intake",
    ):
        assert words in told, words
    story = list(AuditEntry.objects.in_project(key).order_by("id").values_list("action", flat=True))
    wanted = ["project.created", "concept.submitted", "intake.decided", "project.stage_moved", "reviewer.invited"]
    wanted += ["review.given", "intake.decided", "field_question.answered", "intake.decided", "project.stage_moved"]
    for action in wanted:
        story = story[story.index(action) + 1 :]
