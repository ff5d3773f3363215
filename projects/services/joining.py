"""Joining a project instead of starting the same again."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from projects import permissions
from projects.keepable import unkeepable
from projects.models import (
    JOIN_LIFECYCLE,
    ConceptState,
    JoinRequest,
    JoinState,
    Member,
    Project,
    ProjectRole,
    Stage,
)
from projects.services import concepts, projects, stages

MAX_TEXT = 2000


@transaction.atomic
def ask(*, project_key: str, intake_key: str = "", message: str = "", actor: User) -> JoinRequest:
    """Ask the owner of a project to take one in, perhaps together with an intake of one's own that is the same idea.

    Raises:
        NotFound: no such project that the person may see.
        NotAllowed: auditors change nothing.
        InvalidInput: the intake is not one's own, or is no intake any more; the message is too long.
        StaleState: the project has ended, the person is in its team already (without an intake), or has asked already.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if actor.is_auditor and not actor.is_lead:
        raise NotAllowed("Auditors read everything and change nothing, so you cannot join a team.")
    intake = _intake(intake_key, project, actor) if intake_key else None
    _check(project, intake, message, actor)
    request = JoinRequest.objects.create(project=project, intake=intake, person=actor, message=message.strip())
    after = {"intake": intake.key if intake else ""}
    audit.record(actor=actor, action="join.asked", subject=request, after=after, comment=request.message)
    return request


def _intake(key: str, project: Project, actor: User) -> Project:
    found = Project.objects.visible_to(actor).by_key(key).for_list().first()
    if found is None or found.owner_id != actor.pk:
        raise InvalidInput({"intake": ["You can only bring in an intake that you own."]})
    if found.stage != Stage.INTAKE or found.pk == project.pk:
        raise InvalidInput(
            {"intake": [f"{found.key} is in {found.get_stage_display().lower()}; only an intake joins."]}
        )
    return found


def _check(project: Project, intake: Project | None, message: str, actor: User) -> None:
    if len(message) > MAX_TEXT or unkeepable({"message": message}):
        raise InvalidInput({"message": [f"Write plain text of at most {MAX_TEXT} characters."]})
    if not project.is_open:
        raise StaleState(f"{project.key} is {project.get_stage_display().lower()}; nobody joins it any more.")
    if intake is None and Member.objects.filter(project=project, user=actor).exists():
        raise StaleState(f"You are in the team of {project.key} already.")
    if JoinRequest.objects.filter(project=project, person=actor, state=JoinState.ASKED).exists():
        raise StaleState(f"You have asked to join {project.key} already; {project.owner} decides.")


def refusal(user: User, request: JoinRequest) -> str:
    """Why the person may not answer this wish; empty when they may."""
    if user.pk == request.person_id and user.pk != request.project.owner_id:
        return "You asked, so the project's owner answers."
    return permissions.refusal(user, "manage_team", request.project)


@transaction.atomic
def decide(*, request_id: str, accept: bool, roles: Sequence[str] = (), answer: str = "", actor: User) -> JoinRequest:
    """Take somebody in with one or more roles, or refuse with words. An intake they bring is closed as merged.

    Raises NotFound, NotAllowed, InvalidInput (no role, no words for a refusal), StaleState (decided already).
    """
    request = _locked(request_id, actor)
    reason = refusal(actor, request)
    if reason:
        raise NotAllowed(reason)
    words = answer.strip()
    if accept and (not roles or set(roles) - set(ProjectRole.values)):
        raise InvalidInput({"roles": [f"Choose one or more of {', '.join(ProjectRole.values)}."]})
    if len(words) > MAX_TEXT or unkeepable({"answer": words}) or (not accept and not words):
        raise InvalidInput({"answer": [f"Say why, in plain text of at most {MAX_TEXT} characters."]})
    if accept:
        permissions.require_open_checklist(request.project)
    target = JoinState.JOINED if accept else JoinState.REFUSED
    JOIN_LIFECYCLE.move(
        request,
        target,
        actor=actor,
        action=f"join.{target}",
        comment=words,
        answer=words,
        decided_by=actor,
        decided_at=timezone.now(),
    )
    if accept:
        _take_in(request, sorted(set(roles)), actor)
    return request


def _locked(request_id: str, actor: User) -> JoinRequest:
    seen = JoinRequest.objects.visible_to(actor).filter(pk=request_id[:26])
    request = JoinRequest.objects.filter(pk__in=seen.values("pk")).for_list().first()
    if request is None:
        raise NotFound("There is no such wish to join that you may see.")
    keys = [pk for pk in (request.project_id, request.intake_id) if pk]
    list(Project.objects.filter(pk__in=keys).order_by("pk").select_for_update())
    return JoinRequest.objects.select_for_update(of=("self",)).for_list().get(pk=request.pk)


def _take_in(request: JoinRequest, roles: list[str], actor: User) -> None:
    """Add the person to the team and close the intake that they bring."""
    project = request.project
    member, created = Member.objects.get_or_create(project=project, user=request.person, defaults={"roles": roles})
    if created:
        audit.record(actor=actor, action="team.member_added", subject=member, after={"roles": roles})
    intake = request.intake
    if intake is None:
        return
    if intake.stage != Stage.INTAKE:
        stage = intake.get_stage_display().lower()
        raise StaleState(f"{intake.key} is in {stage} meanwhile, so it cannot be merged. Refuse the wish and say so.")
    intake.merged_into = project
    projects.touch(intake, "merged_into")
    concept = concepts.concept_of(intake)
    if concept is not None and concept.state == ConceptState.SUBMITTED:
        concept.project = intake
        concepts.settle(concept, ConceptState.CLOSED, actor=actor, comment=f"Joined {project.key}.")
    stages.move_stage(intake, Stage.STOPPED, actor=actor, comment=f"Joined {project.key} {project.name}.")


@transaction.atomic
def withdraw(*, request_id: str, actor: User) -> JoinRequest:
    """Take one's own wish back. Raises NotFound, NotAllowed, StaleState (decided already)."""
    request = _locked(request_id, actor)
    if actor.pk != request.person_id:
        raise NotAllowed(f"Only {request.person}, who asked, takes it back.")
    JOIN_LIFECYCLE.move(
        request, JoinState.WITHDRAWN, actor=actor, action="join.withdrawn", decided_by=actor, decided_at=timezone.now()
    )
    return request
