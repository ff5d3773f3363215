"""A concept first: sent, answered by a CoE lead, and only then the full case, as the policy says."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
import yaml
from django.test import Client
from django.utils import timezone

from coe_portal.core.errors import GateClosed, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.policies.loader import PolicyError, load
from governance.services import gates, intakes, policies, qualification
from governance.services.qualification import Wish
from projects.models import Concept, Project, Stage
from projects.services import checklist, concepts, projects
from projects.services.field_questions import Asked
from tests.core.conftest import bearer
from tests.factories import ANSWERS, complete_intake, intake, organisation, unit
from tests.governance.requests import publish

pytestmark = pytest.mark.django_db
WHY = "The data is there and the unit wants it."


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _rules(**changes: Any) -> dict[str, Any]:
    rules: dict[str, Any] = yaml.safe_load(policies.DEFAULT.read_text())["intake"]
    return rules | changes


def _idea(people: dict[str, User]) -> Project:
    """An intake whose concept is complete and whose full case is not."""
    project = intake()
    for code in ("challenge", "value"):
        checklist.answer(project_key=project.key, code=code, answer=ANSWERS[code], actor=people["domain"])
    return project


def _sent(people: dict[str, User]) -> Project:
    project = _idea(people)
    concepts.submit_concept(project_key=project.key, actor=people["domain"])
    return project


def _settle(project: Project, outcome: str, people: dict[str, User], **more: Any) -> Project:
    wish = Wish(outcome, WHY, **more)
    assert qualification.decide_intake(project_key=project.key, wish=wish, actor=people["lead"])
    return Project.objects.get(pk=project.pk)


def test_a_concept_is_kept_as_it_was_sent_and_stays_fixed(people: dict[str, User]) -> None:
    project = _sent(people)
    kept = Concept.objects.get(project=project)
    assert kept.content["answers"] == {code: ANSWERS[code] for code in ("challenge", "value")}
    assert Project.objects.get(pk=project.pk).waiting_on == "CoE lead: the concept"
    with pytest.raises(StaleState, match="is with the CoE leads"):
        projects.update_project(project_key=project.key, changes={"name": "Another name"}, actor=people["domain"])
    with pytest.raises(StaleState):
        concepts.submit_concept(project_key=project.key, actor=people["domain"])
    concepts.take_back(project_key=project.key, actor=people["domain"])
    projects.update_project(project_key=project.key, changes={"name": "Another name"}, actor=people["domain"])


def test_what_a_concept_lacks_is_named(people: dict[str, User]) -> None:
    project = intake()
    projects.update_project(project_key=project.key, changes={"summary": "Short."}, actor=people["domain"])
    with pytest.raises(GateClosed) as closed:
        concepts.submit_concept(project_key=project.key, actor=people["domain"])
    assert [item.code for item in closed.value.missing] == ["summary", "challenge", "value"]


def test_a_lead_invites_to_the_full_case_which_is_then_submitted(people: dict[str, User]) -> None:
    project = _settle(_sent(people), "invite", people)
    assert (project.stage, project.concept.state, project.waiting_on) == (Stage.INTAKE, "invited", "")
    for code, answer in ANSWERS.items():
        checklist.answer(project_key=project.key, code=code, answer=answer, actor=people["domain"])
    done = intakes.submit(project_key=project.key, actor=people["domain"])
    assert done.project.stage == Stage.QUALIFICATION
    story = AuditEntry.objects.in_project(project.key).values_list("action", flat=True)
    assert {"concept.submitted", "intake.decided"} <= set(story)


def test_questions_on_a_concept_are_answered_before_it_is_sent_again(people: dict[str, User]) -> None:
    project = _settle(_sent(people), "request_changes", people, questions=[Asked("value", "Who says so?", "likely")])
    assert project.concept.state == "returned"
    with pytest.raises(GateClosed, match="not complete"):
        concepts.submit_concept(project_key=project.key, actor=people["domain"])
    checklist.answer(
        project_key=project.key, code="value", answer=ANSWERS["value"] | {"likely": 800000}, actor=people["domain"]
    )
    assert concepts.submit_concept(project_key=project.key, actor=people["domain"]).state == "submitted"


def test_a_concept_is_declined_for_good_or_deferred_to_a_day(people: dict[str, User]) -> None:
    assert _settle(_sent(people), "decline", people).stage == Stage.DECLINED
    day = timezone.localdate() + timedelta(days=20)
    project = _settle(_sent(people), "defer", people, defer_until=day)
    assert project.stage == Stage.DEFERRED
    with time_machine.travel(timezone.now() + timedelta(days=21), tick=False):
        assert qualification.return_due() == 1
    assert Project.objects.get(pk=project.pk).stage == Stage.INTAKE
    assert concepts.submit_concept(project_key=project.key, actor=people["domain"]).state == "submitted"


def test_a_concept_is_not_funded_and_its_proposer_never_decides(people: dict[str, User]) -> None:
    project = _sent(people)
    with pytest.raises(StaleState, match="invite it to the full case"):
        _settle(project, "fund", people)
    for who in ("domain", "sponsor", "security", "auditor"):
        with pytest.raises(Exception, match=r"take part|Only CoE leads|no project"):
            qualification.decide_intake(project_key=project.key, wish=Wish("invite", WHY), actor=people[who])
    assert Concept.objects.get().state == "submitted"


def test_a_waiting_concept_holds_the_full_case(people: dict[str, User]) -> None:
    project = complete_intake()
    concepts.submit_concept(project_key=project.key, actor=people["domain"])
    with pytest.raises(GateClosed) as closed:
        intakes.submit(project_key=project.key, actor=people["domain"])
    assert [item.code for item in closed.value.missing] == ["concept_waiting"]
    assert not gates.check(project, "advance").allowed


def test_where_the_policy_wants_a_concept_nobody_submits_without(people: dict[str, User]) -> None:
    publish(intake=_rules(concept="required"))
    project = complete_intake()
    with pytest.raises(GateClosed) as closed:
        intakes.submit(project_key=project.key, actor=people["domain"])
    assert [item.code for item in closed.value.missing] == ["concept"]
    concepts.submit_concept(project_key=project.key, actor=people["domain"])
    _settle(project, "invite", people)
    assert intakes.submit(project_key=project.key, actor=people["domain"]).project.stage == Stage.QUALIFICATION


def test_where_the_policy_has_no_concept_nobody_sends_one(people: dict[str, User]) -> None:
    publish(intake=_rules(concept="off"))
    with pytest.raises(StaleState, match="has no concepts"):
        concepts.submit_concept(project_key=_idea(people).key, actor=people["domain"])


def test_a_policy_without_the_block_still_walks_the_old_way(people: dict[str, User]) -> None:
    document = yaml.safe_load(policies.DEFAULT.read_text())
    document.pop("intake")
    draft = policies.create_draft(source=policies.as_yaml(document), actor=people["lead"])
    policies.publish(policy_id=draft.pk, actor=people["lead"])
    project = complete_intake()
    assert intakes.submit(project_key=project.key, actor=people["domain"]).approval.state == "open"
    with pytest.raises(StaleState, match="no scales"):
        qualification.give_review(
            project_key=project.key, scores=dict.fromkeys(("value", "feasibility", "data_readiness", "risk"), 3),
            actor=people["lead"],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"concept_questions": ["moon"]}, "Unknown criteria: moon"),
        ({"scales": _rules()["scales"][:3]}, "exactly one scale"),
        ({"scales": [_rules()["scales"][0] | {"weight": 36}, *_rules()["scales"][1:]]}, "these are 101"),
        ({"scales": [*_rules()["scales"][:3], _rules()["scales"][0] | {"weight": 15}]}, "exactly one scale"),
        ({"explain_similar_from": 0.1}, "less than the minimum"),
    ],
)
def test_a_wrong_block_is_refused_with_its_line(changes: dict[str, Any], reason: str) -> None:
    document = yaml.safe_load(policies.DEFAULT.read_text()) | {"intake": _rules(**changes)}
    with pytest.raises(PolicyError) as error:
        load(policies.as_yaml(document))
    assert reason in str(error.value) and error.value.problems[0].line > 1


def test_the_pages_lead_from_a_concept_to_the_full_case(people: dict[str, User]) -> None:
    client, lead = Client(), Client()
    client.force_login(people["domain"])
    lead.force_login(people["lead"])
    new = {"name": "Paint shop queue", "summary": "Predicts how long cars wait for paint.", "business_unit": unit().pk}
    answer = client.post("/intake/new/", new | {"start": "concept"})
    key = Project.objects.get(name="Paint shop queue").key
    page = f"/intake/{key}/concept/"
    assert answer["Location"] == page and client.get(page).status_code == 200
    filled = {f"{code}-{name}": value for code in ("challenge", "value") for name, value in ANSWERS[code].items()}
    sent = {"name": new["name"], "summary": new["summary"], **filled, "send": "yes"}
    assert client.post(page, sent).status_code == 303
    assert "is with the CoE leads" in client.get(page).content.decode()
    assert "Answer the concept" in lead.get(f"/projects/{key}/next-action/").content.decode()
    assert "Wait for a CoE lead to answer the concept" in client.get(f"/projects/{key}/next-action/").content.decode()
    queue = lead.get("/intake/?concept=submitted").content.decode()
    assert "Paint shop queue" in queue and "CoE lead: the concept" in queue
    shown = lead.get(f"/projects/{key}/qualification/").content.decode()
    assert "Invite to the full case" in shown and "Fund it" not in shown
    decide = f"/projects/{key}/qualification/decide-intake/"
    assert lead.post(decide, {"outcome": "invite", "reason": WHY}).status_code == 303
    assert "invites you to the full case" in client.get(page).content.decode()


def test_the_api_sends_reads_and_takes_back_a_concept(client: Client, people: dict[str, User]) -> None:
    project = _idea(people)
    token, address = bearer(people["domain"], "read", "write"), f"/api/v1/projects/{project.key}/concept/"
    assert client.get(address, headers=token).status_code == 404
    assert client.post(address, headers=token).status_code == 201
    assert client.get(address, headers=token).json()["state"] == "submitted"
    assert client.post(address, headers=token).status_code == 409
    assert client.delete(address, headers=token).status_code == 204
    assert client.get(address, headers=token).json()["state"] == "taken_back"


def test_a_stranger_sends_nothing(people: dict[str, User]) -> None:
    project = _idea(people)
    with pytest.raises(NotAllowed):
        concepts.submit_concept(project_key=project.key, actor=people["auditor"])
