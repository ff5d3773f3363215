"""The short first proposal of an intake: sent, taken back, and settled by governance."""

from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import GateClosed, Missing, StaleState
from coe_portal.core.models import User
from projects import checklists, permissions
from projects.models import (
    CONCEPT_LIFECYCLE,
    ChecklistVersion,
    Concept,
    ConceptState,
    Criterion,
    Project,
    Stage,
)
from projects.services import field_questions, projects

OFF, OPTIONAL, REQUIRED = "off", "optional", "required"
NO_RULES: dict[str, Any] = {"concept": OFF, "concept_questions": [], "explain_similar_from": None}
WAITING = "CoE lead: the concept"
SHORTEST = 20


def rules_of(project: Project) -> dict[str, Any]:
    """What the project's policy says of concepts: ``concept`` (off, optional, required), ``concept_questions``."""
    try:
        return NO_RULES | intake_rules(project.policy_version)
    except ChecklistVersion.DoesNotExist:
        return NO_RULES


@lru_cache(maxsize=64)
def intake_rules(policy_version: str) -> dict[str, Any]:
    """How a policy version looks at ideas first; read once, for what is published never changes."""
    found: dict[str, Any] = ChecklistVersion.objects.only("intake").get(policy_version=policy_version).intake
    return found


def current_mode() -> str:
    """Whether new ideas are sent as a concept first, by the policy in force."""
    version = ChecklistVersion.objects.filter(is_current=True).only("intake").first()
    return str((version.intake if version else {}).get("concept", OFF))


def questions_of(project: Project) -> list[Criterion]:
    """The criteria that a concept of this project answers, in the policy's order."""
    wanted = rules_of(project)["concept_questions"]
    return list(project.criteria.for_list().prefetch_related(None).filter(code__in=wanted))


def concept_of(project: Project) -> Concept | None:
    """The project's concept, or None when none was ever sent."""
    return Concept.objects.select_related("submitted_by", "decided_by").filter(project=project).first()


@transaction.atomic
def submit_concept(*, project_key: str, actor: User) -> Concept:
    """Send the concept to the CoE leads: what it says now is kept as it is.

    Raises:
        NotFound, NotAllowed: the person may not.
        StaleState: the policy knows no concept, it was sent already, or the project is no intake any more.
        GateClosed: name, summary or a question of the concept is missing; ``missing`` names every part.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "submit", project)
    _require_writable(project)
    missing = missing_of(project)
    if missing:
        raise GateClosed(
            f"The concept of {project.key} is not complete yet: {len(missing)} parts are missing.", missing
        )
    field_questions.settle_changed(project, actor=actor)
    concept = _send(project, actor)
    projects.set_waiting_on(project, WAITING)
    audit.record(actor=actor, action="concept.submitted", subject=project, after=concept.content)
    return concept


def _require_writable(project: Project) -> None:
    if project.stage != Stage.INTAKE:
        raise StaleState(f"{project.key} is in {project.get_stage_display().lower()}; only an intake has a concept.")
    if rules_of(project)["concept"] == OFF:
        raise StaleState(f"The policy {project.policy_version} has no concepts. Answer every question and submit it.")
    concept = concept_of(project)
    if concept is not None and concept.state == ConceptState.INVITED:
        raise StaleState(f"{concept.decided_by} invited {project.key} already. Write the full case and submit it.")


def _send(project: Project, actor: User) -> Concept:
    now = timezone.now()
    content = audit.plain(
        {
            "name": project.name,
            "summary": project.summary,
            "answers": {item.code: item.answer for item in questions_of(project)},
        }
    )
    concept = concept_of(project)
    if concept is None:
        return Concept.objects.create(project=project, content=content, submitted_by=actor, submitted_at=now)
    CONCEPT_LIFECYCLE.change(
        concept, ConceptState.SUBMITTED, content=content, submitted_by=actor, submitted_at=now, comment=""
    )
    return concept


def missing_of(project: Project) -> list[Missing]:
    """What the concept still needs."""
    found = list(checklists.readiness(questions_of(project)).missing)
    if len(project.summary.strip()) < SHORTEST:
        fix = f"Say in at least {SHORTEST} characters what it does and for whom."
        found.insert(0, Missing("summary", "The summary is missing or very short.", fix))
    return found + field_questions.missing(project)


@transaction.atomic
def take_back(*, project_key: str, actor: User) -> Concept:
    """Take a concept back before it is decided. Raises NotFound, NotAllowed, StaleState (it does not wait)."""
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "submit", project)
    concept = concept_of(project)
    if concept is None or concept.state != ConceptState.SUBMITTED:
        raise StaleState(f"No concept of {project.key} waits for a decision.")
    CONCEPT_LIFECYCLE.change(concept, ConceptState.TAKEN_BACK)
    projects.set_waiting_on(project, "")
    audit.record(actor=actor, action="concept.taken_back", subject=project)
    return concept


def settle(concept: Concept, state: ConceptState, *, actor: User, comment: str) -> None:
    """Write a CoE lead's decision onto the concept. Only governance calls this, inside its transaction."""
    CONCEPT_LIFECYCLE.change(concept, state, decided_by=actor, decided_at=timezone.now(), comment=comment)
    projects.set_waiting_on(concept.project, "")


def missing_to_submit(project: Project, state: str | None) -> list[Missing]:
    """What concepts demand before the full case may be submitted; ``state`` is the concept's, None without one."""
    if state == ConceptState.SUBMITTED:
        return [
            Missing("concept_waiting", "The concept waits for a CoE lead.", "Wait for the answer, or take it back.")
        ]
    invited = state == ConceptState.INVITED or project.revision > 0
    if rules_of(project)["concept"] == REQUIRED and not invited:
        fix = "Send the concept; a CoE lead invites you to the full case."
        return [Missing("concept", "A concept comes first, and nobody has invited this one yet.", fix)]
    return []
