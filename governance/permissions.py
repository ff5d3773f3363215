"""Who may decide an approval request. Every refusal is a sentence."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q

from coe_portal.core.errors import NotAllowed, StaleState
from coe_portal.core.models import ApproverGroup, SiteRole, User
from governance.models import ApprovalRequest, ApprovalStep, Decision, Delegation, HolderKind, StepState
from governance.models.steps import ONE_PERSON, Holding
from projects.models import Member, Project, ProjectRole, WorkArea

DECIDED = "You have decided this step; it needs somebody else too."


@dataclass(frozen=True)
class Seat:
    """The right to decide one open step, as oneself or for the person who delegated it."""

    step: ApprovalStep
    on_behalf_of: User | None = None


@dataclass(frozen=True)
class Standing:
    """What a person may do with a request now: the seats they have, or the sentence why they have none."""

    seats: tuple[Seat, ...] = ()
    refusal: str = ""


def possible_approvers(
    kind: str, value: str, person: User | None, project: Project, never: Collection[int]
) -> list[User]:
    """The active people who hold such a step and may decide it."""
    people = User.objects.people()
    if kind == HolderKind.SITE_ROLE:
        people = people.with_site_role(value)
    elif kind == HolderKind.GROUP:
        people = people.in_group(value)
    elif kind == HolderKind.PROJECT_ROLE:
        people = people.filter(pk__in=Member.objects.filter(project=project, roles__contains=[value]).values("user"))
    else:
        people = people.filter(pk=person.pk) if person else people.none()
    return list(people.exclude(pk__in=list(never)))


class Approvers:
    """Who may decide which step, for whole lists: everybody with a role or group is read once."""

    def __init__(self) -> None:
        self._people: list[User] | None = None

    def of(self, step: ApprovalStep, excluded: Collection[int]) -> list[User]:
        """The active people who hold the step, by the rule or added to it, and may decide it."""
        found = {
            person.pk: person for holding in holdings(step) for person in self._holders(holding, step.request.project)
        }
        return [person for person in found.values() if person.pk not in excluded]

    def _holders(self, holding: Holding, project: Project) -> list[User]:
        if holding.kind in ONE_PERSON:
            return [holding.person] if holding.person and holding.person.is_active else []
        if holding.kind == HolderKind.PROJECT_ROLE:
            return possible_approvers(holding.kind, holding.value, None, project, ())
        return [person for person in self._with_duties() if _is_held_by(holding, person, project)]

    def _with_duties(self) -> list[User]:
        if self._people is None:
            self._people = list(User.objects.people().exclude(site_roles=[], approver_groups=[]))
        return self._people


def holdings(step: ApprovalStep) -> list[Holding]:
    """Everybody who may decide the step as far as roles go: the rule's holder first, then those who were added."""
    return [step, *step.added_holders.all()]


def holder_words(step: ApprovalStep) -> str:
    """Who holds the step, for people."""
    return " or ".join(dict.fromkeys(holding_words(holding) for holding in holdings(step)))


def holding_words(holding: Holding) -> str:
    """One holder, for people."""
    if holding.kind == HolderKind.PERSON:
        return str(holding.person) if holding.person else "nobody is named"
    if holding.kind == HolderKind.ACCOUNTABLE:
        area = str(WorkArea(holding.value).label).lower()
        return f"{holding.person}, accountable for {area}" if holding.person else f"nobody may decide for {area}"
    if holding.kind == HolderKind.PROJECT_ROLE:
        return f"any {str(dict(ProjectRole.choices)[holding.value]).lower()} of the team"
    labels = dict(SiteRole.choices) | dict(ApproverGroup.choices)
    return (
        f"any {labels[holding.value]}" if holding.kind == HolderKind.SITE_ROLE else f"anyone of {labels[holding.value]}"
    )


def _is_held_by(holding: Holding, user: User, project: Project) -> bool:
    if holding.kind == HolderKind.SITE_ROLE:
        return holding.value in user.site_roles
    if holding.kind == HolderKind.GROUP:
        return holding.value in user.approver_groups
    if holding.kind == HolderKind.PROJECT_ROLE:
        return Member.objects.filter(project=project, user=user, roles__contains=[holding.value]).exists()
    return holding.person_id == user.pk


