"""Stopping a project outside its proof of concept: an idea is given up, work that is production ready goes no further.

A proof of concept is stopped by a no go, what is in production is retired by its gate, and a submitted intake is
decided or withdrawn first.
"""

from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import User
from governance.models import IntakeDecision, IntakeOutcome
from governance.services.approvals import closing
from projects import permissions
from projects.models import ConceptState, Project, Stage
from projects.services import concepts, projects, stages

MIN_REASON, MAX_REASON = 10, 2000
IDEAS = (Stage.INTAKE, Stage.DEFERRED)


@dataclass(frozen=True)
class Elsewhere:
    """Where a project of a stage comes to its end instead: a sentence, the words of the link, and where it leads."""

    sentence: str
    link: str
    url: str


def elsewhere(project: Project) -> Elsewhere | None:
    """How the project ends in its stage when it is not stopped here; None when it is."""
    found = _ELSEWHERE.get(Stage(project.stage))
    if found is None:
        return None
    sentence, link, name = found
    return Elsewhere(f"{project.key} {sentence}.", link, reverse(name, args=[project.key]))


_ELSEWHERE = {
    Stage.QUALIFICATION: (
        "is with its approvers, so the request is withdrawn first, or the intake declined",
        "See the request",
        "governance:project_decisions",
    ),
    Stage.POC: ("is a proof of concept, which is stopped by a “no go”", "Decide", "governance:poc_decision"),
    Stage.PRODUCTION: (
        "is in production, where it is retired by the approvals of its last gate",
        "See the gates",
        "governance:project_gate",
    ),
}


def refusal(user: User, project: Project) -> str:
    """Why the person may not stop it; empty when they may.

    An idea is given up by its owner. Later somebody else's money is in it, so its sponsor decides, as on a no go.
    """
    if project.stage in IDEAS:
        if user.is_lead or user.pk == project.owner_id:
            return ""
        return f"Only {project.owner}, who owns {project.key}, and CoE leads give the idea up."
    return permissions.refusal_but_sponsor(user, project, "stops it")


@transaction.atomic
def stop(*, project_key: str, reason: str, actor: User) -> Project:
    """End the project for good; what waits for a decision is void. Its lessons are asked for where the policy says so.

    Raises:
        NotFound, NotAllowed: the person may not.
        StaleState: it has ended already, or ends elsewhere in its stage.
        InvalidInput: no real reason.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if not project.is_open:
        raise StaleState(f"{project.key} is {project.get_stage_display().lower()} already; it is kept as it ended.")
    if (place := elsewhere(project)) is not None:
        raise StaleState(place.sentence)
    if why_not := refusal(actor, project):
        raise NotAllowed(why_not)
    words = reason.strip()
    if not MIN_REASON <= len(words) <= MAX_REASON or "\x00" in words:
        length = f"{MIN_REASON} to {MAX_REASON:,} characters"
        raise InvalidInput({"reason": [f"Say why, in {length}: the team and an auditor read it."]})
    _close_what_waits(project, words, actor)
    stages.move_stage(project, Stage.STOPPED, actor=actor, comment=words)
    projects.set_waiting_on(project, "")
    return project


def _close_what_waits(project: Project, words: str, actor: User) -> None:
    closing.void_open(project, actor=actor, comment=f"{project.key} was stopped: {words}")
    concept = concepts.concept_of(project)
    if concept is not None and concept.state == ConceptState.SUBMITTED:
        concept.project = project
        concepts.settle(concept, ConceptState.CLOSED, actor=actor, comment=words)
    deferrals = IntakeDecision.objects.filter(project=project, outcome=IntakeOutcome.DEFER, returned_at=None)
    deferrals.update(returned_at=timezone.now())
