"""Breaking the glass: two different people, one gate, some hours, and a finding that stays."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest, BreakGlass, Finding
from governance.services import approvals, break_glass, findings, gates
from governance.services.approvals import sla
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import intake, organisation, person
from tests.governance.requests import decide

pytestmark = pytest.mark.django_db
REASON = "The claims queue stands still and the model of last year misreads the new cameras."


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _asked(**changes: Any) -> ApprovalRequest:
    project = Project.objects.first() or intake()
    wish = {
        "action": "start_run",
        "environment_kind": "dev",
        "hours": 4,
        "reason": REASON,
        "actor": person("scientist"),
    }
    return break_glass.ask(project_key=project.key, **(wish | changes))


def _gate(action: str = "start_run", kind: str = "dev", who: str = "scientist") -> gates.GateAnswer:
    return gates.check(Project.objects.get(), action, environment_kind=kind, actor=person(who))


def test_two_people_open_the_gate_for_those_hours_and_that_place_only(people: dict[str, User]) -> None:
    request = _asked()
    assert not _gate().allowed
    decide(request, "lead")
    assert not _gate().allowed
    assert decide(request, "security").state == "approved"
    assert _gate().allowed
    assert request.key in _gate().break_glass
    assert not _gate(kind="prod").allowed
    assert not _gate("deploy").allowed
    with time_machine.travel(timezone.now() + timedelta(hours=4, minutes=1), tick=False):
        assert not _gate().allowed


def test_a_finding_stays_behind_and_the_trail_names_everybody(people: dict[str, User]) -> None:
    request = _asked()
    decide(request, "lead")
    decide(request, "security")
    finding = Finding.objects.get()
    assert (finding.severity, finding.state, finding.owner, finding.source) == (
        "high", "open", people["domain"], "break_glass",
    )  # fmt: skip
    assert "Aiko Kimura asked, Marta Veiga, Priya Raman agreed" in finding.detail
    actions = AuditEntry.objects.in_project(Project.objects.get().key).values_list("action", flat=True)
    assert {"approval.requested", "approval.decided", "break_glass.opened", "finding.raised"} <= set(actions)


def test_one_person_with_both_roles_is_not_two(people: dict[str, User]) -> None:
    both = person("both", display_name="Nora Lang", site_roles=["coe_lead"], approver_groups=["security"])
    request = _asked()
    decide(request, "both")
    with pytest.raises(NotAllowed, match="a different person decides the other"):
        decide(request, "both", step=2)
    assert not ApprovalRequest.objects.awaiting(both).exists()
    request.refresh_from_db()
    assert request.state == "open"
    assert decide(request, "security").state == "approved"


@pytest.mark.parametrize("who", ["lead", "security"])
def test_who_asked_never_agrees(people: dict[str, User], who: str) -> None:
    people["security"].site_roles = ["coe_lead"]
    people["security"].save(update_fields=["site_roles"])
    request = _asked(actor=person(who))
    with pytest.raises(NotAllowed, match="You asked for this"):
        decide(request, who)


def test_a_rejected_or_withdrawn_request_opens_nothing(people: dict[str, User]) -> None:
    request = _asked()
    decide(request, "lead")
    decide(request, "security", "reject", "Wait for Monday.")
    assert not _gate().allowed
    second = _asked()
    approvals.withdraw(request_id=second.pk, actor=people["scientist"])
    assert not _gate().allowed
    assert not Finding.objects.exists()


def test_it_expires_after_two_days_and_opens_nothing(people: dict[str, User]) -> None:
    request = _asked()
    decide(request, "lead")
    with time_machine.travel(timezone.now() + timedelta(days=2, minutes=1), tick=False):
        sla.attend_due()
        request.refresh_from_db()
        assert request.state == "expired"
        assert not _gate().allowed


def test_the_wrong_person_stays_out_unless_they_asked_for_it(people: dict[str, User]) -> None:
    request = _asked(actor=person("domain"))
    decide(request, "lead")
    decide(request, "security")
    assert _gate(who="domain").allowed
    assert _gate(who="scientist").allowed
    assert [item.code for item in _gate(who="devops").missing] == ["stage", "role"]


def test_a_broken_glass_never_passes_an_error_or_an_unknown_action(people: dict[str, User]) -> None:
    request = _asked()
    decide(request, "lead")
    decide(request, "security")
    project = Project.objects.get()
    project.policy_version = "gone:9"
    assert not gates.check(project, "start_run", environment_kind="dev").allowed
    assert not gates.check(project, "fly", environment_kind="dev").allowed


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action": "advance"}, "action"),
        ({"environment_kind": "moon"}, "environment"),
        ({"hours": 0}, "hours"),
        ({"hours": 25}, "hours"),
        ({"reason": "Because."}, "reason"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_field(people: dict[str, User], change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        _asked(**change)
    assert list(caught.value.errors) == [field]
    assert not BreakGlass.objects.exists()


def test_only_the_team_asks_and_only_once_at_a_time(people: dict[str, User]) -> None:
    _asked()
    with pytest.raises(StaleState, match="asked for already"):
        _asked()
    with pytest.raises(NotFound):
        _asked(actor=person("stranger"))
    with pytest.raises(DomainError, match="Only the team"):
        _asked(actor=person("auditor"))


def test_a_finding_is_resolved_with_words_and_not_by_who_caused_it(people: dict[str, User]) -> None:
    request = _asked()
    decide(request, "lead")
    decide(request, "security")
    key = Finding.objects.get().pk
    with pytest.raises(NotAllowed, match="You caused this"):
        findings.resolve(finding_id=key, resolution="Fine now.", actor=people["scientist"])
    with pytest.raises(InvalidInput):
        findings.resolve(finding_id=key, resolution=" ", actor=people["lead"])
    findings.resolve(finding_id=key, resolution="The alarm now pages two people.", actor=people["domain"])
    assert AuditEntry.objects.get(action="finding.resolved").comment == "The alarm now pages two people."
    with pytest.raises(StaleState):
        findings.resolve(finding_id=key, resolution="Again.", actor=people["lead"])


def test_it_works_on_the_pages(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    client.force_login(people["scientist"])
    assert client.post(f"/projects/{key}/break-glass/", {"action": "start_run", "hours": 99}).status_code == 422
    fields = {"action": "start_run", "environment": "dev", "hours": 4, "reason": REASON}
    page = client.post(f"/projects/{key}/break-glass/", fields, follow=True).content.decode()
    assert "CoE lead: any CoE lead; Security: anyone of Security" in page
    request = ApprovalRequest.objects.get()
    for who in ("lead", "security"):
        client.force_login(people[who])
        assert "misreads the new cameras" in client.get(f"/approvals/{request.key}/").content.decode()
        client.post(f"/approvals/{request.key}/decide/", {"verdict": "approve", "comment": "Agreed."})
    client.force_login(people["lead"])
    panel = client.get(f"/projects/{key}/findings/").content.decode()
    assert "The glass is broken for start run (dev)" in panel
    client.post(f"/findings/{Finding.objects.get().pk}/resolve/", {"resolution": "Two people are paged."})
    assert "Two people are paged." in client.get(f"/projects/{key}/findings/").content.decode()


def test_it_works_over_rest(client: Client, people: dict[str, User]) -> None:
    key, headers = intake().key, bearer(people["scientist"], "read", "write")
    body = {"action": "start_run", "environment": "dev", "hours": 4, "reason": REASON}
    asked = client.post(f"/api/v1/projects/{key}/break-glass/", body, "application/json", headers=headers)
    assert (asked.status_code, asked.json()["action"]) == (201, "break_glass:start_run:dev")
    for who in ("lead", "security"):
        decide(ApprovalRequest.objects.get(), who)
    answer = client.get(f"/api/v1/projects/{key}/gate/?action=start_run&environment=dev", headers=headers).json()
    assert (answer["allowed"], asked.json()["id"] in answer["break_glass"]) == (True, True)
    [finding] = client.get("/api/v1/findings/?state=open", headers=headers).json()["results"]
    address = f"/api/v1/findings/{finding['id']}/resolve/"
    done = client.post(address, {"resolution": "Done."}, "application/json", headers=bearer(people["lead"], "write"))
    assert (done.status_code, done.json()["state"], done.json()["resolved_by"]) == (200, "resolved", "lead")
