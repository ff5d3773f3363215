"""Mistakes in a policy that would go unnoticed until they harm: each is refused with its line and a reason."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from coe_portal.core.models import User
from governance.models import ApprovalRequest
from governance.models.delegations import ACTION_WORDS
from governance.policies import known_parts, loader
from governance.policies.document import Policy
from governance.policies.rules import Facts
from governance.services import break_glass, consequences, poc_decisions, policies, waivers
from tests.core.conftest import bearer
from tests.factories import intake, organisation
from tests.governance.data import asked, in_poc, people, request_of

__all__ = ["people"]
REASON = "The laboratory answers only in March; nothing is released until then."

SOURCE = policies.DEFAULT.read_text()
SINGLE = "[problem, ml_needed, alternative]"


def _problems(text: str) -> list[str]:
    with pytest.raises(loader.PolicyError) as caught:
        loader.load(text)
    return [str(problem) for problem in caught.value.problems]


def _line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        (
            "- action: extend_poc",
            "- action: extend_pocs",
            "Nobody asks for “extend_pocs”. Known: advance,",
        ),
        ("- action: extend_poc", "- action: extend_poc:more", "has no kinds: leave “:more” out."),
        ("- action: waive:data", "- action: waive:dta", "No criterion has the code “dta”"),
        ("- action: break_glass", "- action: break_glass:lauch", "stands one of start_run,"),
        (
            "fields: [answers.data, answers.users",
            "fields: [answers.dta, answers.users",
            "has the code “dta”. Known: chall",
        ),
        ("fields: [answers.data, answers.users", "fields: [answers.data.clas, name", "“data” has no field “clas”."),
        ("fields: [answers.data, answers.users", "fields: [anwers.data, name", "no part “anwers”. Known: key, name,"),
        (
            "fields: [answers.data, answers.users",
            "fields: [poc.end, name",
            "The plan has no part “end”. Known: starts",
        ),
        (f"required: {SINGLE}", "required: [problm, alternative]", "“problm” is required and no field, so nobody"),
        ("problem: { type: string, title", "problem: { title", "A field is one of string, number, integer,"),
        ("problem: { type: string, title", "problem: { type: boolean, title", "A field is one of string,"),
        ("problem: { type: string, title", "_problem: { type: string, title", "begins with an underscore"),
        ('enum: ["yes", unsure, "no"]', "enum: [yes, unsure, no]", "Write yes and no in quotes"),
        ("    to: production_ready", "    to: production", "The gate that leaves “poc” leads to “production_ready”."),
        ("from: qualification", "from: intake", "No gate leaves “intake”. Gates leave qualification, poc,"),
        ("ends: [stopped,", "ends: [poc,", "A project in “poc” has not ended. Ends: retired, declined, stopped."),
        ("title: The default journey", 'title: "The \\0 journey"', "Remove the control characters"),
        ("title: The default journey", 'title: "The \\ud800 journey"', "Remove the control characters"),
        ("maximum: 1000000000 }", "maximum: .nan }", "“.nan” is no number that can be compared."),
        ("needed: 1, days: 3", "neded: 1, days: 3", "“neded” is not known here. Known: name, site_role,"),
        ("name: CoE lead, site_role: coe_lead, ", "name: CoE lead, ", "Name exactly one of site_role, group, person,"),
    ],
)
def test_a_mistake_is_named_where_it_was_made(right: str, wrong: str, reason: str) -> None:
    assert right in SOURCE
    text = SOURCE.replace(right, wrong, 1)
    problem = next(problem for problem in _problems(text) if reason in problem)
    named = re.match(r"line (\d+): ", problem)
    assert named and abs(int(named[1]) - _line_of(text, wrong)) <= 3, problem


def test_a_stage_that_no_gate_leaves_is_named() -> None:
    document = yaml.safe_load(SOURCE)
    document["gates"] = [gate for gate in document["gates"] if gate["from"] != "poc"]
    found = _problems(policies.as_yaml(document))
    assert any("No gate leaves “poc”, so projects would stay there for ever." in problem for problem in found)


def test_a_gate_that_nobody_approves_for_some_projects_is_named() -> None:
    document = yaml.safe_load(SOURCE)
    document["gates"][0]["approvals"] = [step for step in document["gates"][0]["approvals"] if "when" in step]
    [problem] = _problems(policies.as_yaml(document))
    assert "gates[0].approvals: Every step has a condition" in problem
    step = {"name": "Finance", "group": "finance", "needed": 1, "order": 9, "days": 5}
    document["approvals"].append({"action": "advance:poc", "steps": [step]})
    assert loader.load(policies.as_yaml(document)), "a rule for the gate asks somebody whatever the facts"


def test_a_rule_for_every_gate_is_one() -> None:
    document = yaml.safe_load(SOURCE)
    step = {"name": "Finance", "group": "finance", "needed": 1, "order": 9, "days": 5}
    document["approvals"].append({"action": "advance", "steps": [step]})
    policy = Policy(loader.load(policies.as_yaml(document)))
    for gate in policy.gates:
        assert "Finance" in [rule.name for rule in policy.steps_for(f"advance:{gate.target}", Facts()).steps]


def test_a_misspelt_key_of_a_block_is_named_on_its_own_line() -> None:
    text = SOURCE.replace("    expires_after_days: 365\n", "    expires_after_dys: 365\n", 1)
    [problem] = _problems(text)
    assert problem.startswith(f"line {_line_of(text, 'expires_after_dys')}: criteria[2].expires_after_dys: ")


@pytest.mark.parametrize("text", ["name: &a [*a]\n", SOURCE + "\nmore: &b {c: *b}\n"])
def test_a_policy_that_refers_to_itself_is_refused(text: str) -> None:
    assert "refers to itself" in " ".join(_problems(text))


def test_aliases_that_make_millions_of_parts_are_refused_at_once() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{now}: &{now} [{', '.join([f'*{before}'] * 9)}]" for before, now in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    [problem] = _problems("\n".join(lines))
    assert "more than 50,000 parts" in problem


def test_an_alias_that_is_only_used_again_is_fine() -> None:
    text = SOURCE.replace("needed: 1, order: 1, days: 1 }", "needed: &one 1, order: *one, days: *one }", 1)
    assert loader.load(text) == loader.load(SOURCE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (SOURCE, "name: &a [*a]"),
        ("title: The default journey", 'title: "The \\ud800 journey"'),
        ("weight: 14", "weight: .inf"),
    ],
    ids=["loop", "half a character", "infinite"],
)
def test_the_page_and_the_api_answer_it_as_a_mistake(right: str, wrong: str, client: Client) -> None:
    people, text = organisation(), SOURCE.replace(right, wrong)
    headers = bearer(people["lead"], "write", "admin")
    refused = client.post("/api/v1/policies/", {"source": text}, content_type="application/json", headers=headers)
    assert refused.status_code == 400 and "line " in str(refused.json()["errors"]), refused.content
    client.force_login(people["lead"])
    assert client.post("/policies/new/", {"source": text}).status_code == 422


def test_what_people_approve_is_what_policies_know() -> None:
    assert set(known_parts.PARTS) == set(consequences._kinds) == set(ACTION_WORDS)


def test_the_parts_that_policies_know_are_those_that_are_approved(people: dict[str, User]) -> None:
    project = in_poc()
    gate = ApprovalRequest.objects.get(project=project)
    assert set(gate.specification["poc"]) == set(known_parts.POC)
    glass = break_glass.ask(project_key=project.key, action="deploy", hours=1, reason=REASON, actor=people["domain"])
    day = timezone.localdate() + timedelta(days=20)
    waiver = waivers.ask(
        project_key=intake("Another idea").key, code="value", ends_on=day, reason=REASON, actor=people["domain"]
    )
    wish = poc_decisions.Wish("extend", REASON, added_budget=Decimal(500))
    extension = poc_decisions.decide(project_key=project.key, wish=wish, actor=people["domain"]).request
    data = request_of(asked(project))
    for request in (gate, glass, waiver, data):
        assert set(request.specification) == set(known_parts.PARTS[request.action.partition(":")[0]]), request.action
    assert extension is not None and set(extension.specification) < set(known_parts.PARTS["extend_poc"])
