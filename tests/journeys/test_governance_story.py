"""From a concept over data, more time and a finding to a no-go and its lessons; the audit trail tells it at the end."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from coe_portal.core import inbox, outbox
from coe_portal.core.models import AuditEntry, User
from coe_portal.core.services import sealing, verification
from coe_portal.core.story import told
from governance.models import ApprovalRequest
from governance.services import gates
from projects.models import LessonsOwed, Project
from tests.core.conftest import bearer
from tests.factories import ANSWERS, intake, organisation, person, unit

pytestmark = pytest.mark.django_db
LESSONS = {
    "worked": ("Assessors in the room", "Two assessors sat with the team each Thursday and labelled what was unclear."),
    "failed": ("Night photos", "Half of the photos were taken at night, and nobody could label the damage on them."),
    "different": (
        "Look at the data first",
        "Look at a hundred photos of every region before the first run is paid for.",
    ),
}


class Colleague:
    """Somebody with a browser and a token, who does one thing after the other."""

    def __init__(self, who: str) -> None:
        self.who, self.client = person(who), Client()
        self.client.force_login(self.who)
        self.headers = bearer(self.who, "read", "write", "decide")

    def sends(self, address: str, body: dict[str, Any] | None = None, expect: int = 200) -> Any:
        answer = self.client.post(f"/api/v1/{address}", body or {}, "application/json", headers=self.headers)
        assert answer.status_code == expect, answer.content.decode()
        return answer.json()

    def changes(self, address: str, body: dict[str, Any]) -> Any:
        answer = self.client.patch(f"/api/v1/{address}", body, "application/json", headers=self.headers)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def reads(self, address: str) -> Any:
        answer = self.client.get(f"/api/v1/{address}", headers=self.headers)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def opens(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200
        return str(answer.content.decode())


def _deliver() -> None:
    while outbox.deliver_next():
        pass


def test_from_concept_to_no_go_and_its_lessons(people: dict[str, User]) -> None:
    domain, lead, sponsor = Colleague("domain"), Colleague("lead"), Colleague("sponsor")
    scientist, security = Colleague("scientist"), Colleague("security")

    project = _propose(domain, lead)
    key = project.key
    approval = domain.sends(f"projects/{key}/submit/", expect=201)["approval"]["id"]
    refused = scientist.reads(f"projects/{key}/gate/?action=start_run&environment=dev")
    assert {item["code"] for item in refused["missing"]} == {"stage"}
    asks_data = {"project": key, "purpose": "To train the first classifier.", "pattern": "platform_read", "days": 60}
    dataset = _register(lead)
    access = scientist.sends("data-access/", asks_data | {"dataset": dataset}, expect=201)["id"]
    lead.sends(f"projects/{key}/decide-intake/", {"outcome": "fund", "reason": "Worth a proof of concept."})
    sponsor.sends(f"approvals/{approval}/decide/", {"verdict": "approve", "comment": "95k agreed."})
    assert Project.objects.get(pk=project.pk).stage == "poc"
    assert scientist.reads(f"projects/{key}/gate/?action=start_run&environment=dev")["allowed"]

    _read_data_and_ask_for_more_time(project, access, people)

    # A review finds something grave; the next gate stays closed until somebody else has looked at it.
    body = {"project": key, "title": "Photos show number plates", "severity": "high", "owner": "scientist"}
    finding = security.sends("findings/", body, expect=201)["id"]
    (task,) = inbox.tasks(scientist.who)
    assert task.kind == "Finding"
    assert "finding" in {item["code"] for item in domain.reads(f"projects/{key}/gate/?action=advance")["missing"]}
    closed = domain.opens(f"/projects/{key}/gate/")
    assert "Photos show number plates" in closed and 'aria-describedby="why-advance"' in closed
    scientist.sends(f"findings/{finding}/resolve/", {"resolution": "Blurred."}, expect=403)
    lead.sends(f"findings/{finding}/resolve/", {"resolution": "Plates are blurred; looked at fifty photos."})

    # The no-go: nothing runs any more, and the owner owes the lessons.
    no_go = {"decision": "no_go", "reason": "Accuracy stays below 0.75 with more time and more labels."}
    domain.sends(f"projects/{key}/poc-decision/", no_go, expect=403)
    sponsor.sends(f"projects/{key}/poc-decision/", no_go, expect=201)
    _deliver()
    ended = Project.objects.get(pk=project.pk)
    assert ended.stage == "stopped"
    assert not gates.check(ended, "start_run", environment_kind="dev", actor=scientist.who).allowed
    owed = LessonsOwed.objects.open().get()
    assert owed.owner == domain.who and "Write the lessons of" in domain.opens("/inbox/")
    for kind, (title, text) in LESSONS.items():
        said = {"project": key, "kind": kind, "title": title, "text": text, "tags": ["photos"]}
        domain.sends("lessons/", said, expect=201)
    assert not LessonsOwed.objects.open().exists() and inbox.tasks(domain.who) == []

    # Whoever begins something similar reads them before the first question is answered.
    stranger = Colleague("stranger")
    next_one = intake("Damage photos of motorcycles", owner="stranger", sponsor="")
    assert "Look at the data first" in stranger.opens(f"/projects/{next_one.key}/lessons/alike/")
    assert "Night photos" in stranger.opens("/stories/?kind=failed")

    _the_trail_tells_it(project, Colleague("auditor"))


def _propose(domain: Colleague, lead: Colleague) -> Project:
    """A concept, invited to the full case, every question answered."""
    name, summary = "Vehicle damage estimate", "Estimates repair severity from photos."
    first = {"name": name, "summary": summary, "business_unit": unit().pk, "sponsor": "sponsor"}
    key = domain.sends("projects/", first, expect=201)["key"]
    for code in ("challenge", "value"):
        domain.changes(f"projects/{key}/checklist/{code}/", {"answer": ANSWERS[code]})
    domain.sends(f"projects/{key}/concept/", {"name": name, "summary": summary}, expect=201)
    lead.sends(f"projects/{key}/decide-intake/", {"outcome": "invite", "reason": "The unit wants it, photos exist."})
    domain.sends(f"projects/{key}/members/", {"user": "scientist", "roles": ["data_scientist"]}, expect=201)
    for code, answer in ANSWERS.items():
        domain.changes(f"projects/{key}/checklist/{code}/", {"answer": answer})
    assert domain.reads(f"projects/{key}/gate/?action=advance")["allowed"]
    return Project.objects.by_key(key).get()


def _register(lead: Colleague) -> str:
    entry = {"name": "damage photos", "business_unit": unit().pk, "classification": "internal", "readiness": "ready"}
    where = {"location": "s3://halden-claims/photos/", "owner": "dataowner"}
    return str(lead.sends("datasets/", entry | where, expect=201)["id"])


def _read_data_and_ask_for_more_time(project: Project, access: str, people: dict[str, User]) -> None:
    """The data's owner grants it; the end of the proof of concept moves once its approvers agree."""
    owner, scientist = Colleague("dataowner"), Colleague("scientist")
    asked = ApprovalRequest.objects.get(project=project, action__startswith="grant_data")
    scientist.sends(f"approvals/{asked.key}/decide/", {"verdict": "approve", "comment": "Mine."}, expect=403)
    owner.sends(f"approvals/{asked.key}/decide/", {"verdict": "approve", "comment": "For this purpose."})
    _deliver()
    assert scientist.reads(f"data-access/{access}/")["status"] == "granted"
    end = project.poc_ends_on
    assert end is not None
    later = {"decision": "extend", "reason": "Night photos need another labelling round.", "ends_on": _plus(end, 30)}
    waits = scientist.sends(f"projects/{project.key}/poc-decision/", later, expect=201)["approval"]
    assert Project.objects.get(pk=project.pk).poc_ends_on == end
    for who in ("lead", "sponsor"):
        Colleague(who).sends(f"approvals/{waits}/decide/", {"verdict": "approve", "comment": "Four weeks more."})
    _deliver()
    assert Project.objects.get(pk=project.pk).poc_ends_on == end + timedelta(days=30)


