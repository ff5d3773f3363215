"""Members, their roles and responsibilities."""

from django.db import transaction

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotFound, StaleState
from coe_portal.core.models import User
from projects import permissions
from projects.duties import PLACES
from projects.models import (
    HandoverReason,
    Member,
    Project,
    ProjectRole,
    Responsibility,
    ResponsibilityKind,
    WorkArea,
)
from projects.services import handovers


@transaction.atomic
def add_member(*, project_key: str, username: str, roles: list[str], actor: User) -> Member:
    """Add a colleague with one or more roles. Adding them again sets their roles.

    Raises:
        NotFound, NotAllowed, StaleState: the person may not, or the team is fixed now.
        InvalidInput: unknown colleague or role.
    """
    project = _project(project_key, actor)
    person = User.objects.people().filter(username=username).first()
    if person is None:
        raise InvalidInput({"user": [f"There is no colleague with the username “{username[:64]}”."]})
    _check_roles(roles)
    member, created = Member.objects.select_for_update().get_or_create(
        project=project, user=person, defaults={"roles": sorted(set(roles))}
    )
    before = None if created else {"roles": member.roles}
    if not created:
        member.roles = sorted(set(roles))
        member.save(update_fields=["roles"])
    _name_sponsor(project, person, roles)
    action = "team.member_added" if created else "team.roles_changed"
    audit.record(actor=actor, action=action, subject=member, before=before, after={"roles": member.roles})
    handovers.settle(project, actor=actor)
    return member


def _project(project_key: str, actor: User) -> Project:
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "manage_team", project)
    permissions.require_open_checklist(project)
    return project


def _check_roles(roles: list[str]) -> None:
    unknown = sorted(set(roles) - set(ProjectRole.values))
    if unknown or not roles:
        known = ", ".join(ProjectRole.values)
        raise InvalidInput({"roles": [f"Choose one or more of {known}."]})


def _name_sponsor(project: Project, person: User, roles: list[str]) -> None:
    if ProjectRole.SPONSOR in roles and project.sponsor is None:
        project.sponsor = person
        project.save(update_fields=["sponsor"])


@transaction.atomic
def set_roles(*, project_key: str, member_id: str, roles: list[str], actor: User) -> Member:
    """Replace a member's roles. Raises as ``add_member`` does."""
    member = _member(_project(project_key, actor), member_id)
    _check_roles(roles)
    before = {"roles": member.roles}
    member.roles = sorted(set(roles))
    member.save(update_fields=["roles"])
    audit.record(actor=actor, action="team.roles_changed", subject=member, before=before, after={"roles": member.roles})
    handovers.settle(member.project, actor=actor)
    return member


@transaction.atomic
def remove_member(*, project_key: str, member_id: str, actor: User) -> None:
    """Take a person out of the team; what nobody else answers for becomes a task of the owner and the CoE leads.

    Raises as ``add_member`` does, and StaleState for the owner, who cannot be removed.
    """
    project = _project(project_key, actor)
    member = _member(project, member_id)
    orphans = [duty for duty in handovers.orphaned_by(project, member.user) if duty not in PLACES]
    if member.user_id == project.owner_id:
        raise StaleState(f"{member.user} owns {project.key}. Name another owner first.")
    duties = {duty.work_area: duty.kind for duty in member.responsibilities.all()}
    audit.record(
        actor=actor, action="team.member_removed", subject=member, before={"roles": member.roles, "duties": duties}
    )
    member.delete()
    handovers.open_for(project, member.user, HandoverReason.LEFT_TEAM, orphans, actor=actor)
    handovers.settle(project, actor=actor)
    handovers.tell_accountable(
        project, [area for area, kind in duties.items() if kind == ResponsibilityKind.ACCOUNTABLE]
    )


def _member(project: Project, member_id: str) -> Member:
    member = Member.objects.select_for_update().filter(project=project, pk=member_id[:26]).first()
    if member is None:
        raise NotFound(f"{project.key} has no such member.")
    member.project = project
    return member


@transaction.atomic
def set_responsibility(
    *, project_key: str, member_id: str, work_area: str, kind: str, actor: User
) -> Responsibility | None:
    """Say what a member is for an area of work; an empty ``kind`` takes it away.

    Naming somebody accountable makes the one who was before responsible: an area has one accountable person.
    """
    member = _member(_project(project_key, actor), member_id)
    errors: dict[str, list[str]] = {}
    if work_area not in WorkArea.values:
        errors["work_area"] = [f"Choose one of {', '.join(WorkArea.values)}."]
    if kind and kind not in ResponsibilityKind.values:
        errors["kind"] = [f"Choose one of {', '.join(ResponsibilityKind.values)}, or leave it empty."]
    if errors:
        raise InvalidInput(errors)
    before = {duty.work_area: duty.kind for duty in member.responsibilities.filter(work_area=work_area)}
    duty = None
    if not kind:
        member.responsibilities.filter(work_area=work_area).delete()
    else:
        _hand_over(member, work_area, kind)
        duty, _ = Responsibility.objects.update_or_create(
            member=member, work_area=work_area, defaults={"kind": kind, "named_by": actor}
        )
    audit.record(actor=actor, action="team.responsibility_set", subject=member, before=before, after={work_area: kind})
    handovers.settle(member.project, actor=actor)
    if ResponsibilityKind.ACCOUNTABLE in (kind, before.get(work_area)):
        handovers.tell_accountable(member.project, [work_area])
    return duty


def _hand_over(member: Member, work_area: str, kind: str) -> None:
    if kind == ResponsibilityKind.ACCOUNTABLE:
        others = Responsibility.objects.filter(
            member__project=member.project, work_area=work_area, kind=ResponsibilityKind.ACCOUNTABLE
        ).exclude(member=member)
        others.update(kind=ResponsibilityKind.RESPONSIBLE)
