"""One project on its way, with a run and a decided approval, for everybody to look at."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone

from coe_portal.core.models import ApiToken, AuditEntry, User
from coe_portal.core.services import saved_views, tokens
from deployments.models import Run
from deployments.services import runs
from deployments.services.specification import Wish
from governance.models import ApprovalRequest, PolicyVersion, Severity
from governance.services import approvals, conditions, data_access, delegations, findings, intakes, policies
from projects.models import BusinessUnit, DataAccess, Evidence, HandoverReason, Project
from projects.services import accesses, datasets, evidence, handovers, lessons, skills, team
from tests import arranged
from tests.deployments.conftest import approved_project, lead, local, people, scientist, shelf
from tests.deployments.test_runs import move
from tests.factories import complete_intake
from tests.governance.requests import decide
from tests.journeys.intakes import of_intakes

__all__ = ["lead", "local", "people", "scientist", "shelf"]


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where files are kept; a copy of the things needs those of the first."""
    return str(tmp_path_factory.mktemp("media"))


@pytest.fixture
def things(people: dict[str, User], shelf: None, settings: Any, media: str) -> dict[str, Any]:
    settings.MEDIA_ROOT = media
    return _things(people)


@arranged.once
def _things(people: dict[str, User]) -> dict[str, Any]:
    project: Project = approved_project()
    run: Run = runs.launch_run(
        wish=Wish(project=project.key, environment="local", template="tabular-classifier"), actor=people["scientist"]
    )
    tokens.create_token(user=people["scientist"], scopes=["read"], days=1, name="ci", actor=people["scientist"])
    entry = AuditEntry.objects.filter(actor=people["domain"]).order_by("id")[0]
    failed = move(
        runs.launch_run(
            wish=Wish(project=project.key, environment="local", template="tabular-classifier"),
            actor=people["scientist"],
        ),
        "submitting",
        "failed",
    )
    asked = intakes.submit(project_key=complete_intake("Tumour triage").key, actor=people["domain"]).approval
    duty = team.set_responsibility(
        project_key=project.key,
        member_id=project.members.get(user=people["scientist"]).pk,
        work_area="data_quality",
        kind="responsible",
        actor=people["domain"],
    )
    draft = policies.create_draft(source=policies.DEFAULT.read_text(), actor=people["lead"])
    other = policies.load_stricter()
    assert other is not None
    policies.publish(policy_id=other.pk, new_projects=False, actor=people["lead"])
    found = _of_approvals(project, asked, people) | _of_teams(project, people) | _of_data(project, people)
    found |= of_intakes(project, asked, people)
    return found | {
        "username": "lead",
        "audit": entry.pk,
        "token": ApiToken.objects.get().pk,
        "environment": "local",
        "template": "tabular-classifier",
        "run": run.pk,
        "number": run.number,
        "key": project.key,
        "code": "value",
        "approval": ApprovalRequest.objects.get(project=project, action="advance:poc").key,
        "lesson": _lesson(project, people),
        "asked": asked.key,
        "asked_project": asked.project.key,
        "ready": complete_intake("Route planning").key,
        "failed": failed.pk,
        "failed_number": failed.number,
        "policy": PolicyVersion.objects.for_new_projects().get().label,
        "other": other.label,
        "draft": draft.label,
        "unit": BusinessUnit.objects.get().pk,
        "member": project.members.get(user=people["scientist"]).pk,
        "duty": duty.pk if duty else "",
        "slug": "challenge",
        "evidence": _proof(project, people["domain"]).pk,
    }


def _of_data(project: Project, people: dict[str, User]) -> dict[str, Any]:
    """Two data sets, a granted copy of one, an access that waits for the gate, and one that nobody asked for."""
    kept = {"owner": "security", "business_unit": BusinessUnit.objects.get().pk, "classification": "internal"}
    names = ("claims", "photos", "unused")
    one, two, unused = (
        datasets.register(values=kept | {"name": name, "location": f"s3://data/{name}/"}, actor=people["lead"])
        for name in names
    )
    copy = accesses.Wish("To train the first classifier.", "sandbox_copy", 30, environment="local")
    access = data_access.ask(project_key=project.key, dataset_id=one.pk, wish=copy, actor=people["scientist"])
    decide(ApprovalRequest.objects.get(subject=access.ref), "security")
    read = accesses.Wish("To train the second classifier.", "platform_read", 30)
    later = data_access.ask(project_key=project.key, dataset_id=two.pk, wish=read, actor=people["scientist"])
    DataAccess.objects.filter(pk=later.pk).update(status="approved")
    return {"dataset": one.pk, "unused": unused.pk, "access": access.pk, "approved": later.pk}


def _lesson(project: Project, people: dict[str, User]) -> str:
    text = "Two assessors agreed on the severity of every photo before the first run."
    said = {"kind": "worked", "title": "Labels first", "text": text, "tags": ["labelling"]}
    return lessons.give_lesson(project_key=project.key, actor=people["scientist"], **said).pk


def _proof(project: Project, owner: User) -> Evidence:
    """A kept file that supports an answer."""
    piece = evidence.Piece(kind="file", file_name="study.txt", content=BytesIO(b"Two assessors agreed."))
    return evidence.add(project_key=project.key, code="baseline", piece=piece, actor=owner)


def _of_teams(project: Project, people: dict[str, User]) -> dict[str, Any]:
    """A skill of the lead, and what somebody who left answered for."""
    skill = skills.set_skill(username="lead", subject="data_quality", level=3, actor=people["lead"])
    left = handovers.open_for(
        project, people["devops"], HandoverReason.LEFT_TEAM, ["accountable:model_monitoring"], actor=people["domain"]
    )
    view = saved_views.save_view(name="My projects", page="portfolio", query="stage=poc", actor=people["scientist"])
    return {"view": view.pk, "skill": skill.pk if skill else "", "handover": left.pk if left else ""}


def _of_approvals(project: Project, asked: ApprovalRequest, people: dict[str, User]) -> dict[str, Any]:
    """What approvals leave behind: an open question, a condition, a finding, and a delegation for next week."""
    other, today = approved_project("Spare parts"), timezone.localdate()
    other.criteria.filter(code="value").update(status="expired", expires_on=today - timedelta(days=1))
    decision = ApprovalRequest.objects.get(project=other).decisions.all()[0]
    conditions.set_for(decision, ["Report every month"])
    trouble = findings.Trouble("review", "Look at it", Severity.LOW, people["domain"], today)
    days = {"starts_on": today + timedelta(days=7), "ends_on": today + timedelta(days=8)}
    return {
        "expired": other.key,
        "question": approvals.ask(request_id=asked.pk, text="Who labels the data?", actor=people["lead"]).pk,
        "condition": decision.request.conditions.get().pk,
        "finding": findings.raise_finding(project, trouble, actor=None).pk,
        "delegation": delegations.delegate(to="security", **days, actor=people["lead"]).pk,
        "today": today.isoformat(),
    }