def _plus(day: date, days: int) -> str:
    return (day + timedelta(days=days)).isoformat()


def _the_trail_tells_it(project: Project, auditor: Colleague) -> None:
    sealing.seal_next(look_at_all=True)
    report = verification.verify()
    assert (report.broken, report.unsealed) == (None, 0)
    assert auditor.reads("audit/verify/")["sealed"] == AuditEntry.objects.count()
    approval = ApprovalRequest.objects.get(project=project, action="advance:poc")
    story = [f"{line.who} {line.sentence}" for line in told(AuditEntry.objects.in_project(project.key).order_by("id"))]
    chapters = [
        "Hanna Berg proposed the project “Vehicle damage estimate”",
        "Hanna Berg moved the project from intake to qualification",
        f"Hanna Berg asked for approval of {approval}, to be decided by CoE lead, Sponsor",
        f"Marta Veiga approved the step “CoE lead” of {approval}",
        f"Ingrid Solberg approved the step “Sponsor” of {approval}",
        "Ingrid Solberg moved the project from qualification to proof of concept",
        "Ingrid Solberg moved the project from proof of concept to stopped",
        "Hanna Berg shared what failed: “Night photos”",
    ]
    places = [story.index(chapter) for chapter in chapters]
    assert places == sorted(places), "\n".join(story)
    for part in (
        "Hanna Berg sent the concept to the CoE leads",
        "Marta Veiga invited the concept to the full case",
        "granted access",
        "Aiko Kimura asked for more time or money for the proof of concept",
        "raised a finding of high severity",
        "Ingrid Solberg decided to stop after the proof of concept",
    ):
        assert any(part in line for line in story), part + "\n" + "\n".join(story)
    page = auditor.opens(f"/projects/{project.key}/history/?kind=decisions")
    assert "moved the project from proof of concept to stopped" in page


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation() | {"dataowner": person("dataowner", approver_groups=["data_owner"])}