def routed_to(work_area: str) -> Q:
    """Steps that whoever is accountable for this area decides, by the rule or added."""
    mine = Q(kind=HolderKind.ACCOUNTABLE, value=work_area)
    return mine | Q(added_holders__kind=HolderKind.ACCOUNTABLE, added_holders__value=work_area)


def holds(step: ApprovalStep, user: User) -> bool:
    """Whether the step is this person's own to decide."""
    return any(_is_held_by(holding, user, step.request.project) for holding in holdings(step))


def standing(request: ApprovalRequest, user: User, held: Iterable[Delegation] | None = None) -> Standing:
    """What the person may decide now. ``held`` are the delegations under which they act, when they are known."""
    if not request.is_open:
        return Standing(refusal=f"{request.key} is {request.get_state_display().lower()} already.")
    acting = Delegation.objects.held_by(user) if held is None else held
    covering = [item for item in acting if item.covers(request.action, request.project)]
    reason = _barred(request, user, covering)
    if reason:
        return Standing(refusal=reason)
    seats = tuple(seat for step in open_steps(request) if (seat := _seat(request, step, user, covering)))
    return Standing(seats) if seats else Standing(refusal=_why_no_seat(request, user))


def _barred(request: ApprovalRequest, user: User, covering: Iterable[Delegation]) -> str:
    if user.pk == request.requester_id:
        return "You asked for this, so somebody else decides."
    if user.pk in request.excluded:
        return "You own or wrote this project, so somebody else decides."
    for delegation in covering:
        if delegation.principal_id in request.excluded:
            what = "asked for this" if delegation.principal_id == request.requester_id else "owns or wrote this project"
            return f"You stand in for {delegation.principal}, who {what}, so somebody else decides."
    if request.distinct_people and any(user.pk in _voices(decision) for decision in request.decisions.all()):
        return "You have decided one step of this; a different person decides the other."
    return ""


def _seat(request: ApprovalRequest, step: ApprovalStep, user: User, covering: Iterable[Delegation]) -> Seat | None:
    spoken = {voice for item in request.decisions.all() if item.step_id == step.pk for voice in _voices(item)}
    if user.pk in spoken:
        return None
    if holds(step, user):
        return Seat(step)
    free = [item.principal for item in covering if item.principal_id not in spoken]
    principal = next((person for person in free if holds(step, person)), None)
    return Seat(step, principal) if principal else None


def _voices(decision: Decision) -> set[int]:
    return {pk for pk in (decision.actor_id, decision.on_behalf_of_id) if pk}


def _why_no_seat(request: ApprovalRequest, user: User) -> str:
    steps = open_steps(request)
    if any(user.pk in _voices(item) for item in request.decisions.all() if item.step_id in {step.pk for step in steps}):
        return DECIDED
    if not steps:
        return "No step is open."
    waits = " and ".join(f"{step.name.lower()} ({holder_words(step)})" for step in steps)
    return f"This waits for {waits}, not for you."


def refusal(request: ApprovalRequest, user: User) -> str:
    """Why the person may not decide the request now; empty when they may."""
    return standing(request, user).refusal


def open_steps(request: ApprovalRequest) -> list[ApprovalStep]:
    """The steps that are waited for."""
    return [step for step in request.steps.all() if step.state == StepState.OPEN]


def waiting_words(request: ApprovalRequest) -> str:
    """Who is waited for, for people; empty when the request is closed."""
    if request.is_open and request.paused_at:
        return f"{request.requester}: an answer"
    steps = open_steps(request) if request.is_open else []
    return "; ".join(f"{step.name}: {holder_words(step)}" for step in steps)


def require_seat(request: ApprovalRequest, user: User, position: int | None = None) -> Seat:
    """The person's seat on the open step at ``position``, or on their first one.

    Raises NotAllowed, or StaleState when it is decided already.
    """
    found = standing(request, user)
    seat = next((seat for seat in found.seats if position in (None, seat.step.position)), None)
    if seat is not None:
        return seat
    reason = found.refusal or "That step is not open for you; leave it out to decide the one that is."
    if not request.is_open or reason == DECIDED:
        raise StaleState(reason)
    raise NotAllowed(reason)
