"""Findings are reported by people, wait for who puts them right, and are resolved with words and evidence."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coe_portal.core import inbox
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, User
from coe_portal.core.outbox import deliver_next
from governance.models import Finding, Notification
from governance.services import finding_owners, findings
from projects.models import Project, Stage
from projects.services import reviewers
from tests.core.conftest import bearer
from tests.factories import intake, organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@pytest.fixture
def project(people: dict[str, User]) -> Project:
    made = intake()
    Project.objects.filter(pk=made.pk).update(stage=Stage.POC)
    return Project.objects.get(pk=made.pk)


def _report(project: Project, who: str = "security", **changes: Any) -> Finding:
    said = {"title": "Photos show number plates", "severity": "high", "owner": "scientist", "due_on": None, **changes}
    return findings.report(project_key=project.key, actor=person(who), **said)


def test_a_finding_waits_in_the_inbox_of_who_puts_it_right_until_it_is_resolved(
    project: Project, client: Client
) -> None:
    finding = _report(project, detail="In one photo of ten.")
    assert finding.due_on == timezone.localdate() + timedelta(days=7)
    (task,) = inbox.tasks(person("scientist"))
    assert (task.title, task.kind, task.due_on) == ("Photos show number plates", "Finding", finding.due_on)
    assert inbox.count(person("scientist")) == 1 and inbox.tasks(person("domain")) == []
    client.force_login(person("scientist"))
    assert "Photos show number plates" in client.get("/inbox/").content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert inbox.tasks(person("scientist"))[0].why.startswith("Overdue. High severity")
    findings.resolve(finding_id=finding.pk, resolution="Plates are blurred.", actor=person("lead"))
    assert inbox.tasks(person("scientist")) == []


def test_a_grave_finding_is_declared_resolved_by_somebody_else_with_evidence(project: Project) -> None:
    finding = _report(project)
    with pytest.raises(NotAllowed, match="a CoE lead or an approver looks at it"):
        findings.resolve(finding_id=finding.pk, resolution="Done.", actor=person("scientist"))
    with pytest.raises(InvalidInput) as refused:
        findings.resolve(finding_id=finding.pk, resolution=" ", evidence="javascript:x", actor=person("security"))
    assert set(refused.value.errors) == {"resolution", "evidence"}
    proof = "https://wiki.example.org/plates"
    done = findings.resolve(finding_id=finding.pk, resolution="Blurred.", evidence=proof, actor=person("security"))
    assert (done.state, done.evidence) == ("resolved", proof)
    entry = AuditEntry.objects.get(action="finding.resolved")
    assert (entry.after["evidence"], entry.comment, entry.actor) == (proof, "Blurred.", person("security"))


def test_a_report_that_is_sent_twice_is_one_finding(project: Project) -> None:
    said = {"project_key": project.key, "title": "Labels of night photos are wrong", "severity": "medium", "owner": ""}
    first, again = (findings.report(**said, due_on=None, actor=person("security")) for _ in range(2))
    other = findings.report(**said, due_on=None, actor=person("lead"))
    assert first == again != other and Finding.objects.count() == 2


def test_a_small_finding_is_resolved_by_who_put_it_right(project: Project) -> None:
    finding = _report(project, severity="low")
    assert finding.due_on == timezone.localdate() + timedelta(days=30)
    assert findings.resolve(finding_id=finding.pk, resolution="Done.", actor=person("scientist")).state == "resolved"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "x"}, "title"),
        ({"severity": "terrible"}, "severity"),
        ({"owner": "nobody"}, "owner"),
        ({"due_on": timezone.localdate() - timedelta(days=1)}, "due_on"),
        ({"detail": "x" * 4001}, "detail"),
    ],
)
def test_a_report_that_cannot_be_used_is_refused_at_its_field(
    project: Project, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        _report(project, **wrong)
    assert set(refused.value.errors) == {field} and not Finding.objects.exists()


def test_auditors_report_nothing_and_an_ended_project_is_kept_as_it_ended(project: Project) -> None:
    with pytest.raises(NotAllowed):
        _report(project, "auditor")
    Project.objects.filter(pk=project.pk).update(stage=Stage.STOPPED)
    with pytest.raises(StaleState, match="kept as it ended"):
        _report(project)


def test_the_form_and_the_api_report_and_resolve(project: Project, client: Client) -> None:
    address = f"/projects/{project.key}/findings/new/"
    client.force_login(person("auditor"))
    assert 'aria-describedby="why-report"' in client.get(address).content.decode()
    client.force_login(person("security"))
    assert client.post(address, {"title": "x", "severity": "low"}).status_code == 422
    said = {"title": "Labels drift in winter", "severity": "medium", "owner": "domain"}
    assert client.post(address, said).status_code == 303
    page = client.get(f"/projects/{project.key}/findings/").content.decode()
    assert "Labels drift in winter" in page and "Medium severity, Hanna Berg" in page
    headers = bearer(person("lead"), "read", "write")
    body = said | {"project": project.key, "title": "No rollback plan"}
    made = client.post("/api/v1/findings/", body, "application/json", headers=headers).json()
    assert (made["owner"], made["raised_by"], made["source"]) == ("domain", "lead", "review")
    proof = {"resolution": "It is in the runbook.", "evidence": "https://wiki.example.org/rollback"}
    done = client.post(f"/api/v1/findings/{made['id']}/resolve/", proof, "application/json", headers=headers)
    assert done.json()["evidence"] == proof["evidence"]
    assert "https://wiki.example.org/rollback" in client.get(f"/projects/{project.key}/findings/").content.decode()


def test_a_finding_is_handed_over_with_a_reason_and_waits_for_the_new_owner(project: Project, client: Client) -> None:
    User.objects.filter(username="domain").update(email="domain@halden.example")
    finding = _report(project)
    handed = {"finding_id": finding.pk, "owner": "domain", "reason": "It is about the contract, not the photos."}
    done = finding_owners.assign(**handed, actor=person("scientist"))
    assert done.owner == person("domain") and done.due_on == finding.due_on
    assert [task.title for task in inbox.tasks(person("domain"))] == ["Photos show number plates"]
    assert inbox.tasks(person("scientist")) == []
    while deliver_next():
        pass
    assert Notification.objects.get().title == f"{project.key}: “Photos show number plates” is yours to put right"
    entry = AuditEntry.objects.get(action="finding.assigned")
    assert (entry.before, entry.after) == ({"owner": "user:scientist"}, {"owner": "user:domain"})
    assert entry.comment == handed["reason"]
    client.force_login(person("lead"))
    told = client.get(f"/projects/{project.key}/history/").content.decode()
    assert "handed the finding “Photos show number plates” over from Aiko Kimura to Hanna Berg" in told
    with pytest.raises(StaleState, match="has to put it right already"):
        finding_owners.assign(**handed, actor=person("lead"))


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"owner": "nobody"}, "owner", "no colleague"),
        ({"owner": "stranger"}, "owner", "cannot see"),
        ({"owner": "auditor"}, "owner", "changes nothing"),
        ({"reason": "  "}, "reason", "Say why"),
    ],
)
def test_a_finding_is_handed_over_to_who_can_see_it_and_do_something(
    project: Project, change: dict[str, str], field: str, sentence: str
) -> None:
    finding = _report(project)
    given = {"owner": "domain", "reason": "She knows the contract."} | change
    with pytest.raises(InvalidInput) as refused:
        finding_owners.assign(finding_id=finding.pk, **given, actor=person("lead"))
    assert sentence in refused.value.errors[field][0]


@pytest.mark.parametrize("stage", [Stage.INTAKE, Stage.POC])
def test_exactly_those_are_offered_who_are_accepted(project: Project, people: dict[str, User], stage: Stage) -> None:
    Project.objects.filter(pk=project.pk).update(stage=Stage.QUALIFICATION)
    reviewers.invite(project_key=project.key, username="stranger", actor=people["lead"])
    Project.objects.filter(pk=project.pk).update(stage=stage)
    project.refresh_from_db()
    accepted = set()
    for user in people.values():
        with suppress(InvalidInput):
            accepted.add(finding_owners.candidate(project, user.username))
    assert set(finding_owners.candidates(project)) == accepted
    assert {people["stranger"], people["lead"], people["domain"]} <= accepted and people["auditor"] not in accepted
    assert (people["security"] in accepted) == (stage == Stage.POC)


def test_who_left_gets_no_finding_and_a_resolved_one_stays_where_it_is(project: Project) -> None:
    finding = _report(project, severity="low")
    User.objects.filter(username="domain").update(is_active=False)
    with pytest.raises(InvalidInput):
        finding_owners.assign(finding_id=finding.pk, owner="domain", reason="Hers.", actor=person("lead"))
    with pytest.raises(NotAllowed, match="hand it over"):
        finding_owners.assign(finding_id=finding.pk, owner="lead", reason="Not mine.", actor=person("security"))
    findings.resolve(finding_id=finding.pk, resolution="Done.", actor=person("scientist"))
    with pytest.raises(StaleState):
        finding_owners.assign(finding_id=finding.pk, owner="lead", reason="Look again.", actor=person("scientist"))


def test_a_finding_is_handed_over_on_its_page_and_in_the_api(project: Project, client: Client) -> None:
    finding = _report(project)
    address = f"/findings/{finding.pk}/assign/"
    client.force_login(person("domain"))
    assert address in client.get(f"/projects/{project.key}/findings/").content.decode()
    shown = client.get(address).content.decode()
    assert "Hanna Berg" in shown and '<option value="stranger"' not in shown
    wrong = client.post(address, {"owner": "lead", "reason": ""})
    assert wrong.status_code == 422 and 'value="lead" selected' in wrong.content.decode()
    assert client.post(address, {"owner": "lead", "reason": "A lead decides this."}).status_code == 303
    finding.refresh_from_db()
    assert finding.owner == person("lead")
    client.force_login(person("security"))
    assert "hand it over" in client.get(address).content.decode()
    assert address not in client.get(f"/projects/{project.key}/findings/").content.decode()
    body = {"owner": "domain", "reason": "Back to the team."}
    done = client.post(
        f"/api/v1/findings/{finding.pk}/assign/",
        body,
        content_type="application/json",
        headers=bearer(person("lead"), "read", "write"),
    )
    assert done.status_code == 200 and done.json()["owner"] == "domain"
