"""Findings are reported by people, wait for who puts them right, and are resolved with words and evidence."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coe_portal.core import inbox
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import Finding
from governance.services import findings
from projects.models import Project, Stage
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
