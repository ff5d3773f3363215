"""From a concept to a funded proof of concept, a no-go and its lessons, told by the audit trail alone at the end."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from coe_portal.core import inbox, outbox
from coe_portal.core.models import AuditEntry, User
from coe_portal.core.services import sealing, verification
from coe_portal.core.story import told
from governance.models import ApprovalRequest
from governance.services import gates
from projects.models import LessonsOwed, Project, Stage
from projects.services import stages
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation, person

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


def _stop(project: Project, decided_by: User) -> None:
    """The no-go. Replace it by the command that records the decision when the proof of concept's clock is there."""
    with transaction.atomic():
        locked = Project.objects.select_for_update().get(pk=project.pk)
        stages.move_stage(locked, Stage.STOPPED, actor=decided_by, comment="Accuracy stays below 0.75: no-go.")


def test_from_concept_to_no_go_and_its_lessons(people: dict[str, User]) -> None:
    domain, lead, sponsor = Colleague("domain"), Colleague("lead"), Colleague("sponsor")
    scientist, security = Colleague("scientist"), Colleague("security")

    # A concept that is complete is submitted and funded.
    project = complete_intake()
    key = project.key
    gate = domain.reads(f"projects/{key}/gate/?action=advance")
    assert gate["allowed"], gate
    approval = domain.sends(f"projects/{key}/submit/", expect=201)["approval"]["id"]
    refused = scientist.reads(f"projects/{key}/gate/?action=start_run&environment=dev")
    assert {item["code"] for item in refused["missing"]} == {"stage"}
    lead.sends(f"approvals/{approval}/decide/", {"verdict": "approve", "comment": "Worth a proof of concept."})
    sponsor.sends(f"approvals/{approval}/decide/", {"verdict": "approve", "comment": "95k agreed."})
    assert Project.objects.get(pk=project.pk).stage == "poc"
    assert scientist.reads(f"projects/{key}/gate/?action=start_run&environment=dev")["allowed"]

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
    _stop(project, sponsor.who)
    _deliver()
    ended = Project.objects.get(pk=project.pk)
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


def _the_trail_tells_it(project: Project, auditor: Colleague) -> None:
    sealing.seal_next(look_at_all=True)
    report = verification.verify()
    assert (report.broken, report.unsealed) == (None, 0)
    assert auditor.reads("audit/verify/")["sealed"] == AuditEntry.objects.count()
    approval = ApprovalRequest.objects.get(project=project)
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
    assert any("raised a finding of high severity" in line for line in story)
    page = auditor.opens(f"/projects/{project.key}/history/?kind=decisions")
    assert "moved the project from proof of concept to stopped" in page


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()
