"""Real threads on real PostgreSQL: two leads, two sets of weights, a decision against an approval."""

import pytest

from governance.models import IntakeDecision, ScoringVersion
from governance.services import qualification
from governance.services.qualification import Wish
from projects.models import JoinRequest, Project
from projects.services import joining
from tests.factories import intake, organisation, person
from tests.governance.requests import decide, submitted
from tests.governance.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


def _second() -> None:
    organisation()
    person("second", display_name="Ana Prior", site_roles=["coe_lead"])


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_leads_at_once_decide_an_intake_once(number: int) -> None:
    _second()
    key = submitted().project.key
    fund, decline = Wish("fund", "Worth it."), Wish("decline", "Not worth it.")
    outcomes = at_once(
        lambda: qualification.decide_intake(project_key=key, wish=fund, actor=person("lead")),
        lambda: qualification.decide_intake(project_key=key, wish=decline, actor=person("second")),
    )
    assert sorted(outcomes) == ["done", "stale_state"]
    outcome, stage = IntakeDecision.objects.get().outcome, Project.objects.get().stage
    assert (outcome, stage) in (("fund", "qualification"), ("decline", "declined"))


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_decision_and_an_approval_of_the_same_step_are_one_voice(number: int) -> None:
    _second()
    request = submitted()
    wish = Wish("fund", "Worth it.")
    outcomes = at_once(
        lambda: qualification.decide_intake(project_key=request.project.key, wish=wish, actor=person("lead")),
        lambda: decide(request, "second"),
    )
    assert outcomes.count("done") == 1 and request.decisions.count() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_weights_saved_at_once_are_two_numbers_or_one_refusal(number: int) -> None:
    _second()
    one = {"value": 40, "feasibility": 20, "data_readiness": 20, "risk": 20}
    other = {"value": 20, "feasibility": 40, "data_readiness": 20, "risk": 20}
    outcomes = at_once(
        lambda: qualification.save_weights(weights=one, reason="Value first of all.", actor=person("lead")),
        lambda: qualification.save_weights(weights=other, reason="Feasibility first.", actor=person("second")),
    )
    numbers = sorted(ScoringVersion.objects.values_list("number", flat=True))
    assert numbers == list(range(1, outcomes.count("done") + 1)) and set(outcomes) <= {"done", "stale_state"}


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_wish_to_join_is_answered_once(number: int) -> None:
    _second()
    project = intake()
    wish = joining.ask(project_key=project.key, actor=person("sponsor"))
    outcomes = at_once(
        lambda: joining.decide(request_id=wish.pk, accept=True, roles=["data_engineer"], actor=person("domain")),
        lambda: joining.decide(request_id=wish.pk, accept=False, answer="We are full.", actor=person("lead")),
    )
    assert sorted(outcomes) == ["done", "stale_state"]
    state = JoinRequest.objects.get().state
    assert project.members.filter(user=person("sponsor")).exists() == (state == "joined")
