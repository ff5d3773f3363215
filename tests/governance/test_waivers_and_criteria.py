"""What gates make of criteria, and waivers: approved by others, ended by time."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
import yaml
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.errors import GateClosed, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest, Waiver
from governance.policies.criteria import obstacle
from governance.services import findings, gate_lists, gates, intakes, poc_decisions, policies, waivers
from projects.checklists import Demands
from projects.models import CriterionStatus, Project
from projects.services import checklist, evidence, expiry
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation, person
from tests.governance.requests import decide, publish, submitted

pytestmark = pytest.mark.django_db
REASON = "The laboratory answers only in March; until then nothing is released to patients."
KINDS = ("file", "link", "note", "run_metric", "dataset", "approval")


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@dataclass
class Item:
    code: str = "value"
    short: str = "Value"
    weight: int = 10
    answer: Any = field(default_factory=dict)
    answer_schema: Any = field(default_factory=lambda: {"properties": {"a": {"type": "string"}}, "required": ["a"]})
    status: str = "open"
    verdict_comment: str = ""
    expires_on: date | None = None


demands = st.builds(Demands, st.lists(st.sampled_from(KINDS), unique=True).map(tuple), st.booleans())
items = st.builds(
    Item,
    answer=st.sampled_from([{}, {"a": "yes"}]),
    status=st.sampled_from(CriterionStatus.values),
    verdict_comment=st.sampled_from(["", "No."]),
)


@given(items, demands, st.sets(st.sampled_from(KINDS)))
def test_no_gate_counts_what_is_unanswered_sent_back_expired_or_without_proof(
    item: Item, wanted: Demands, kinds: set[str]
) -> None:
    met = obstacle(item, wanted, kinds) is None
    if item.status == "waived":
        assert met
    else:
        proved = not wanted.evidence or bool(set(wanted.evidence) & kinds)
        judged = item.status == "accepted" or not wanted.needs_verdict
        assert met == (bool(item.answer) and item.status not in ("rejected", "expired", "open") and proved and judged)


@given(items, demands)
def test_every_obstacle_says_what_is_wrong_and_what_to_do(item: Item, wanted: Demands) -> None:
    found = obstacle(item, wanted, ())
    if found is not None:
        assert found.code == "value" and found.message.endswith(".") and found.how_to_fix.endswith(".")


def _missing(project: Project) -> dict[str, str]:
    return {item.code: item.message for item in gates.check(project, "advance").missing}


def test_a_policy_that_wants_evidence_and_a_verdict_gets_both_before_the_gate(people: dict[str, User]) -> None:
    criteria = yaml.safe_load(policies.DEFAULT.read_text())["criteria"]
    for item in criteria:
        if item["code"] == "baseline":
            item |= {"evidence": ["link", "file"], "verdict": "required"}
    publish(criteria=criteria)
    project = complete_intake()
    assert _missing(project) == {"baseline": "“How good today” has no evidence of the kind that is asked for."}
    note = evidence.Piece(kind="note", title="Note", note="Not what was asked for.")
    evidence.add(project_key=project.key, code="baseline", piece=note, actor=people["domain"])
    assert "no evidence" in _missing(project)["baseline"]
    link = evidence.Piece(kind="link", title="Study", url="https://example.org/study")
    evidence.add(project_key=project.key, code="baseline", piece=link, actor=people["domain"])
    assert _missing(project) == {"baseline": "Nobody has accepted “How good today” yet."}
    with pytest.raises(GateClosed):
        intakes.submit(project_key=project.key, actor=people["domain"])
    checklist.give_verdict(project_key=project.key, code="baseline", verdict="accept", comment="", actor=people["lead"])
    assert _missing(project) == {}


def test_evidence_that_is_over_proves_nothing_to_a_gate_even_when_the_answer_is_confirmed(
    people: dict[str, User],
) -> None:
    criteria = yaml.safe_load(policies.DEFAULT.read_text())["criteria"]
    criteria[1]["evidence"] = ["link"]
    publish(criteria=criteria)
    project, until = complete_intake(), timezone.localdate() + timedelta(days=20)
    piece = evidence.Piece(kind="link", title="Study", url="https://example.org/study", valid_until=until)
    evidence.add(project_key=project.key, code="baseline", piece=piece, actor=people["domain"])
    accept = {
        "project_key": project.key,
        "code": "baseline",
        "verdict": "accept",
        "comment": "",
        "actor": people["lead"],
    }
    checklist.give_verdict(**accept)
    assert _missing(project) == {}
    with time_machine.travel(timezone.now() + timedelta(days=21), tick=False):
        assert expiry.attend_due() == 1
        expiry.confirm(project_key=project.key, code="baseline", actor=people["domain"])
        assert _missing(project) == {"baseline": "“How good today” has no evidence of the kind that is asked for."}
        assert checklist.give_verdict(**accept).expires_on is None, "it was not accepted with what is over"
        assert "no evidence" in _missing(project)["baseline"]


def test_what_was_sent_back_keeps_the_gate_closed_until_it_is_mended(people: dict[str, User]) -> None:
    project = complete_intake()
    checklist.give_verdict(
        project_key=project.key, code="value", verdict="reject", comment="Ask finance.", actor=people["lead"]
    )
    assert _missing(project) == {"value": "“Business value” was sent back: “Ask finance”."}


def test_the_last_approval_does_not_pass_an_answer_that_was_sent_back_meanwhile(people: dict[str, User]) -> None:
    asked = submitted()
    decide(asked, "lead")
    checklist.give_verdict(
        project_key=asked.project.key, code="value", verdict="reject", comment="Ask finance.", actor=people["security"]
    )
    with pytest.raises(GateClosed, match="“Business value” was sent back: “Ask finance”"):
        decide(asked, "sponsor")
    assert Project.objects.get(pk=asked.project_id).stage == "qualification"
    decide(asked, "sponsor", "request_changes", "Mend the value first.")
    assert Project.objects.get(pk=asked.project_id).stage == "intake"


def test_the_last_approval_does_not_pass_what_was_found_or_opened_again_meanwhile(people: dict[str, User]) -> None:
    asked = submitted()
    decide(asked, "lead", "approve_with_conditions", conditions=["Name a second assessor"])
    found = findings.report(
        project_key=asked.project.key, title="Photos of one car maker only", severity="high", owner="", due_on=None,
        actor=people["security"],
    )  # fmt: skip
    with pytest.raises(GateClosed, match="“Photos of one car maker only” of high severity is not resolved"):
        decide(asked, "sponsor")
    asked.refresh_from_db()
    assert (asked.state, asked.project.stage) == ("open", "qualification")
    findings.resolve(finding_id=found.pk, resolution="Three makers are in now.", actor=people["lead"])
    assert decide(asked, "sponsor").state == "approved", "its own conditions are for afterwards"
    project = Project.objects.get(pk=asked.project_id)
    wish = poc_decisions.Wish("pivot", "The assessors want another decision.", reopen=["users"])
    poc_decisions.decide(project_key=project.key, wish=wish, actor=people["sponsor"])
    missing = {item.code: item.message for item in gates.check(project, "advance", actor=people["domain"]).missing}
    assert missing["users"] == "“Users and use” was opened again."


def test_a_criterion_that_is_not_asked_of_the_tier_is_not_said_to_be_met(people: dict[str, User]) -> None:
    document = yaml.safe_load(policies.DEFAULT.read_text())
    document["criteria"][1]["only_for"] = ["high"]
    publish(criteria=document["criteria"])
    project = intake()
    project.risk_tier = "low"
    project.save(update_fields=["risk_tier"])
    shown = gate_lists.lists(project, gate_lists.FIRST, people["lead"])[0]
    assert not any("How good today" in sentence for sentence in shown.met)


def _ask(project: Project, code: str = "value", who: str = "domain", days: int = 30, reason: str = REASON) -> Any:
    day = timezone.localdate() + timedelta(days=days)
    return waivers.ask(project_key=project.key, code=code, ends_on=day, reason=reason, actor=person(who))


def test_a_waiver_opens_the_gate_once_it_is_approved_and_ends_by_itself(people: dict[str, User]) -> None:
    project = complete_intake(value={"low": None})
    assert list(_missing(project)) == ["value"]
    asked = _ask(project)
    assert asked.action == "waive:value" and list(_missing(project)) == ["value"]
    assert decide(asked, "lead").state == "approved"
    criterion = project.criteria.get(code="value")
    assert (criterion.status, criterion.waived_until) == ("waived", timezone.localdate() + timedelta(days=30))
    assert _missing(project) == {}
    with time_machine.travel(timezone.now() + timedelta(days=31, hours=1), tick=False):
        assert expiry.attend_due() == 1
        assert list(_missing(project)) == ["value"]
    assert project.criteria.get(code="value").status == "open"
    actions = AuditEntry.objects.in_project(project.key).values_list("action", flat=True)
    assert {"checklist.waived", "checklist.waiver_ended"} <= set(actions)


def test_a_waiver_that_ends_leaves_a_complete_answer_to_be_judged(people: dict[str, User]) -> None:
    project = complete_intake()
    decide(_ask(project), "lead")
    confirmed = expiry.confirm(project_key=project.key, code="value", actor=people["domain"])
    assert (confirmed.status, confirmed.waived_until) == ("answered", None)


def test_answering_while_it_is_waived_keeps_the_waiver(people: dict[str, User]) -> None:
    project = complete_intake(value={"low": None})
    decide(_ask(project), "lead")
    checklist.answer(project_key=project.key, code="value", answer={"kind": "quality"}, actor=people["domain"])
    assert project.criteria.get(code="value").status == "waived"


def test_whoever_asked_or_answers_for_it_does_not_approve_the_waiver(people: dict[str, User]) -> None:
    project = intake()
    asked = _ask(project, who="lead")
    with pytest.raises(NotAllowed, match="You asked for this"):
        decide(asked, "lead")
    other = person("other", site_roles=["coe_lead"])
    checklist.plan_criterion(project_key=project.key, code="users", owner="other", due_on=None, actor=people["lead"])
    with pytest.raises(NotAllowed):
        decide(_ask(project, "users"), other.username)


def test_data_is_waived_only_with_security(people: dict[str, User]) -> None:
    project = intake()
    asked = _ask(project, "data")
    assert decide(asked, "lead").state == "open"
    assert decide(asked, "security").state == "approved"


def test_what_cannot_be_waived_is_said(people: dict[str, User]) -> None:
    project = complete_intake()
    for days in (-1, 181):
        with pytest.raises(InvalidInput, match="every waiver ends"):
            _ask(project, days=days)
    with pytest.raises(InvalidInput, match="what covers the risk"):
        _ask(project, reason="Later.")
    with pytest.raises(NotFound):
        _ask(project, "nothing")
    with pytest.raises(NotFound):
        _ask(project, who="stranger")
    with pytest.raises(NotAllowed):
        _ask(project, who="auditor")
    asked = _ask(project)
    with pytest.raises(StaleState, match=f"{asked.key} asks for this already"):
        _ask(project)
    checklist.give_verdict(project_key=project.key, code="users", verdict="accept", comment="", actor=people["lead"])
    with pytest.raises(StaleState, match="nothing to waive"):
        _ask(project, "users")


def test_an_answer_that_was_accepted_meanwhile_stays_accepted(people: dict[str, User]) -> None:
    project = complete_intake()
    asked = _ask(project)
    checklist.give_verdict(project_key=project.key, code="value", verdict="accept", comment="", actor=people["lead"])
    decide(asked, "lead")
    assert project.criteria.get(code="value").status == "accepted"


def test_a_rejected_waiver_changes_nothing(people: dict[str, User]) -> None:
    project = intake()
    decide(_ask(project), "lead", "reject", "Not for this one.")
    assert project.criteria.get(code="value").status == "open"


def test_the_page_and_the_api_ask_for_a_waiver(client: Client, people: dict[str, User]) -> None:
    project = intake()
    client.force_login(people["domain"])
    page = f"/projects/{project.key}/checklist/value/waivers/"
    assert "Ask for a waiver" in client.get(page).content.decode()
    day = (timezone.localdate() + timedelta(days=9)).isoformat()
    wrong = client.post(page, {"ends_on": day, "reason": "Later."})
    assert wrong.status_code == 422 and "what covers the risk" in wrong.content.decode()
    assert client.post(page, {"ends_on": day, "reason": REASON})["Location"].startswith("/approvals/APR-")
    assert "0 of 1 approved" in client.get(page).content.decode()
    address = f"/api/v1/projects/{project.key}/checklist/users/waive/"
    made = client.post(
        address,
        {"ends_on": day, "reason": REASON},
        content_type="application/json",
        headers=bearer(people["domain"], "read", "write"),
    )
    assert (made.status_code, made.json()["action"]) == (201, "waive:users")
    assert Waiver.objects.count() == ApprovalRequest.objects.count() == 2
    client.force_login(people["lead"])
    text = client.get(f"/approvals/{made.json()['id']}/").content.decode()
    assert "Waiver" in text and REASON.split(";")[0] in text
