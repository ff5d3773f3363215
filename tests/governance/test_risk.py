"""The risk questionnaire: published scoring, an answer with reasons, an unknown tier that keeps gates closed."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core import outbox
from coe_portal.core.errors import GateClosed, InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry
from governance.models import RiskAssessment
from governance.policies import loader
from governance.policies.document import Policy
from governance.policies.risk import Questionnaire
from governance.services import gates, intakes, moves, policies, risk
from projects.models import Project
from projects.services import checklist, projects
from tests.factories import ANSWERS, complete_intake, organisation, person

HARMLESS = {"harm": "nothing", "autonomy": "person", "personal_data": "none", "reach": "hundreds"}
STRICTER = Policy(loader.load(policies.STRICTER.read_text())).risk
DEFAULT = Policy(loader.load(policies.DEFAULT.read_text())).risk
assert STRICTER is not None
assert DEFAULT is not None
MINIMAL = {
    "prohibited": ["none"], "safety_component": ["no"], "area": ["none"], "transparency": ["none"],
    "harm": ["nothing"], "autonomy": ["person"], "reach": ["hundreds"],
}  # fmt: skip


def _any_answers(asked: Questionnaire) -> st.SearchStrategy[dict[str, list[str]]]:
    """Answers that can be given: one choice, or several that may stand together."""
    parts = {}
    for question in asked.questions:
        together = [option["value"] for option in question["options"] if not option.get("alone")]
        one = st.sampled_from([[option["value"]] for option in question["options"]])
        several = st.lists(st.sampled_from(together), min_size=1, unique=True)
        parts[question["code"]] = one | several if question.get("several") else one
    return st.fixed_dictionaries(parts)


def _place(asked: Questionnaire, answers: dict[str, list[str]]) -> int:
    return asked.names.index(asked.score(answers).tier)


@given(_any_answers(STRICTER))
def test_answers_that_can_be_given_always_have_a_tier_and_reasons(answers: dict[str, list[str]]) -> None:
    score = STRICTER.score(answers)
    assert STRICTER.problems(answers) == {}
    assert score.tier in STRICTER.names
    assert score.reasons


@given(
    st.sampled_from([STRICTER, DEFAULT]).flatmap(lambda asked: st.tuples(st.just(asked), _any_answers(asked))),
    st.data(),
)
def test_one_more_choice_never_makes_the_tier_milder(drawn: tuple[Any, Any], data: st.DataObject) -> None:
    asked, answers = drawn
    question = data.draw(st.sampled_from([item for item in asked.questions if item.get("several")]))
    more = data.draw(st.sampled_from([option["value"] for option in question["options"]]))
    wider = answers | {question["code"]: sorted({*answers[question["code"]], more})}
    assert _place(asked, wider) >= _place(asked, answers)


@given(_any_answers(STRICTER), st.sampled_from([o["value"] for o in STRICTER.questions[0]["options"] if "tier" in o]))
def test_a_prohibited_practice_is_unacceptable_whatever_else_is_said(answers: dict[str, list[str]], what: str) -> None:
    score = STRICTER.score(answers | {"prohibited": [what]})
    assert (score.tier, score.forbidden) == ("unacceptable", True)


@pytest.mark.parametrize(
    ("more", "tier"),
    [
        ({}, "minimal"),
        ({"transparency": ["interacts"]}, "limited"),
        ({"harm": ["money"]}, "limited"),
        ({"area": ["employment"]}, "high"),
        ({"safety_component": ["yes"]}, "high"),
        ({"harm": ["rights"]}, "high"),
        ({"harm": ["money"], "autonomy": ["alone"], "reach": ["more"]}, "limited"),
        ({"prohibited": ["social_scoring"]}, "unacceptable"),
    ],
)
def test_the_stricter_policy_gives_these_tiers(more: dict[str, list[str]], tier: str) -> None:
    assert STRICTER.score(MINIMAL | more).tier == tier


@pytest.mark.parametrize(
    ("answers", "code", "sentence"),
    [
        ({**MINIMAL, "harm": []}, "harm", "Choose an answer."),
        ({**MINIMAL, "harm": ["nothing", "money"]}, "harm", "Choose one answer."),
        ({**MINIMAL, "harm": ["war"]}, "harm", "“war” cannot be chosen."),
        ({**MINIMAL, "area": ["none", "justice"]}, "area", "cannot be chosen together"),
        ({**MINIMAL, "weather": ["fine"]}, "weather", "no such question"),
    ],
)
def test_what_cannot_be_chosen_is_said_at_its_question(answers: dict[str, list[str]], code: str, sentence: str) -> None:
    problems = STRICTER.problems(answers)
    assert list(problems) == [code]
    assert sentence in problems[code][0]


def test_a_questionnaire_that_says_nothing_keeps_everything_closed() -> None:
    assert all(STRICTER.is_required_for(action) for action in ("advance:poc", "deploy", "anything"))
    assert not DEFAULT.is_required_for("start_run")
    assert DEFAULT.is_required_for("advance:production")


@pytest.fixture
def project(db: None) -> Project:
    organisation()
    return complete_intake()


def _stricter(project: Project) -> Project:
    """The project, moved to the stricter policy."""
    draft = policies.load_stricter()
    assert draft is not None
    policies.publish(policy_id=draft.pk, new_projects=False, actor=person("lead"))
    moves.move(project_key=project.key, target=draft.label, actor=person("lead"))
    return Project.objects.get(pk=project.pk)


def _codes(project: Project, action: str) -> list[str]:
    return [item.code for item in gates.check(Project.objects.get(pk=project.pk), action).missing]


def test_answers_give_the_tier_and_the_audit_trail_says_how(project: Project) -> None:
    row = risk.answer(project_key=project.key, answers=HARMLESS | {"harm": "rights"}, actor=person("domain"))
    project.refresh_from_db()
    assert (row.tier, row.points, project.risk_tier) == ("high", 60, "high")
    entry = AuditEntry.objects.get(action="risk.assessed")
    assert entry.after["reasons"][0] == "“Their health, safety or rights are harmed” is at least High."
    again = risk.answer(project_key=project.key, answers=HARMLESS | {"harm": "rights"}, actor=person("domain"))
    assert again.pk == row.pk


def test_only_the_team_answers_and_only_completely(project: Project) -> None:
    with pytest.raises(NotAllowed):
        risk.answer(project_key=project.key, answers=HARMLESS, actor=person("auditor"))
    with pytest.raises(InvalidInput) as refused:
        risk.answer(project_key=project.key, answers={"harm": "nothing"}, actor=person("domain"))
    assert set(refused.value.errors) == {"autonomy", "personal_data", "reach"}
    assert not RiskAssessment.objects.exists()


def test_a_tier_that_the_questionnaire_gave_cannot_be_written_over(project: Project) -> None:
    risk.answer(project_key=project.key, answers=HARMLESS | {"harm": "rights"}, actor=person("domain"))
    with pytest.raises(InvalidInput, match="Answer it again"):
        projects.update_project(project_key=project.key, changes={"risk_tier": "low"}, actor=person("domain"))


def test_an_unknown_tier_keeps_every_gate_of_the_stricter_policy_closed(project: Project) -> None:
    project = _stricter(project)
    for action in ("start_run", "deploy", "grant_data", "advance"):
        assert "risk_tier" in _codes(project, action), action
    with pytest.raises(GateClosed) as refused:
        intakes.submit(project_key=project.key, actor=person("domain"))
    assert any(item.code == "risk_tier" and item.url.endswith("/risk/") for item in refused.value.missing)
    risk.answer(project_key=project.key, answers=MINIMAL, actor=person("domain"))
    assert "risk_tier" not in _codes(project, "start_run") + _codes(project, "advance")


def test_an_estimate_is_not_a_known_tier(project: Project) -> None:
    project = _stricter(project)
    projects.update_project(project_key=project.key, changes={"risk_tier": "minimal"}, actor=person("domain"))
    assert "risk_tier" in _codes(project, "advance")


def test_what_is_unacceptable_is_closed_for_everything(project: Project) -> None:
    project = _stricter(project)
    answers = MINIMAL | {"prohibited": ["emotions"]}
    risk.answer(project_key=project.key, answers=answers, actor=person("domain"))
    for action in ("start_run", "deploy", "advance"):
        assert "risk_forbidden" in _codes(project, action), action


def test_a_fundamental_change_asks_for_the_tier_again_at_once_and_for_good(project: Project) -> None:
    project = _stricter(project)
    risk.answer(project_key=project.key, answers=MINIMAL, actor=person("domain"))
    answer = ANSWERS["users"] | {"user_group": "Applicants for a loan"}
    checklist.answer(project_key=project.key, code="users", answer=answer, actor=person("domain"))
    assert "risk_tier" in _codes(project, "start_run")  # before any event is delivered
    while outbox.deliver_next():
        pass
    project.refresh_from_db()
    assert (project.risk_tier, RiskAssessment.objects.filter(is_current=True).count()) == ("", 0)
    assert AuditEntry.objects.filter(action="risk.reopened").count() == 1


def test_a_change_that_is_not_fundamental_leaves_the_tier(project: Project) -> None:
    risk.answer(project_key=project.key, answers=HARMLESS, actor=person("domain"))
    answer = ANSWERS["users"] | {"volume_per_day": 7}
    checklist.answer(project_key=project.key, code="users", answer=answer, actor=person("domain"))
    while outbox.deliver_next():
        pass
    project.refresh_from_db()
    assert project.risk_tier == "low"


def test_a_submitted_project_keeps_its_tier(project: Project) -> None:
    intakes.submit(project_key=project.key, actor=person("domain"))
    with pytest.raises(StaleState, match="with its approvers"):
        risk.answer(project_key=project.key, answers=HARMLESS, actor=person("domain"))


def test_the_page_keeps_what_was_chosen_and_says_what_is_missing(project: Project, client: Client) -> None:
    client.force_login(person("domain"))
    page = client.post(f"/projects/{project.key}/risk/", {"harm": "money"})
    text = page.content.decode()
    assert page.status_code == 422
    assert "3 questions need an answer" in text
    assert '<input type="radio" name="harm" value="money" checked>' in text
    done = client.post(f"/projects/{project.key}/risk/", HARMLESS | {"harm": "money"}, follow=True).content.decode()
    assert "25 points: Medium begins at 20." in done


def test_the_api_gives_the_questionnaire_and_takes_answers(project: Project, client: Client) -> None:
    client.force_login(person("domain"))
    asked = client.get(f"/api/v1/projects/{project.key}/risk/").json()
    assert asked["questionnaire"]["tiers"][0]["from"] == 0
    assert asked["assessment"] is None
    body = {"answers": HARMLESS | {"personal_data": ["ordinary", "children"]}}
    done = client.post(f"/api/v1/projects/{project.key}/risk/", body, content_type="application/json").json()
    assert (done["risk_tier"], done["assessment"]["points"]) == ("medium", 20)
    wrong = client.post(
        f"/api/v1/projects/{project.key}/risk/", {"answers": {"harm": 3}}, content_type="application/json"
    )
    assert wrong.status_code == 400
