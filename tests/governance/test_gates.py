"""Gates fail closed, say what is met and what is missing, and explain every button that is switched off."""

import re
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coe_portal.core.errors import GateClosed
from coe_portal.core.models import User
from governance.models import ApprovalRequest
from governance.services import gate_lists, gates
from projects.models import Project
from tests.factories import complete_intake, intake, organisation, person
from tests.governance.requests import decide, submitted

pytestmark = pytest.mark.django_db
KINDS = ("", "local", "sandbox", "dev", "staging", "prod")
# Everything that a gate asks; each of them may break at any time.
PARTS = (
    "governance.services.policies.policy_of",
    "governance.services.conditions.missing",
    "governance.services.findings.open_in",
    "governance.services.findings.closing",
    "governance.services.gate_demands.missing_for_gate",
    "governance.services.gates._facts",
    "governance.services.gates._wrong_stage",
    "governance.services.poc_clock.missing",
    "governance.services.gates._wrong_person",
    "governance.services.gate_demands.unknown_class",
)
ERRORS = (ValueError, KeyError, AttributeError, TypeError, ZeroDivisionError, RecursionError, LookupError, OSError)


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@pytest.fixture
def project(people: dict[str, User]) -> Project:
    """In its proof of concept, where a run in a sandbox may start."""
    request: ApprovalRequest = submitted()
    decide(request, "lead")
    decide(request, "sponsor")
    return Project.objects.get(pk=request.project_id)


def _called_for(part: str, action: str) -> bool:
    """Whether this gate asks this part at all: only then can it be closed by its error."""
    for_advance = {"gate_demands.missing_for_gate"}
    name = part.removeprefix("governance.services.")
    if action == "advance":
        return name in for_advance | {"gate_demands.unknown_class"}
    if name == "poc_clock.missing":
        return action == "start_run"  # the only one that is bound to the dates of the proof of concept
    return name not in for_advance | {"conditions.missing", "findings.open_in"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    action=st.sampled_from(gates.ACTIONS),
    kind=st.sampled_from(KINDS),
    part=st.sampled_from(PARTS),
    error=st.sampled_from(ERRORS),
    who=st.sampled_from(["scientist", "devops", "lead", "auditor"]),
)
def test_no_gate_opens_when_something_that_it_asks_breaks(
    project: Project, action: str, kind: str, part: str, error: type[Exception], who: str
) -> None:
    actor = person(who)
    whole = gates.check(project, action, environment_kind=kind, actor=actor)
    with patch(part, side_effect=error("broken")):
        answer = gates.check(project, action, environment_kind=kind, actor=actor)
    if _called_for(part, action):
        assert not answer.allowed and answer.missing[0].code == "gate_error"
    assert answer.allowed <= whole.allowed


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(action=st.text(max_size=20), kind=st.text(max_size=10), tier=st.text(min_size=1, max_size=10))
def test_no_gate_opens_for_an_action_a_place_or_a_tier_that_nobody_knows(
    project: Project, action: str, kind: str, tier: str
) -> None:
    actor = person("scientist")
    if action not in gates.ACTIONS:
        assert [item.code for item in gates.check(project, action, actor=actor).missing] == ["unknown_action"]
    if kind not in KINDS:
        answer = gates.check(project, "start_run", environment_kind=kind, actor=actor)
        assert [item.code for item in answer.missing] == ["unknown_environment"]
    for field in ("risk_tier", "data_classification"):
        odd = Project.objects.get(pk=project.pk)
        setattr(odd, field, f"{tier}?")
        answer = gates.check(odd, "start_run", environment_kind="dev", actor=actor)
        assert [item.code for item in answer.missing] == ["unknown_class"]
        with pytest.raises(GateClosed, match="No gate knows"):
            gates.require(odd, "start_run", environment_kind="dev", actor=actor)


def test_an_error_is_told_without_its_inside_and_what_is_met_is_not_claimed(project: Project) -> None:
    with patch("governance.services.gates._wrong_stage", side_effect=ValueError("a secret")):
        row = gate_lists.lists(project, gate_lists.ALL[1:2], person("scientist"))[0]
    assert (row.answer.allowed, row.met) == (False, ())
    assert "a secret" not in str(row.answer.missing) and "stays closed" in row.answer.missing[0].message


def _shown(project: Project, who: str) -> dict[str, gate_lists.GateList]:
    return {row.wanted.action: row for row in gate_lists.lists(project, gate_lists.ALL, person(who))}


def test_each_gate_lists_what_is_met_and_what_is_missing(project: Project) -> None:
    shown = _shown(project, "scientist")
    assert set(shown) == set(gates.ACTIONS)
    run = shown["start_run"]
    assert run.answer.allowed and "You are data scientist in the team" in run.met
    assert any(sentence.startswith("The proof of concept goes on for") for sentence in run.met)
    deploy = shown["deploy"]
    assert {item.code for item in deploy.answer.missing} == {"stage", "role"}
    assert deploy.met == ("No condition is overdue", "No finding closes it")
    nobody = _shown(intake("Meter reading", owner="stranger", sponsor=""), "stranger")["advance"]
    assert "sponsor" in {item.code for item in nobody.answer.missing}
    assert not any(sentence.startswith("The sponsor") for sentence in nobody.met)


def test_what_is_met_and_what_is_missing_never_speak_of_the_same(project: Project) -> None:
    ready = complete_intake("Route planning")
    advance = _shown(ready, "domain")["advance"]
    assert advance.answer.allowed and "Business challenge is answered" in advance.met
    assert "The sponsor is named" in advance.met
    stranger = _shown(ready, "security")["advance"]
    assert "Only the team of" in stranger.answer.missing[0].message


def test_a_button_that_is_switched_off_names_its_reasons(project: Project, client: Client) -> None:
    client.force_login(person("auditor"))
    part = client.get(f"/projects/{project.key}/gate/", headers={"HX-Request": "true"}).content.decode()
    off = re.findall(r'<button class="btn btn-sm" type="button" aria-disabled="true" aria-describedby="([^"]+)">', part)
    assert off == ["why-advance", "why-start-run"]
    for anchor in off:
        reasons = part.partition(f'id="{anchor}"')[2].partition("</ul>")[0]
        assert "<li>" in reasons
    assert "Auditors read everything and change nothing" in part
    client.force_login(person("scientist"))
    part = client.get(f"/projects/{project.key}/gate/", headers={"HX-Request": "true"}).content.decode()
    assert f'href="/projects/{project.key}/runs/new/">Launch a run' in part
    assert "Grant" not in part and "Have data granted" in client.get(f"/projects/{project.key}/gate/").content.decode()


def _everything(project: Project, who: str) -> list[Any]:
    return [
        gates.check(project, action, environment_kind=kind, actor=person(who))
        for action in gates.ACTIONS
        for kind in KINDS
    ]


def test_reading_once_for_all_gates_answers_as_reading_for_each(project: Project) -> None:
    known = gates.Known(project, person("scientist"))
    together = [
        gates.check(project, action, environment_kind=kind, actor=person("scientist"), known=known)
        for action in gates.ACTIONS
        for kind in KINDS
    ]
    assert together == _everything(project, "scientist")
