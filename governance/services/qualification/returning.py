"""Deferred intakes come back: by themselves on their day, or before it because somebody who may decide says so."""

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import User
from governance.models import IntakeDecision, IntakeOutcome
from governance.services.qualification import deciding
from projects import permissions
from projects.models import Project, Stage
from projects.services import projects, stages

MAX_REASON = 4000


@transaction.atomic
def end_deferral(*, project_key: str, reason: str, actor: User) -> Project:
    """Bring a deferred intake back before its day, to where it would have come by itself.

    Raises:
        NotFound, NotAllowed: only who may decide the intake.
        InvalidInput: no reason.
        StaleState: it is not deferred, or came back already.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if refusal := deciding.refusal(actor, project):
        raise NotAllowed(refusal)
    words = reason.strip()
    if not 1 <= len(words) <= MAX_REASON or "\x00" in words:
        raise InvalidInput({"reason": [f"Say why, in at most {MAX_REASON:,} characters: the team reads it."]})
    if project.stage != Stage.DEFERRED:
        raise StaleState(f"{project.key} is in {project.get_stage_display().lower()}; only a deferral can be ended.")
    decision = open_deferral(project)
    before = {"defer_until": decision.defer_until if decision else None}
    audit.record(actor=actor, action="intake.deferral_ended", subject=project, before=before, comment=words)
    _bring_back(project, decision, actor=actor, comment=words)
    return project


def open_deferral(project: Project) -> IntakeDecision | None:
    """The decision that put the intake aside and has not come back from it."""
    rows = project.intake_decisions.filter(outcome=IntakeOutcome.DEFER, returned_at=None)
    return rows.order_by("-pk").first() if project.stage == Stage.DEFERRED else None


def return_due() -> int:
    """Bring back the deferred intakes whose day has come. Returns how many."""
    found = list(IntakeDecision.objects.coming_back().values_list("pk", flat=True)[:100])
    return sum(_return(pk) for pk in found)


@transaction.atomic
def _return(decision_id: str) -> bool:
    """Open one deferred intake again; nothing when somebody else was faster."""
    known = IntakeDecision.objects.get(pk=decision_id)
    project = Project.objects.select_for_update().get(pk=known.project_id)
    decision = IntakeDecision.objects.coming_back().filter(pk=decision_id).first()
    if decision is None:
        return False
    _bring_back(project, decision, actor=None, comment=f"It was deferred until {decision.defer_until}.")
    return True


def _bring_back(project: Project, decision: IntakeDecision | None, *, actor: User | None, comment: str) -> None:
    """The one way back, with the project's row locked."""
    if decision is not None:
        decision.returned_at = timezone.now()
        decision.save(update_fields=["returned_at"])
    if project.stage == Stage.DEFERRED:
        stages.move_stage(project, Stage.INTAKE, actor=actor, comment=comment)
        projects.set_waiting_on(project, "")
