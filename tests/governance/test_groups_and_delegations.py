"""Parallel steps, quorums, and deciding for somebody else."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, User
from coe_portal.core.services.people import tell_activity
from coe_portal.core.story import told as told_in_words
from governance import permissions
from governance.models import ApprovalRequest, Decision, Delegation, Notification
from governance.services import delegations, intakes
from governance.services.approvals import staffing
from projects.models import BusinessUnit, Project
from tests.core.conftest import bearer
from tests.factories import complete_intake, organisation, person, unit
from tests.governance.requests import decide, gate_with, publish, submitted

pytestmark = pytest.mark.django_db
LEAD, SECURITY = {"name": "CoE lead", "site_role": "coe_lead"}, {"name": "Security", "group": "security"}
SPONSOR = {"name": "Sponsor", "person": "sponsor"}


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def deliver() -> None:
    while outbox.deliver_next():
        pass


def _awaiting(who: str) -> bool:
    return ApprovalRequest.objects.awaiting(person(who)).exists()


def _delegate(giver: str, to: str, days: int = 7, **more: Any) -> Delegation:
    today = timezone.localdate()
    return delegations.delegate(
        **{"to": to, "starts_on": today, "ends_on": today + timedelta(days=days), "actor": person(giver), **more}
    )


def test_parallel_steps_wait_together_and_the_next_group_for_both(people: dict[str, User]) -> None:
    publish(gates=gate_with({**LEAD, "order": 1}, {**SECURITY, "order": 1}, {**SPONSOR, "order": 2}))
    request = submitted()
    assert Project.objects.get().waiting_on == "CoE lead: any CoE lead; Security: anyone of Security"
    assert [_awaiting(who) for who in ("lead", "security", "sponsor")] == [True, True, False]
    decide(request, "security")
    assert [_awaiting(who) for who in ("lead", "security", "sponsor")] == [True, False, False]
    decide(request, "lead")
    assert _awaiting("sponsor")
    assert decide(request, "sponsor").state == "approved"


def test_a_quorum_needs_that_many_different_people(people: dict[str, User]) -> None:
    person("lead2", display_name="Nora Lang", site_roles=["coe_lead"])
    publish(gates=gate_with({**LEAD, "needed": 2}))
    request = submitted()
    assert decide(request, "lead").state == "open"
    with pytest.raises(StaleState, match="somebody else too"):
        decide(request, "lead")
    assert decide(request, "lead2").state == "approved"


def test_a_role_of_the_team_decides_only_in_its_own_project(people: dict[str, User]) -> None:
    publish(gates=gate_with({"name": "Scientist", "project_role": "data_scientist"}))
    request = submitted()
    assert Project.objects.get().waiting_on == "Scientist: any data scientist of the team"
    assert _awaiting("scientist")
    assert not _awaiting("stranger")
    assert decide(request, "scientist").state == "approved"


def test_who_wrote_an_answer_cannot_decide_it(people: dict[str, User]) -> None:
    project = complete_intake()
    project.criteria.filter(code="data").update(answered_by=people["lead"])
    request = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    with pytest.raises(NotAllowed, match="own or wrote this project"):
        decide(request, "lead")


def test_too_few_holders_bring_the_fallback_in_as_well_and_the_request_says_so(people: dict[str, User]) -> None:
    publish(gates=gate_with({**SECURITY, "needed": 2}))
    request = submitted()
    assert request.note == (
        "Only 1 of the 2 people whom the step “Security” needs may decide it, so any CoE lead may too."
    )
    assert [_awaiting(who) for who in ("lead", "security")] == [True, True]
    decide(request, "security")
    assert decide(request, "lead").state == "approved"


def test_who_leaves_while_it_is_asked_is_replaced_by_the_fallback_who_hears_of_it(people: dict[str, User]) -> None:
    for user in people.values():
        user.email = f"{user.username}@halden.example"
        user.save(update_fields=["email"])
    publish(gates=gate_with({"name": "Security", "group": "security", "needed": 1}))
    request = submitted()
    deliver()
    assert staffing.attend() == 0
    with transaction.atomic():
        people["security"].is_active = False
        people["security"].save(update_fields=["is_active"])
        tell_activity(person=people["security"])
    deliver()
    step = request.steps.get()
    assert permissions.holder_words(step) == "anyone of Security or any CoE lead"
    told = Notification.objects.filter(event_key=f"governance.step_staffed:{step.pk}")
    assert [row.person for row in told] == [people["lead"]]
    entry = AuditEntry.objects.get(action="approval.fallback_asked")
    assert told_in_words([entry])[0].sentence.startswith("let any CoE lead decide “Security” of ")
    assert staffing.attend() == 0, "once is enough"
    assert decide(request, "lead").state == "approved"


def test_roles_that_are_taken_away_bring_the_fallback_in_at_the_next_look(people: dict[str, User]) -> None:
    second = person("second", display_name="Sven Holm", approver_groups=["security"])
    publish(gates=gate_with({"name": "Security", "group": "security", "needed": 2}))
    request = submitted()
    decide(request, "security")
    assert staffing.attend() == 0, "the second of the two may still decide"
    second.approver_groups = []
    second.save(update_fields=["approver_groups"])
    assert (staffing.attend(), staffing.attend()) == (1, 0)
    assert decide(request, "lead").state == "approved"


def test_a_request_that_even_the_fallback_cannot_settle_says_so(people: dict[str, User]) -> None:
    publish(gates=gate_with({**SECURITY, "needed": 3}))
    assert submitted().note.startswith("The step “Security” needs 3 people and only 2 can decide it")


def test_a_delegate_decides_for_the_principal_and_everybody_sees_it(client: Client, people: dict[str, User]) -> None:
    _delegate("sponsor", "security")
    request = submitted()
    decide(request, "lead")
    assert _awaiting("security")
    client.force_login(people["security"])
    assert "you decide for Ingrid Solberg" in client.get("/inbox/").content.decode()
    assert "You may decide for Ingrid Solberg." in client.get(f"/approvals/{request.key}/").content.decode()
    assert decide(request, "security", comment="Checked the money.").state == "approved"
    assert str(Decision.objects.get(actor=people["security"]).who) == "Priya Raman for Ingrid Solberg"
    entry = AuditEntry.objects.get(action="approval.decided", actor=people["security"])
    assert entry.on_behalf_of == people["sponsor"]
    page = client.get(f"/approvals/{request.key}/").content.decode()
    assert "Priya Raman for Ingrid Solberg, Sponsor" in page


def test_a_delegate_and_the_principal_count_once(people: dict[str, User]) -> None:
    person("lead2", display_name="Nora Lang", site_roles=["coe_lead"])
    publish(gates=gate_with({**LEAD, "needed": 2}))
    _delegate("lead", "security")
    request = submitted()
    assert decide(request, "security").state == "open"
    assert not _awaiting("lead")
    with pytest.raises(StaleState, match="You have decided this step"):
        decide(request, "lead")
    assert decide(request, "lead2").state == "approved"


def test_a_delegation_never_passes_on_to_a_third(people: dict[str, User]) -> None:
    _delegate("lead", "dataengineer")
    _delegate("dataengineer", "stranger")
    request = submitted()
    assert _awaiting("dataengineer")
    assert not _awaiting("stranger")
    with pytest.raises(DomainError):
        decide(request, "stranger")


@pytest.mark.parametrize("giver", ["domain", "scientist"])
def test_a_delegate_of_who_asked_or_wrote_never_decides(people: dict[str, User], giver: str) -> None:
    project = complete_intake()
    project.criteria.filter(code="data").update(answered_by=people["scientist"])
    _delegate(giver, "lead")
    request = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    assert not _awaiting("lead")
    with pytest.raises(NotAllowed, match=f"You stand in for {people[giver]}"):
        decide(request, "lead")
    assert "Nobody can decide the step “CoE lead”" in request.note


def test_an_author_is_no_delegate_for_their_own_work(people: dict[str, User]) -> None:
    _delegate("lead", "domain")
    request = submitted()
    assert not _awaiting("domain")
    with pytest.raises(NotAllowed, match="You asked for this"):
        decide(request, "domain")


@pytest.mark.parametrize(
    ("scope", "covered"),
    [("all", True), ("action:advance", True), ("action:advance:poc", True), ("action:break_glass", False)],
)
def test_a_delegation_covers_its_scope_and_nothing_else(people: dict[str, User], scope: str, covered: bool) -> None:
    _delegate("lead", "dataengineer", scope=scope)
    submitted()
    assert _awaiting("dataengineer") is covered


def test_a_delegation_for_a_business_unit_covers_only_its_projects(people: dict[str, User]) -> None:
    other = BusinessUnit.objects.create(name="Home claims")
    mine = _delegate("lead", "dataengineer", scope=f"business_unit:{unit().pk}")
    _delegate("lead", "stranger", scope=f"business_unit:{other.pk}")
    submitted()
    assert (_awaiting("dataengineer"), _awaiting("stranger")) == (True, False)
    assert mine.scope_words == "only Motor claims"


def test_a_delegation_holds_from_its_first_to_its_last_day_or_until_it_is_ended(people: dict[str, User]) -> None:
    submitted()
    today = timezone.localdate()
    given = _delegate("lead", "dataengineer", starts_on=today + timedelta(days=2), ends_on=today + timedelta(days=3))
    for days, holds in ((0, False), (2, True), (3, True), (4, False)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            assert _awaiting("dataengineer") is holds
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        delegations.end(delegation_id=given.pk, actor=people["lead"])
        assert not _awaiting("dataengineer")
        with pytest.raises(StaleState, match="over already"):
            delegations.end(delegation_id=given.pk, actor=people["lead"])


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ("all", "action:advance", True),
        ("action:advance", "action:advance:poc", True),
        ("action:advance", "action:break_glass", False),
        ("action:advance", "all", True),
    ],
)
def test_overlapping_delegations_are_refused_with_a_sentence(
    people: dict[str, User], first: str, second: str, refused: bool
) -> None:
    _delegate("lead", "security", scope=first)
    if refused:
        with pytest.raises(StaleState, match="Priya Raman already decides for you"):
            _delegate("lead", "dataengineer", scope=second)
    else:
        assert _delegate("lead", "dataengineer", scope=second).pk


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "lead"}, "to"),
        ({"to": "nobody"}, "to"),
        ({"to": "auditor"}, "to"),
        ({"scope": "sometimes"}, "scope"),
        ({"scope": "action:advnce"}, "scope"),
        ({"ends_on": date(2020, 1, 2), "starts_on": date(2020, 1, 1)}, "ends_on"),
        ({"days": -1}, "ends_on"),
        ({"days": 500}, "ends_on"),
    ],
)
def test_what_cannot_be_delegated_is_refused_by_field(
    people: dict[str, User], change: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        _delegate("lead", **({"to": "security"} | change))
    assert list(caught.value.errors) == [field]


def test_delegations_are_given_listed_and_ended_over_rest(client: Client, people: dict[str, User]) -> None:
    headers = bearer(people["lead"], "read", "write", "decide")
    today = timezone.localdate().isoformat()
    body = {"to": "security", "starts_on": today, "ends_on": today, "scope": "action:advance"}
    made = client.post("/api/v1/delegations/", body, "application/json", headers=headers)
    assert made.status_code == 201
    assert (made.json()["from"], made.json()["to"], made.json()["state"]) == ("lead", "security", "active")
    again = client.post("/api/v1/delegations/", body, "application/json", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "overlapping_delegation")
    address = f"/api/v1/delegations/{made.json()['id']}/"
    assert client.delete(address, headers=bearer(people["stranger"], "read", "decide")).status_code == 404
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get("/api/v1/delegations/", headers=headers).json()["results"][0]["state"] == "ended"
    assert client.get("/api/v1/delegations/?state=not_over", headers=headers).json()["results"] == []


def test_delegations_are_given_and_ended_on_the_page(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["lead"])
    today = timezone.localdate().isoformat()
    assert f'value="{today}"' in client.get("/me/delegations/").content.decode()
    fields = {"to": "security", "starts_on": today, "ends_on": today, "scope": "all"}
    assert "decides for you until" in client.post("/me/delegations/", fields, follow=True).content.decode()
    refused = client.post("/me/delegations/", fields)
    assert refused.status_code == 422
    assert "already decides for you" in refused.content.decode()
    client.force_login(people["security"])
    assert "Marta Veiga" in client.get("/me/delegations/").content.decode()
    client.post(f"/me/delegations/{Delegation.objects.get().pk}/end/")
    assert Delegation.objects.get().state == "ended"
