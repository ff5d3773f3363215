"""Who may do what with runs and environments. The pages show the same sentences that the services raise.

Which roles may launch is policy and asked of the gate (``governance.services.gates``); here stands what holds for every
policy.
"""

from coe_portal.core.errors import NotAllowed
from coe_portal.core.models import User
from projects.models import Member, Project, ProjectRole
from projects.permissions import takes_part


def refusal(user: User, action: str, project: Project) -> str:
    """Why the person may not ``launch`` or ``stop`` runs of the project; empty for its team and for CoE leads."""
    if user.is_lead or takes_part(user, project):
        return ""
    return f"Only the team of {project.key} and CoE leads may {action} runs. Ask {project.owner} to add you."


def require(user: User, action: str, project: Project) -> None:
    """Raise NotAllowed with the sentence of ``refusal``."""
    if sentence := refusal(user, action, project):
        raise NotAllowed(sentence)


def lead_refusal(user: User, what: str) -> str:
    """Why the person may not do what only CoE leads do; empty when they may."""
    return "" if user.is_lead else f"Only CoE leads may {what}. Ask one of them."


def require_lead(user: User, what: str) -> None:
    """Raise NotAllowed unless the person is a CoE lead."""
    if sentence := lead_refusal(user, what):
        raise NotAllowed(sentence)


def operator_refusal(user: User) -> str:
    """Why the person may not have an environment checked; empty for CoE leads and DevOps engineers of any project."""
    if user.is_lead or Member.objects.filter(user=user, roles__contains=[ProjectRole.DEVOPS_ENGINEER]).exists():
        return ""
    return "Only CoE leads and DevOps engineers may check an environment. Ask one of them."


def require_operator(user: User) -> None:
    """Raise NotAllowed with the sentence of ``operator_refusal``."""
    if sentence := operator_refusal(user):
        raise NotAllowed(sentence)
