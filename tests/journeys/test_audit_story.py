"""An auditor reads what happened to a project from the audit trail alone, and notices when somebody touched it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from coe_portal.core.models import AuditEntry, User
from coe_portal.core.services import sealing, verification
from coe_portal.core.story import Line, told
from governance.models import ApprovalRequest
from governance.services import approvals, delegations, intakes
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import complete_intake, organisation, person

pytestmark = pytest.mark.django_db


@dataclass
class Stretch:
    """One stage as the trail tells it: when it began, who moved the project there, what was decided in it."""

    name: str
    moved_by: str
    decisions: list[tuple[str, str, str, str]] = field(default_factory=list)  # who, for whom, verdict, step


def rebuilt(rows: list[dict[str, Any]]) -> list[Stretch]:
    """The story of a project from rows of the audit API, the oldest first. Looks at nothing else."""
    stretches: list[Stretch] = []
    for row in rows:
        after = row["after"] or {}
        if row["action"] == "project.created":
            stretches.append(Stretch("intake", row["actor"]))
        elif row["action"] == "project.stage_moved":
            assert row["before"]["stage"] == stretches[-1].name, "a move that the trail does not tell of"
            stretches.append(Stretch(after["stage"], row["actor"] + _for(row)))
        elif row["action"] == "approval.decided":
            decided = (row["actor"], row["on_behalf_of"], after["verdict"], after["step"])
            stretches[-1].decisions.append(decided)
    return stretches


def _for(row: dict[str, Any]) -> str:
    return f" for {row['on_behalf_of']}" if row["on_behalf_of"] else ""


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@pytest.fixture
def funded(people: dict[str, User]) -> Project:
    """Sent back once, submitted again, and approved: by the lead, and for the sponsor by who stands in for her."""
    today = timezone.localdate()
    delegations.delegate(
        to="dataengineer", starts_on=today, ends_on=today + timedelta(days=3), scope="all", actor=people["sponsor"]
    )
    project = complete_intake()
    first = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    _decide(first, "lead", "request_changes", "Say who labels the photos.")
    second = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    _decide(second, "lead", "approve", "Worth a proof of concept.")
    _decide(second, "dataengineer", "approve", "Budget agreed.")
    return Project.objects.get(pk=project.pk)


def _decide(request: ApprovalRequest, who: str, verdict: str, comment: str) -> None:
    approvals.decide(request_id=request.pk, verdict=verdict, comment=comment, actor=person(who))


def _rows(client: Client, project: Project, reader: User) -> list[dict[str, Any]]:
    """Every entry of the project through the API, the oldest first."""
    found, address = [], f"/api/v1/audit/?project={project.key}&page_size=20"
    headers = bearer(reader)
    while address:
        answer = client.get(address, headers=headers).json()
        found += answer["results"]
        address = answer["next"]
    return found[::-1]


def test_an_auditor_rebuilds_the_story_stage_by_stage_with_every_decision(
    client: Client, funded: Project, people: dict[str, User]
) -> None:
    story = rebuilt(_rows(client, funded, people["auditor"]))
    assert [(stretch.name, stretch.moved_by) for stretch in story] == [
        ("intake", "domain"),
        ("qualification", "domain"),
        ("intake", "lead"),
        ("qualification", "domain"),
        ("poc", "dataengineer for sponsor"),
    ]
    assert story[1].decisions == [("lead", "", "request_changes", "CoE lead")]
    assert story[3].decisions == [
        ("lead", "", "approve", "CoE lead"),
        ("dataengineer", "sponsor", "approve", "Sponsor"),
    ]
    assert story[-1].name == funded.stage


def test_whoever_changes_the_story_behind_the_portals_back_is_found(
    client: Client, funded: Project, people: dict[str, User]
) -> None:
    sealing.seal_next()
    head = verification.head()
    assert verification.verify(expect=head).broken is None
    decision = AuditEntry.objects.get(action="approval.decided", on_behalf_of=people["sponsor"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE core_auditentry SET on_behalf_of_id = NULL WHERE id = %s", [decision.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    story = rebuilt(_rows(client, funded, people["auditor"]))
    assert story[3].decisions[-1][1] == ""  # the tale sounds right …
    broken = verification.verify(expect=head).broken
    assert broken is not None  # … and its seal does not
    assert (broken.kind, broken.entry) == ("changed", decision.pk)


def _lines(project: Project) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    lines: list[Line] = told(AuditEntry.objects.in_project(project.key).for_list().order_by("id"))
    for line in lines:
        found.setdefault(line.entry.action, []).append(f"{line.who} {line.sentence}")
    return found


def test_the_story_is_told_in_sentences(funded: Project) -> None:
    said = _lines(funded)
    key = ApprovalRequest.objects.latest("pk").key
    assert said["project.created"] == ["Hanna Berg proposed the project “Vehicle damage estimate”"]
    assert "Hanna Berg answered “Business challenge”" in said["checklist.answered"]
    assert said["team.member_added"] == ["Hanna Berg added Aiko Kimura to the team as data scientist"]
    assert said["project.stage_moved"][-1] == (
        "Luis Ferreira for Ingrid Solberg moved the project from qualification to proof of concept"
    )
    assert said["approval.decided"][0].startswith("Marta Veiga asked for changes at the step “CoE lead” of APR-")
    assert said["approval.decided"][-1] == (
        f"Luis Ferreira for Ingrid Solberg approved the step “Sponsor” of {key} "
        "Start the proof of concept: Vehicle damage estimate"
    )
    assert said["approval.approved"][0].startswith(f"Luis Ferreira for Ingrid Solberg closed {key}")


def test_every_action_that_a_project_sees_has_a_sentence_and_an_unknown_one_a_plain_one(funded: Project) -> None:
    entry = AuditEntry(action="dataset.registered", subject_label="damage_photos", project=funded.key)
    odd = AuditEntry(action="project.stage_moved", subject_label=str(funded), after={"something": "else"})
    other = AuditEntry(action="clock.eighty_percent", subject_label=str(funded))
    assert [line.sentence for line in told([entry, odd, other])] == [
        "registered damage_photos",
        f"noted “project stage moved” on {funded}",
        f"noted “clock eighty percent” on {funded}",
    ]


def test_the_history_page_reads_as_a_story_and_can_be_narrowed(
    client: Client, funded: Project, people: dict[str, User]
) -> None:
    client.force_login(people["auditor"])
    address = f"/projects/{funded.key}/history/"

    def page(**query: str) -> str:
        answer = client.get(address, query)
        assert answer.status_code == 200
        return answer.content.decode()

    whole = page()
    assert "<b>Luis Ferreira</b> for <b>Ingrid Solberg</b> approved the step" in whole
    assert "<q>Budget agreed.</q>" in whole and "Stage by stage" in whole
    decisions = page(kind="decisions")
    assert "approved the step" in decisions and "answered “Business challenge”" not in decisions
    sponsor = page(who="sponsor")
    assert "approved the step" in sponsor and "Marta Veiga</b> approved" not in sponsor
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert "Nothing like that happened" in page(since=tomorrow)
    assert "proposed the project" in page(until=tomorrow)
    assert "Enter a valid date" in page(since="soon")


def test_the_history_is_exported_oldest_first_with_its_seals(
    client: Client, funded: Project, people: dict[str, User]
) -> None:
    sealing.seal_next()
    client.force_login(people["auditor"])
    rows = b"".join(client.get(f"/projects/{funded.key}/history/export.csv?kind=decisions")).decode().splitlines()
    assert rows[0].startswith(f'"History of {funded}') or rows[0].startswith(f"History of {funded}")
    assert "moved the project from intake to qualification" in rows[2]
    assert "Ingrid Solberg" in rows[-2] or "Ingrid Solberg" in rows[-1]
    seal = AuditEntry.objects.in_project(funded.key).filter(action="project.stage_moved").latest("id").seal
    assert str(seal) in "\n".join(rows)
