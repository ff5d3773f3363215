"""What a policy document may say of criteria, sources and risk, and what is refused with its line."""

from typing import Any

import pytest
import yaml

from governance.models import PolicyVersion
from governance.policies import loader
from governance.policies.document import Policy
from governance.policies.rules import Facts
from governance.services import policies
from projects.models import ChecklistVersion
from tests.factories import person

SOURCE = {"code": "act", "title": "The act", "url": "https://example.org/act", "as_of": "2026-01-31"}


def _document(**changes: Any) -> dict[str, Any]:
    return yaml.safe_load(policies.DEFAULT.read_text()) | changes


def _with_criterion(**keys: Any) -> dict[str, Any]:
    document = _document(references=[SOURCE])
    document["criteria"][0] |= keys
    return document


def _with_risk(**keys: Any) -> dict[str, Any]:
    document = _document()
    return document | {"risk": document["risk"] | keys}


def _problems(document: dict[str, Any]) -> list[str]:
    with pytest.raises(loader.PolicyError) as caught:
        loader.load(yaml.safe_dump(document, sort_keys=False))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "keys",
    [
        {"evidence": ["file", "link", "run_metric", "dataset", "approval"]},
        {"verdict": "required", "expires_after_days": 365, "owner_role": "data_engineer"},
        {"only_for": ["high"], "references": [{"to": "act", "at": "Article 10"}]},
    ],
)
def test_a_criterion_may_ask_for_evidence_a_verdict_an_owner_and_an_end(keys: dict[str, Any]) -> None:
    document = loader.load(yaml.safe_dump(_with_criterion(**keys), sort_keys=False))
    assert {name: document["criteria"][0][name] for name in keys} == keys


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"evidence": ["photograph"]}, "'photograph' is not one of"),
        ({"evidence": []}, "non-empty"),
        ({"verdict": "perhaps"}, "'perhaps' is not one of"),
        ({"expires_after_days": 0}, "less than the minimum"),
        ({"owner_role": "king"}, "'king' is not one of"),
        ({"only_for": ["enormous"]}, "'enormous' is not one of"),
        ({"references": [{"to": "myth", "at": "1"}]}, "“myth” is not among the policy's references."),
    ],
)
def test_what_a_criterion_cannot_ask_is_refused_with_its_line(keys: dict[str, Any], sentence: str) -> None:
    [problem] = _problems(_with_criterion(**keys))
    assert problem.startswith("line ")
    assert "criteria[0]" in problem
    assert sentence in problem


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"tiers": [{"tier": "low", "from": 5, "title": "Low"}]}, "begins at 0 points"),
        (
            {"tiers": [{"tier": "low", "from": 0, "title": "A."}, {"tier": "high", "from": 0, "title": "B."}]},
            "A tier begins above the one before it.",
        ),
        ({"reopened_by": ["weather"]}, "No criterion asks for “weather”."),
        ({"reopened_by": ["data.weather"]}, "No criterion asks for “data.weather”."),
        ({"required_for": ["lunch"]}, "'lunch' is not one of"),
    ],
)
def test_a_questionnaire_that_cannot_work_is_refused_with_its_line(keys: dict[str, Any], sentence: str) -> None:
    problems = _problems(_with_risk(**keys))
    assert any(sentence in problem for problem in problems), problems
    assert all(problem.startswith("line ") for problem in problems)


def test_a_key_that_is_written_twice_and_a_day_that_does_not_exist_are_refused() -> None:
    text = policies.DEFAULT.read_text()
    with pytest.raises(loader.PolicyError, match=r"line 3: name: “name” is written twice"):
        loader.load(text.replace("name: default", "name: default\nname: other", 1))
    assert any(
        "is not a 'date'" in problem for problem in _problems(_document(references=[SOURCE | {"as_of": "2026-02-31"}]))
    )


def test_days_stay_text_whether_they_come_as_yaml_or_as_json() -> None:
    document = loader.load(policies.STRICTER.read_text())
    assert document["references"][0]["dates"][1]["day"] == "2025-02-02"
    assert loader.load(policies.as_yaml(document)) == document


def test_the_stricter_policy_names_a_source_for_every_criterion_and_all_four_dates_of_application() -> None:
    document = loader.load(policies.STRICTER.read_text())
    assert all(criterion["references"] for criterion in document["criteria"])
    days = {day["day"] for day in document["references"][0]["dates"]}
    assert days >= {"2025-02-02", "2025-08-02", "2026-08-02", "2027-08-02"}
    functions = {p["at"].split()[0] for c in document["criteria"] for p in c["references"] if p["to"] == "nist_ai_rmf"}
    assert functions == {"GOVERN", "MAP", "MEASURE", "MANAGE"}


def test_the_stricter_policy_asks_more_of_a_high_risk_than_of_a_minimal_one() -> None:
    policy = Policy(loader.load(policies.STRICTER.read_text()))
    gate = policy.gate_to("production")
    assert gate is not None
    minimal, high = policy.asked_by(gate, "minimal"), policy.asked_by(gate, "high")
    assert set(minimal) < set(high) == set(policy.asked_by(gate, "")) == set(gate.criteria)
    assert "human_oversight" not in minimal
    needed = {step.name: step.needed for step in policy.steps_for("advance:production", Facts(risk_tier="high")).steps}
    assert needed["Security"] == 2
    assert "Executive" in needed


@pytest.mark.django_db
def test_the_stricter_policy_is_kept_as_a_draft_once() -> None:
    policies.load_default()
    draft = policies.load_stricter()
    assert draft is not None
    assert (draft.label, draft.status) == ("eu_ai_act:1", "draft")
    assert policies.load_stricter() is None


@pytest.mark.django_db
def test_policies_of_two_names_stand_beside_each_other_and_one_begins_new_projects() -> None:
    policies.load_default()
    lead = person("lead")
    stricter = policies.load_stricter()
    assert stricter is not None
    policies.publish(policy_id=stricter.pk, new_projects=False, actor=lead)
    states = {row.label: (row.status, row.starts_projects) for row in PolicyVersion.objects.all()}
    assert states == {"default:1": ("published", True), "eu_ai_act:1": ("published", False)}
    assert ChecklistVersion.objects.get(is_current=True).policy_version == "default:1"
    again = policies.create_draft(
        source=policies.STRICTER.read_text().replace("title: EU", "title: The EU"), actor=lead
    )
    policies.publish(policy_id=again.pk, actor=lead)
    states = {row.label: (row.status, row.starts_projects) for row in PolicyVersion.objects.all()}
    assert states == {
        "default:1": ("published", False),
        "eu_ai_act:1": ("superseded", False),
        "eu_ai_act:2": ("published", True),
    }
    assert ChecklistVersion.objects.get(is_current=True).policy_version == "eu_ai_act:2"
