"""From a complete intake to a decision: who may decide, in which order, for exactly what."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.db import DatabaseError, connection, transaction

from coe_portal.core.errors import DomainError, GateClosed, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest, Decision
from governance.services import approvals, gates, intakes, policies
from projects.models import Project, Revision
from projects.services import checklist
from tests.factories import complete_intake, intake, organisation, person


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _submitted(**answers: object) -> ApprovalRequest:
    project = complete_intake(**answers)
    return intakes.submit(project_key=project.key, actor=person("domain")).approval


def _decide(request: ApprovalRequest, who: str, verdict: str = "approve", comment: str = "") -> ApprovalRequest:
    return approvals.decide(request_id=request.pk, verdict=verdict, comment=comment, actor=person(who))


def _waiting_for(request: ApprovalRequest) -> set[str]:
    return {
        user.username for user in User.objects.all() if ApprovalRequest.objects.awaiting(user).filter(pk=request.pk)
    }


def test_an_incomplete_intake_is_refused_with_everything_that_is_missing(people: dict[str, User]) -> None:
    project = intake(sponsor="")
    with pytest.raises(GateClosed) as caught:
        intakes.submit(project_key=project.key, actor=people["domain"])
    assert {item.code for item in caught.value.missing} == {
        "challenge", "baseline", "value", "users", "metric", "team", "data", "feasible", "sponsor",
    }  # fmt: skip
    project.refresh_from_db()
    assert (project.stage, project.revision) == ("intake", 0)


def test_submitting_keeps_a_revision_moves_the_stage_and_asks_the_lead_first(people: dict[str, User]) -> None:
    request = _submitted()
    project = Project.objects.get()
    assert (project.stage, project.revision, project.waiting_on) == ("qualification", 1, "CoE lead: any CoE lead")
    assert Revision.objects.get().content["answers"]["metric"]["target"] == 0.82
    assert _waiting_for(request) == {"lead"}


def test_lead_then_sponsor_approve_and_the_project_enters_the_poc(people: dict[str, User]) -> None:
    request = _submitted()
    _decide(request, "lead")
    assert _waiting_for(request) == {"sponsor"}
    _decide(request, "sponsor")
    project = Project.objects.get()
    assert (project.stage, project.waiting_on) == ("poc", "")
    assert set(project.criteria.values_list("status", flat=True)) == {"accepted"}
    assert [entry.actor for entry in AuditEntry.objects.filter(action="approval.decided").order_by("id")] == [
        people["lead"],
        people["sponsor"],
    ]


@pytest.mark.parametrize(
    ("classification", "asked"), [("internal", False), ("confidential", True), ("restricted", True)]
)
def test_security_is_asked_only_for_confidential_or_restricted_data(
    people: dict[str, User], classification: str, asked: bool
) -> None:
    request = _submitted(data={"classification": classification})
    names = list(request.steps.values_list("name", flat=True))
    assert ("Security" in names) is asked
    assert names[0] == "CoE lead"
    assert names[-1] == "Sponsor"


@pytest.mark.parametrize("who", ["domain", "scientist", "security", "sponsor", "auditor"])
def test_who_asked_or_does_not_hold_the_step_cannot_decide(people: dict[str, User], who: str) -> None:
    request = _submitted()
    with pytest.raises((NotAllowed, NotFound)):
        _decide(request, who)
    assert not Decision.objects.exists()


def test_a_lead_who_submits_cannot_approve_and_a_stranger_does_not_know_of_it(people: dict[str, User]) -> None:
    project = complete_intake(owner="lead")
    request = intakes.submit(project_key=project.key, actor=people["lead"]).approval
    with pytest.raises(NotAllowed, match="You asked for this"):
        _decide(request, "lead")
    with pytest.raises(NotFound):
        _decide(request, "stranger")
    assert request.note == "Nobody can decide the step “CoE lead” now: name somebody who did not ask for it."


def test_a_step_whose_only_holder_asked_goes_to_the_fallback_approver(people: dict[str, User]) -> None:
    project = complete_intake(owner="sponsor")
    request = intakes.submit(project_key=project.key, actor=people["sponsor"]).approval
    step = request.steps.get(name="Sponsor")
    assert (step.is_fallback, step.kind, step.value) == (True, "site_role", "coe_lead")


def test_asking_for_changes_sends_it_back_and_a_resubmission_is_a_new_revision(people: dict[str, User]) -> None:
    request = _submitted()
    with pytest.raises(InvalidInput, match="Say why"):
        _decide(request, "lead", "request_changes")
    _decide(request, "lead", "request_changes", "Name the baseline's source.")
    project = Project.objects.get()
    assert project.stage == "intake"
    answer = dict(project.criteria.get(code="baseline").answer) | {"how_measured": "Two assessors, 1,200 photos, May"}
    checklist.answer(project_key=project.key, code="baseline", answer=answer, actor=people["domain"])
    again = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    assert (again.revision, again.digest != request.digest) == (2, True)


def test_a_rejection_ends_the_project_with_the_reason_in_the_trail(people: dict[str, User]) -> None:
    request = _submitted()
    _decide(request, "lead", "reject", "A rule table does the same.")
    assert Project.objects.get().stage == "declined"
    assert AuditEntry.objects.get(action="approval.decided").comment == "A rule table does the same."


def test_what_changed_after_it_was_asked_is_not_approved(people: dict[str, User]) -> None:
    request = _submitted()
    Project.objects.update(summary="Something else entirely.")
    assert _decide(request, "lead").state == "void"
    assert not Decision.objects.exists()
    assert Project.objects.get().stage == "intake"


def test_answers_are_fixed_while_the_approvers_read_them(people: dict[str, User]) -> None:
    _submitted()
    with pytest.raises(StaleState, match="is with its approvers"):
        checklist.answer(project_key=Project.objects.get().key, code="users", answer={}, actor=people["domain"])


def test_nobody_decides_twice_and_a_closed_request_stays_closed(people: dict[str, User]) -> None:
    request = _submitted()
    _decide(request, "lead")
    with pytest.raises(NotAllowed):
        _decide(request, "lead")
    _decide(request, "sponsor")
    with pytest.raises(StaleState, match="is approved already"):
        _decide(request, "sponsor")


def test_only_the_requester_or_a_lead_withdraws(people: dict[str, User]) -> None:
    request = _submitted()
    with pytest.raises(NotAllowed, match="can withdraw"):
        approvals.withdraw(request_id=request.pk, actor=people["scientist"])
    assert approvals.withdraw(request_id=request.pk, actor=people["domain"]).state == "withdrawn"
    assert Project.objects.get().stage == "intake"


def test_the_database_keeps_decisions_final(people: dict[str, User]) -> None:
    _decide(_submitted(), "lead")
    with pytest.raises(DatabaseError, match="final"), transaction.atomic():
        Decision.objects.update(verdict="reject")


def _race(*moves: Callable[[], object]) -> list[str]:
    barrier, outcomes = threading.Barrier(len(moves)), []

    def run(move: Callable[[], object]) -> None:
        barrier.wait()
        try:
            move()
            outcomes.append("done")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(move,)) for move in moves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_two_approvers_of_one_step_at_the_same_instant_give_one_outcome() -> None:
    organisation()
    second = person("lead2", display_name="Nora Lang", site_roles=["coe_lead"])
    request = _submitted()
    lead = person("lead")
    outcomes = _race(
        lambda: approvals.decide(request_id=request.pk, verdict="approve", actor=lead),
        lambda: approvals.decide(request_id=request.pk, verdict="reject", comment="No.", actor=second),
    )
    assert outcomes[0] == "done"
    assert Decision.objects.count() == 1
    request.refresh_from_db()
    assert request.state in ("open", "rejected")
    assert (request.state == "rejected") == (Project.objects.get().stage == "declined")


@pytest.mark.django_db(transaction=True)
def test_the_last_approval_and_a_withdrawal_at_the_same_instant_give_one_outcome() -> None:
    organisation()
    request = _submitted()
    _decide(request, "lead")
    sponsor, domain = person("sponsor"), person("domain")
    outcomes = _race(
        lambda: approvals.decide(request_id=request.pk, verdict="approve", actor=sponsor),
        lambda: approvals.withdraw(request_id=request.pk, actor=domain),
    )
    assert outcomes == ["done", "stale_state"]
    request.refresh_from_db()
    assert (request.state, Project.objects.get().stage) in [("approved", "poc"), ("withdrawn", "intake")]


@pytest.mark.django_db(transaction=True)
def test_two_submissions_at_the_same_instant_make_one_request() -> None:
    organisation()
    key = complete_intake().key
    domain = person("domain")
    outcomes = _race(*[lambda: intakes.submit(project_key=key, actor=domain)] * 2)
    assert outcomes == ["done", "stale_state"]
    assert ApprovalRequest.objects.count() == 1


def test_a_run_may_start_only_after_the_approval_and_only_by_the_right_roles(people: dict[str, User]) -> None:
    request = _submitted()
    project = Project.objects.get()
    scientist = people["scientist"]

    def codes(who: User | None) -> list[str]:
        project.refresh_from_db()
        return [item.code for item in gates.check(project, "start_run", environment_kind="local", actor=who).missing]

    assert codes(scientist) == ["stage"]
    _decide(request, "lead")
    _decide(request, "sponsor")
    assert codes(scientist) == []
    assert codes(people["domain"]) == ["role"]
    assert codes(None) == []
    production = gates.check(project, "start_run", environment_kind="prod", actor=scientist)
    assert [item.code for item in production.missing] == ["stage"]


def test_an_ended_poc_refuses_new_runs(people: dict[str, User]) -> None:
    request = _submitted(feasible={"starts_on": "2025-01-01", "ends_on": "2025-03-01"})
    _decide(request, "lead")
    _decide(request, "sponsor")
    answer = gates.check(Project.objects.get(), "start_run", environment_kind="local", actor=people["scientist"])
    assert [item.code for item in answer.missing] == ["poc_ended"]


# Rules of the policy that the shipped one does not use everywhere


def _policy(change: Callable[[dict[str, Any]], None]) -> None:
    """Publish the shipped policy with one thing different."""
    document = yaml.safe_load(policies.DEFAULT.read_text())
    change(document)
    draft = policies.create_draft(source=policies.as_yaml(document), actor=person("lead"))
    policies.publish(policy_id=draft.pk, actor=person("lead"))


def _two_leads(document: dict[str, Any]) -> None:
    document["gates"][0]["approvals"][0]["needed"] = 2


def test_a_quorum_of_two_needs_two_different_people(people: dict[str, User]) -> None:
    _policy(_two_leads)
    person("lead2", site_roles=["coe_lead"])
    request = _submitted()
    _decide(request, "lead")
    with pytest.raises(StaleState, match="needs somebody else too"):
        _decide(request, "lead")
    assert _waiting_for(request) == {"lead2"}
    with pytest.raises(NotAllowed, match="waits for coe lead"):
        _decide(request, "sponsor")
    _decide(request, "lead2")
    assert _waiting_for(request) == {"sponsor"}


def test_a_quorum_that_too_few_people_can_reach_is_said_on_the_request(people: dict[str, User]) -> None:
    _policy(_two_leads)
    request = _submitted()
    assert request.note == "The step “CoE lead” needs 2 people and only 1 can decide it: name one who did not ask."
    assert (request.state, request.steps.get(position=1).needed) == ("open", 2)


def test_without_a_fallback_approver_the_request_says_that_nobody_can_decide(people: dict[str, User]) -> None:
    _policy(lambda document: document.pop("fallback_approver"))
    project = complete_intake(owner="sponsor")
    request = intakes.submit(project_key=project.key, actor=people["sponsor"]).approval
    assert request.note == "Nobody can decide the step “Sponsor” now: name somebody who did not ask for it."
    step = request.steps.get(name="Sponsor")
    assert (request.state, step.is_fallback, step.person) == ("open", False, people["sponsor"])


def test_lead_security_and_sponsor_decide_in_this_order_and_in_no_other(people: dict[str, User]) -> None:
    request = _submitted(data={"classification": "confidential"})
    order = ["lead", "security", "sponsor"]
    for position, who in enumerate(order):
        assert _waiting_for(request) == {who}
        for other in order[position + 1 :]:
            with pytest.raises(NotAllowed, match="not for you"):
                _decide(request, other)
        _decide(request, who)
    assert Project.objects.get().stage == "poc"
    assert list(Decision.objects.order_by("pk").values_list("actor__username", flat=True)) == order


@pytest.mark.parametrize("who", ["requester", "owner"])
def test_whoever_asked_or_owns_it_never_decides_whatever_else_they_are(people: dict[str, User], who: str) -> None:
    project = complete_intake(owner="domain")
    project.sponsor = people["domain"]
    project.save()
    asks = "domain" if who == "requester" else "scientist"
    request = intakes.submit(project_key=project.key, actor=people[asks]).approval
    User.objects.filter(username="domain").update(
        site_roles=["coe_lead", "executive"], approver_groups=["security", "finance", "data_owner"]
    )
    everything = User.objects.get(username="domain")
    with pytest.raises(NotAllowed, match="somebody else decides"):
        approvals.decide(request_id=request.pk, verdict="approve", actor=everything)
    assert "domain" not in _waiting_for(request)
    assert not Decision.objects.exists()


def _change_budget(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(poc_budget=1)


def _change_answer(project: Project) -> None:
    criterion = project.criteria.get(code="value")
    criterion.answer |= {"likely": 999999}
    criterion.save()


def _change_team(project: Project) -> None:
    project.members.get(user__username="scientist").delete()


@pytest.mark.parametrize("change", [_change_budget, _change_answer, _change_team])
@pytest.mark.parametrize("decided", [0, 1])
def test_any_change_of_what_was_asked_voids_the_request_whoever_decided_already(
    people: dict[str, User], change: Callable[[Project], None], decided: int
) -> None:
    request = _submitted()
    for who in ("lead", "sponsor")[:decided]:
        _decide(request, who)
    change(Project.objects.get())
    assert _decide(request, ("lead", "sponsor")[decided]).state == "void"
    assert (Decision.objects.count(), Project.objects.get().stage) == (decided, "intake")
    assert AuditEntry.objects.filter(action="approval.void").count() == 1


@pytest.mark.parametrize("action", ["fly", "", "start_run; drop table"])
def test_an_unknown_action_is_refused(people: dict[str, User], action: str) -> None:
    answer = gates.check(intake(), action)
    assert (answer.allowed, answer.missing[0].code) == (False, "unknown_action")


def test_a_gate_that_breaks_stays_closed(people: dict[str, User]) -> None:
    project = intake()
    project.policy_version = "gone:9"
    answer = gates.check(project, "start_run")
    assert (answer.allowed, answer.missing[0].code) == (False, "gate_error")
