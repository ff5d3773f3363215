"""Asking for a gate: a complete intake is submitted, a project asks to advance."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from coe_portal.core.errors import GateClosed, Missing, StaleState
from coe_portal.core.models import User
from governance.models import ApprovalRequest, ApprovalState, RiskAssessment
from governance.policies.rules import Facts
from governance.services import gate_demands, policies
from governance.services.approvals import Question, request_approval
from governance.services.consequences import ADVANCE
from projects import permissions
from projects.models import FieldQuestion, Project, Stage
from projects.services import concepts, distinctions, field_questions, projects, stages


@dataclass(frozen=True)
class Submitted:
    """The project in its new stage and the approval request that was opened."""

    project: Project
    approval: ApprovalRequest


@transaction.atomic
def submit(*, project_key: str, actor: User) -> Submitted:
    """Submit an intake: keep a revision, move it to qualification, ask for the gate to the proof of concept.

    Raises:
        NotFound, NotAllowed: the person may not.
        StaleState: it is not an intake any more.
        GateClosed: something is missing; ``missing`` names every part.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "submit", project)
    if project.stage != Stage.INTAKE:
        raise StaleState(f"{project.key} is in {project.get_stage_display().lower()}; only an intake can be submitted.")
    missing = missing_to_submit(project)
    if missing:
        raise GateClosed(f"{project.key} is not complete yet: {len(missing)} parts are missing.", missing)
    field_questions.settle_changed(project, actor=actor)
    stages.move_stage(project, Stage.QUALIFICATION, actor=actor)
    return Submitted(project, _ask(project, actor))


@transaction.atomic
def advance(*, project_key: str, actor: User) -> Submitted:
    """Ask for the gate that leaves the project's stage.

    Raises NotFound, NotAllowed, StaleState (no gate, or one is asked for already), GateClosed.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "submit", project)
    if project.stage == Stage.INTAKE:
        return submit(project_key=project_key, actor=actor)
    if ApprovalRequest.objects.filter(project=project, state=ApprovalState.OPEN, action__startswith=ADVANCE).exists():
        raise StaleState(f"{project.key} waits for a decision already: {project.waiting_on}.")
    missing = gate_demands.missing_for_gate(project, project.stage)
    if missing:
        raise GateClosed(f"{project.key} cannot ask for its next gate yet.", missing)
    return Submitted(project, _ask(project, actor))


def _ask(project: Project, actor: User) -> ApprovalRequest:
    policy = policies.policy_of(project.policy_version)
    gate = policy.gate_from(project.stage)
    if gate is None:
        raise StaleState(f"No gate leaves the stage {project.get_stage_display().lower()}.")
    revision = projects.freeze_revision(project, actor=actor)
    question = Question(
        subject=project.ref,
        action=f"{ADVANCE}{gate.target}",
        title=f"{gate.title}: {project.name}",
        specification=revision.content,
        revision=revision.number,
        authors=_authors(project),
    )
    facts = Facts(project.poc_budget, project.risk_tier, project.data_classification)
    return request_approval(project, question, policy, facts, actor=actor)


def _authors(project: Project) -> set[int]:
    """Who wrote what is asked for: the owner, who proposed it, and everybody whose answer stands in it."""
    answered = project.criteria.exclude(answered_by=None).values_list("answered_by", flat=True)
    judged = RiskAssessment.objects.filter(project=project, is_current=True).values_list("answered_by", flat=True)
    return {project.owner_id, project.created_by_id, *(pk for pk in (*answered, *judged) if pk is not None)}


def missing_to_submit(project: Project) -> list[Missing]:
    """What an intake needs before it can be submitted: the gate's criteria, and answers to what reviewers asked."""
    wizard = reverse("projects:intake_step", args=[project.key, "check"])
    has_questions = Exists(FieldQuestion.objects.open().filter(project=OuterRef("pk")))
    facts = Project.objects.annotate(has_questions=has_questions).values_list("concept__state", "has_questions")
    state, asked = facts.get(pk=project.pk)
    early = [
        *concepts.missing_to_submit(project, state),
        *(field_questions.missing(project) if asked else ()),
        *distinctions.missing(project),
    ]
    placed = [Missing(item.code, item.message, item.how_to_fix, wizard) for item in early]
    return gate_demands.missing_for_gate(project, Stage.QUALIFICATION) + placed
