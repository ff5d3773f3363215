"""Who may decide an approval request. Every refusal is a sentence."""

from collections.abc import Collection

from coe_portal.core.errors import NotAllowed, StaleState
from coe_portal.core.models import ApproverGroup, SiteRole, User
from governance.models import ApprovalRequest, ApprovalStep, Decision, HolderKind, StepState


def possible_approvers(kind: str, value: str, person: User | None, excluded: Collection[int]) -> list[User]:
    """The active people who hold such a step and may decide it."""
    people = User.objects.people()
    if kind == HolderKind.SITE_ROLE:
        people = people.with_site_role(value)
    elif kind == HolderKind.GROUP:
        people = people.in_group(value)
    else:
        people = people.filter(pk=person.pk) if person else people.none()
    return list(people.exclude(pk__in=list(excluded)))


class Approvers:
    """Who may decide which step, for whole lists: everybody with a role or group is read once."""

    def __init__(self) -> None:
        self._people: list[User] | None = None

    def of(self, step: ApprovalStep, excluded: Collection[int]) -> list[User]:
        """The active people who hold the step and may decide it."""
        if step.kind == HolderKind.PERSON:
            people = [step.person] if step.person and step.person.is_active else []
        else:
            people = [person for person in self._with_duties() if holds(step, person)]
        return [person for person in people if person.pk not in excluded]

    def _with_duties(self) -> list[User]:
        if self._people is None:
            self._people = list(User.objects.people().exclude(site_roles=[], approver_groups=[]))
        return self._people


def holder_words(step: ApprovalStep) -> str:
    """Who holds the step, for people."""
    if step.kind == HolderKind.PERSON:
        return str(step.person) if step.person else "nobody is named"
    labels = dict(SiteRole.choices) | dict(ApproverGroup.choices)
    return f"any {labels[step.value]}" if step.kind == HolderKind.SITE_ROLE else f"anyone of {labels[step.value]}"


def holds(step: ApprovalStep, user: User) -> bool:
    """Whether the step is this person's to decide."""
    if step.kind == HolderKind.SITE_ROLE:
        return step.value in user.site_roles
    if step.kind == HolderKind.GROUP:
        return step.value in user.approver_groups
    return step.person_id == user.pk


def refusal(request: ApprovalRequest, user: User) -> str:
    """Why the person may not decide the request now; empty when they may."""
    if not request.is_open:
        return f"{request.key} is {request.get_state_display().lower()} already."
    if user.pk == request.requester_id:
        return "You asked for this, so somebody else decides."
    if user.pk in request.excluded:
        return "You own or wrote this project, so somebody else decides."
    step = open_step(request)
    if step is None or not holds(step, user):
        return (
            f"This waits for {step.name.lower()} ({holder_words(step)}), not for you." if step else "No step is open."
        )
    if Decision.objects.filter(step=step, actor=user).exists():
        return "You have decided this step; it needs somebody else too."
    return ""


def open_step(request: ApprovalRequest) -> ApprovalStep | None:
    """The step that is waited for."""
    return next((step for step in request.steps.all() if step.state == StepState.OPEN), None)


def waiting_words(request: ApprovalRequest) -> str:
    """Who is waited for, for people; empty when the request is closed."""
    step = open_step(request) if request.is_open else None
    return f"{step.name}: {holder_words(step)}" if step else ""


def require_decider(request: ApprovalRequest, user: User) -> ApprovalStep:
    """The open step if this person may decide it. Raises NotAllowed, or StaleState when it is decided already."""
    reason = refusal(request, user)
    step = open_step(request)
    if reason or step is None:
        if not request.is_open or reason.startswith("You have decided"):
            raise StaleState(reason or "No step is open.")
        raise NotAllowed(reason)
    return step
