"""Who may do what in a project. Every refusal is a sentence."""

from coe_portal.core.errors import NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from projects.models import Concept, ConceptState, Member, Project, Stage

ACTIONS = {
    "edit": "change this project",
    "answer": "answer its checklist",
    "manage_team": "change its team",
    "add_evidence": "add evidence",
    "give_verdict": "give a verdict",
    "submit": "submit it",
}


def visible_project(user: User, key: str, *, lock: bool = False) -> Project:
    """The project with this key if the person may know of it. Raises NotFound.

    ``lock=True`` takes the row's lock, for services that change it.
    """
    rows = Project.objects.visible_to(user).by_key(key)
    if lock:
        rows = Project.objects.filter(pk__in=rows.values("pk")).select_for_update(of=("self",))
    rows = rows.for_list()
    project = rows.first()
    if project is None:
        raise NotFound(f"There is no project {key[:20]} that you may see.")
    return project


def takes_part(user: User, project: Project) -> bool:
    """Whether the person is a member or is named on the project."""
    named = {project.owner_id, project.sponsor_id, project.created_by_id, project.deploy_authority_id}
    return user.pk in named or Member.objects.filter(project=project, user=user).exists()


def refusal(user: User, action: str, project: Project) -> str:
    """Why the person may not do this; empty when they may."""
    what = ACTIONS[action]
    if action == "give_verdict":
        return _verdict_refusal(user, project)
    if user.is_lead or takes_part(user, project):
        return ""
    if user.is_auditor:
        return f"Auditors read everything and change nothing, so you cannot {what}."
    return f"Only the team of {project.key} and CoE leads can {what}. Ask {project.owner} to add you."


def _verdict_refusal(user: User, project: Project) -> str:
    if takes_part(user, project):
        return "You take part in this project, so somebody else reviews its answers."
    if user.is_lead or user.approver_groups:
        return ""
    return "Only CoE leads and approvers review answers."


def require(user: User, action: str, project: Project) -> None:
    """Raise NotAllowed with the reason unless the person may do this."""
    reason = refusal(user, action, project)
    if reason:
        raise NotAllowed(reason)


def require_to_propose(user: User) -> None:
    """Raise NotAllowed for an auditor: everybody else may have an idea."""
    if user.is_auditor and not user.is_lead:
        raise NotAllowed("Auditors read everything and change nothing, so you cannot propose a project.")


def require_open_checklist(project: Project) -> None:
    """Raise StaleState when the answers are with the approvers or the project has ended."""
    if project.stage == Stage.QUALIFICATION:
        raise StaleState(
            f"{project.key} is with its approvers, so its answers are fixed. "
            "Withdraw the request, or wait for the decision.",
            code="checklist_frozen",
        )
    if project.stage == Stage.INTAKE and Concept.objects.filter(project=project, state=ConceptState.SUBMITTED).exists():
        raise StaleState(
            f"The concept of {project.key} is with the CoE leads, so it is fixed. Take it back, or wait for them.",
            code="concept_waits",
        )
    if not project.is_open:
        raise StaleState(f"{project.key} is {project.get_stage_display().lower()}; it is kept as it ended.")


def refusal_but_sponsor(user: User, project: Project, does: str) -> str:
    """Why the person may not do what is for the sponsor, whose money it is, and CoE leads; never for the owner."""
    if user.pk == project.owner_id:
        return f"You own this project, so its sponsor or a CoE lead {does}."
    if user.is_lead or user.pk == project.sponsor_id:
        return ""
    sponsor = f", {project.sponsor}," if project.sponsor else ""
    return f"The sponsor of {project.key}{sponsor} or a CoE lead {does}."
