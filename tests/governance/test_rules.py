"""Approval rules as data: who must agree to an action, given what is known."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from governance.policies import loader
from governance.policies.document import Policy
from governance.policies.rules import Facts, Holder, covers, part_of, steps_for
from governance.services import policies

BEFORE = Path(__file__).parent / "policy_before_rules.yaml"
LOW = Facts(Decimal(1000), "low", "internal", "dev")


def _policy(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"gates": [], "approvals": list(rules)}


def _rule(action: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"action": action, "steps": [{"needed": 1, "days": 2, **step} for step in steps], **more}


LEAD, SECURITY = {"name": "CoE lead", "site_role": "coe_lead"}, {"name": "Security", "group": "security"}
FINANCE = {"name": "Finance", "group": "finance"}


def _names(document: dict[str, Any], action: str, facts: Facts = LOW) -> list[str]:
    return [step.name for step in steps_for(document, action, facts).steps]


@pytest.mark.parametrize(
    ("when", "facts", "applies"),
    [
        ({"amount": {"min": 5000}}, Facts(Decimal(4999)), False),
        ({"amount": {"min": 5000}}, Facts(Decimal(5000)), True),
        ({"amount": {"max": 5000}}, Facts(Decimal(5001)), False),
        ({"amount": {"min": 5000}}, Facts(None), True),
        ({"risk_tier": ["high"]}, Facts(risk_tier="low"), False),
        ({"risk_tier": ["high"]}, Facts(risk_tier=""), True),
        ({"data_classification": ["restricted"]}, Facts(data_classification="public"), False),
        ({"environment_kind": ["prod"]}, Facts(environment_kind="dev"), False),
        ({"environment_kind": ["prod"], "risk_tier": ["low"]}, Facts(None, "low", "", "prod"), True),
    ],
)
def test_a_rule_applies_when_its_conditions_are_met_and_unknown_is_strict(
    when: dict[str, Any], facts: Facts, applies: bool
) -> None:
    on_the_rule = _policy(_rule("waive", LEAD, when=when))
    on_the_step = _policy(_rule("waive", {**LEAD, "when": when}))
    for document in (on_the_rule, on_the_step):
        assert _names(document, "waive", facts) == (["CoE lead"] if applies else [])


@given(
    st.decimals(0, 10**6, allow_nan=False),
    st.sampled_from(["low", "medium", "high"]),
    st.sampled_from(["public", "restricted"]),
)
def test_what_is_not_known_never_asks_fewer_people(amount: Decimal, tier: str, data: str) -> None:
    document = _policy(
        _rule("waive", LEAD, when={"amount": {"min": 100}}),
        _rule("waive", SECURITY, when={"risk_tier": ["high"]}),
        _rule("waive", FINANCE, when={"data_classification": ["restricted"]}),
    )
    known = set(_names(document, "waive", Facts(amount, tier, data)))
    for less in (Facts(None, tier, data), Facts(amount, "", data), Facts(amount, tier, ""), Facts()):
        assert known <= set(_names(document, "waive", less))


def test_steps_with_the_same_order_run_in_parallel_and_without_one_in_sequence() -> None:
    parallel = _policy(_rule("waive", {**LEAD, "order": 1}, {**SECURITY, "order": 1}, {**FINANCE, "order": 2}))
    assert [step.order for step in steps_for(parallel, "waive", LOW).steps] == [1, 1, 2]
    in_sequence = _policy(_rule("waive", LEAD, SECURITY))
    assert [step.order for step in steps_for(in_sequence, "waive", LOW).steps] == [1, 2]


def test_a_holder_that_two_rules_name_is_asked_once_with_the_stricter_demand() -> None:
    document = _policy(
        _rule("waive", {**LEAD, "days": 5, "fields": ["name"]}), _rule("waive", {**LEAD, "needed": 2, "days": 3})
    )
    [step] = steps_for(document, "waive", LOW).steps
    assert (step.needed, step.days, step.fields) == (2, 3, ())


def test_a_rule_adds_to_the_steps_of_a_gate() -> None:
    gate = {"to": "poc", "approvals": [{"needed": 1, "days": 3, **LEAD}]}
    document = {"gates": [gate], "approvals": [_rule("advance:poc", FINANCE, when={"amount": {"min": 50_000}})]}
    assert _names(document, "advance:poc", Facts(Decimal(10))) == ["CoE lead"]
    assert _names(document, "advance:poc", Facts(Decimal(50_000))) == ["CoE lead", "Finance"]


def test_an_action_without_a_rule_has_no_step() -> None:
    assert _names(_policy(), "waive") == []
    assert _names(_policy(_rule("waive", LEAD)), "waive_all") == []


def test_breaking_the_glass_needs_lead_and_security_under_every_policy() -> None:
    for document in (_policy(), _policy(_rule("break_glass", LEAD, SECURITY, when={"risk_tier": ["high"]}))):
        steps = steps_for(document, "break_glass:start_run:prod", LOW).steps
        assert [(step.holder, step.order) for step in steps] == [
            (Holder("site_role", "coe_lead"), 1),
            (Holder("group", "security"), 1),
        ]


@pytest.mark.parametrize("tier", ["", "low", "high"])
@pytest.mark.parametrize("data", ["", "internal", "restricted"])
def test_a_document_that_was_published_before_still_means_the_same(tier: str, data: str) -> None:
    """The file is the shipped policy as it was before approval rules, parallel steps and fields existed."""
    document = loader.load(BEFORE.read_text())
    for gate in document["gates"]:
        expected = [
            (rule["name"], rule["needed"], rule["days"])
            for rule in gate["approvals"]
            if not data or data in rule.get("when", {}).get("data_classification", [data])
        ]
        steps = Policy(document).steps_for(f"advance:{gate['to']}", Facts(None, tier, data)).steps
        assert [(step.name, step.needed, step.days) for step in steps] == expected
        assert len({step.order for step in steps}) == len(steps)
        assert all(step.fields == () and step.escalate_to is None for step in steps)


def _problems(**changes: Any) -> list[str]:
    document = yaml.safe_load(policies.DEFAULT.read_text()) | changes
    with pytest.raises(loader.PolicyError) as caught:
        loader.load(yaml.safe_dump(document, sort_keys=False))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (_rule("advance:moon", LEAD), "No gate leads to “moon”."),
        (_rule("break_glass", LEAD), "needs two people"),
        (_rule("break_glass", LEAD, {**SECURITY, "when": {"risk_tier": ["high"]}}), "needs two people"),
        (_rule("waive", {**LEAD, "order": 1}, SECURITY), "Either every step has an order or none"),
        (_rule("waive", {"name": "Owner", "person": "owner", "needed": 2}), "One person gives one approval."),
        (_rule("waive", LEAD, when={"amount": {"min": 9, "max": 2}}), "would never apply"),
        (_rule("waive", {**LEAD, "group": "finance"}), "Name exactly one of site_role, group, person"),
        (_rule("waive", {**LEAD, "escalate_to": {}}), "non-empty"),
        (_rule("Waive!", LEAD), "does not match"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_its_line(rule: dict[str, Any], sentence: str) -> None:
    [problem] = _problems(approvals=[rule])
    assert sentence in problem
    assert problem.startswith("line ")
    assert "approvals[0]" in problem


def test_parts_of_a_specification_and_which_step_answers_for_a_place() -> None:
    said = {"answers": {"data": {"labelled": "yes"}}, "risk_tier": "low"}
    assert part_of(said, ["answers.data", "risk_tier", "gone.away"]) == {
        "answers.data": {"labelled": "yes"},
        "risk_tier": "low",
        "gone.away": None,
    }
    assert covers(["answers.data"], "answers.data.labelled")
    assert covers(["answers.data.labelled"], "answers.data")
    assert covers([], "anything")
    assert not covers(["answers.data"], "answers.database")
