"""Real threads on real PostgreSQL: whatever comes together has one outcome."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from coe_portal.core.errors import DomainError
from governance.models import ApprovalRequest, Decision
from governance.services import approvals, delegations, intakes
from projects.models import Project
from projects.services import projects
from tests.factories import organisation, person
from tests.governance.requests import decide, gate_with, publish, submitted

pytestmark = pytest.mark.django_db(transaction=True)
LEAD, SECURITY = {"name": "CoE lead", "site_role": "coe_lead"}, {"name": "Security", "group": "security"}
ROUNDS = 4


def at_once(*moves: Callable[[], object]) -> list[str]:
    """What came of each move, in order: done, or the code of the refusal. Anything else is raised."""
    barrier = threading.Barrier(len(moves))
    outcomes, broken = [""] * len(moves), []

    def run(number: int, move: Callable[[], object]) -> None:
        barrier.wait()
        try:
            move()
            outcomes[number] = "done"
        except DomainError as error:
            outcomes[number] = error.code
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(moves)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    return outcomes


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_last_approvers_of_parallel_steps_approve_once(number: int) -> None:
    organisation()
    publish(gates=gate_with({**LEAD, "order": 1}, {**SECURITY, "order": 1}))
    request = submitted()
    outcomes = at_once(lambda: decide(request, "lead"), lambda: decide(request, "security"))
    assert outcomes == ["done", "done"]
    request.refresh_from_db()
    assert (request.state, Project.objects.get().stage) == ("approved", "poc")
    assert set(request.steps.values_list("state", flat=True)) == {"done"}
    assert Decision.objects.count() == 2


@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_last_two_of_a_quorum_approve_once_and_a_third_is_too_late(number: int) -> None:
    organisation()
    for name in ("lead2", "lead3"):
        person(name, display_name=name.title(), site_roles=["coe_lead"])
    publish(gates=gate_with({**LEAD, "needed": 2}))
    request = submitted()
    outcomes = at_once(*(lambda who=who: decide(request, who) for who in ("lead", "lead2", "lead3")))  # type: ignore[misc]
    assert sorted(outcomes) == ["done", "done", "stale_state"]
    request.refresh_from_db()
    assert request.state == "approved"


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_approval_and_a_change_of_what_is_approved(number: int) -> None:
    """Either the approval is for what was asked and the change comes after, or the request is void."""
    organisation()
    first = submitted()
    decide(first, "lead")
    decide(first, "sponsor")
    publish_key = Project.objects.get().key
    request = intakes.advance(project_key=publish_key, actor=person("domain")).approval
    decide(request, "lead")
    decide(request, "security")
    seen: list[str] = []

    def change() -> None:
        projects.update_project(project_key=publish_key, changes={"summary": "Another thing."}, actor=person("domain"))
        seen.append(ApprovalRequest.objects.get(pk=request.pk).state)

    outcomes = at_once(lambda: decide(request, "sponsor"), change)
    assert outcomes == ["done", "done"]
    request.refresh_from_db()
    project = Project.objects.get()
    if request.state == "approved":
        assert request.specification["summary"] != "Another thing."
        assert project.stage == "production_ready"
        assert Decision.objects.get(request=request, actor=person("sponsor")).digest == request.digest
    else:
        assert (request.state, project.stage) == ("void", "poc")
        assert not Decision.objects.filter(request=request, actor=person("sponsor")).exists()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_approval_and_a_withdrawal(number: int) -> None:
    organisation()
    request = submitted()
    decide(request, "lead")
    outcomes = at_once(
        lambda: decide(request, "sponsor"), lambda: approvals.withdraw(request_id=request.pk, actor=person("domain"))
    )
    assert sorted(outcomes) == ["done", "stale_state"]
    request.refresh_from_db()
    expected = ("approved", "poc") if outcomes[0] == "done" else ("withdrawn", "intake")
    assert (request.state, Project.objects.get().stage) == expected


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_delegate_and_their_principal_are_one_voice(number: int) -> None:
    organisation()
    person("lead2", display_name="Nora Lang", site_roles=["coe_lead"])
    publish(gates=gate_with({**LEAD, "needed": 2}))
    today = timezone.localdate()
    delegations.delegate(to="dataengineer", starts_on=today, ends_on=today, actor=person("lead"))
    request = submitted()
    outcomes = at_once(lambda: decide(request, "lead"), lambda: decide(request, "dataengineer"))
    assert "done" in outcomes
    assert outcomes.count("done") == 1
    assert Decision.objects.count() == 1
    request.refresh_from_db()
    assert request.state == "open"


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_overlapping_delegations(number: int) -> None:
    organisation()
    today = timezone.localdate()

    def give(to: str) -> None:
        delegations.delegate(to=to, starts_on=today, ends_on=today, actor=person("lead"))

    outcomes = at_once(lambda: give("security"), lambda: give("dataengineer"))
    assert sorted(outcomes) == ["done", "overlapping_delegation"]
