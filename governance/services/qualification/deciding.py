"""A CoE lead decides an intake: a concept is invited, a full case is funded; both are deferred, declined or sent back.

The decision on a full case *is* the CoE lead's voice on the request for the first gate, so the rules of approvals hold:
whoever asked, owns or wrote it does not decide it, and funding opens the next step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import SiteRole, User
from governance import permissions
from governance.events import IntakeDecided
from governance.models import (
    ApprovalRequest,
    ApprovalState,
    HolderKind,
    IntakeDecision,
    IntakeOutcome,
    Review,
    StepState,
    Verdict,
)
from governance.policies import scoring
from governance.services import approvals
from governance.services.approvals import closing
from governance.services.consequences import ADVANCE
from governance.services.qualification import weights
from projects import permissions as project_permissions
from projects.models import ConceptState, Project, Stage
from projects.services import concepts, field_questions, projects, stages
from projects.services.field_questions import Asked

MAX_REASON = 4000
VERDICTS = {
    IntakeOutcome.FUND: Verdict.APPROVE,
    IntakeOutcome.DECLINE: Verdict.REJECT,
    IntakeOutcome.REQUEST_CHANGES: Verdict.REQUEST_CHANGES,
}
SETTLED = {
    IntakeOutcome.INVITE: ConceptState.INVITED,
    IntakeOutcome.REQUEST_CHANGES: ConceptState.RETURNED,
    IntakeOutcome.DEFER: ConceptState.CLOSED,
    IntakeOutcome.DECLINE: ConceptState.CLOSED,
}
ENDS = {IntakeOutcome.DEFER: Stage.DEFERRED, IntakeOutcome.DECLINE: Stage.DECLINED}


@dataclass(frozen=True)
class Wish:
    """What is to be decided: the outcome with its reason, the day of a deferral, questions at fields."""

    outcome: str
    reason: str
    defer_until: date | None = None
    questions: Sequence[Asked] = ()


@transaction.atomic
def decide_intake(*, project_key: str, wish: Wish, actor: User) -> IntakeDecision | None:
    """Decide a concept that was sent, or a full case in qualification.

    Returns:
        The decision, or None when what was asked for had changed, so that the request became void instead.

    Raises:
        NotFound, NotAllowed: no CoE lead, or one who asked, owns, wrote or takes part.
        InvalidInput: unknown outcome, no reason, a day that is missing, wrong or past, a question at no field.
        StaleState: nothing waits for this decision.
    """
    project = project_permissions.visible_project(actor, project_key, lock=True)
    reason = refusal(actor, project)
    if reason:
        raise NotAllowed(reason)
    _check(wish)
    decide = _decide_concept if project.stage == Stage.INTAKE else _decide_case
    return decide(project, wish, actor)


def refusal(user: User, project: Project) -> str:
    """Why the person does not decide this intake; empty when they may. The request's own rules come on top."""
    if project_permissions.takes_part(user, project):
        return "You take part in this project, so another CoE lead decides its intake."
    if user.is_lead or _standing_in(user, project):
        return ""
    return "Only CoE leads decide an intake."


def _standing_in(user: User, project: Project) -> bool:
    request = open_request(project)
    return request is not None and any(seat.on_behalf_of and _is_leads(seat) for seat in _seats(request, user))


def open_request(project: Project) -> ApprovalRequest | None:
    """The open request for the gate that leaves qualification, if there is one."""
    rows = ApprovalRequest.objects.filter(project=project, state=ApprovalState.OPEN, action__startswith=ADVANCE)
    return (
        rows.select_related("project", "requester").prefetch_related("decisions").first()
        if project.stage == Stage.QUALIFICATION
        else None
    )


def _seats(request: ApprovalRequest, user: User) -> tuple[permissions.Seat, ...]:
    return permissions.standing(request, user).seats


def _is_leads(seat: permissions.Seat) -> bool:
    """Whether the step is the CoE leads' own, or fell to them because nobody else may decide it."""
    return seat.step.kind == HolderKind.SITE_ROLE and seat.step.value == SiteRole.COE_LEAD


def _check(wish: Wish) -> None:
    errors: dict[str, list[str]] = {}
    if wish.outcome not in IntakeOutcome.values:
        errors["outcome"] = [f"Choose one of {', '.join(IntakeOutcome.values)}."]
    if not 1 <= len(wish.reason.strip()) <= MAX_REASON or "\x00" in wish.reason:
        errors["reason"] = [f"Say why, in at most {MAX_REASON:,} characters: the team and an auditor read it."]
    if wish.outcome == IntakeOutcome.DEFER and (wish.defer_until is None or wish.defer_until <= timezone.localdate()):
        errors["defer_until"] = ["Name the day on which it comes back, after today."]
    if wish.outcome != IntakeOutcome.DEFER and wish.defer_until is not None:
        errors["defer_until"] = ["Only a deferral has a day."]
    if wish.outcome != IntakeOutcome.REQUEST_CHANGES and wish.questions:
        errors["questions"] = ["Questions go with “request_changes”: the team answers them and submits again."]
    if errors:
        raise InvalidInput(errors)


def _decide_concept(project: Project, wish: Wish, actor: User) -> IntakeDecision:
    concept = concepts.concept_of(project)
    if concept is None or concept.state != ConceptState.SUBMITTED:
        raise StaleState(f"{project.key} is being written; nothing waits for a decision.")
    outcome = IntakeOutcome(wish.outcome)
    if outcome not in SETTLED:
        raise StaleState(f"{project.key} is a concept: invite it to the full case before it can be funded.")
    concept.project = project
    field_questions.ask_all(project, wish.questions, actor=actor)
    concepts.settle(concept, SETTLED[outcome], actor=actor, comment=wish.reason.strip())
    if outcome in ENDS:
        stages.move_stage(project, ENDS[outcome], actor=actor, comment=wish.reason.strip())
    return _record(project, wish, actor)


def _decide_case(project: Project, wish: Wish, actor: User) -> IntakeDecision | None:
    if wish.outcome == IntakeOutcome.INVITE:
        raise StaleState(f"{project.key} is no concept; a full case is funded, deferred, declined or sent back.")
    found = open_request(project)
    if found is None:
        stage = project.get_stage_display().lower()
        raise StaleState(f"{project.key} is in {stage}; nothing of its intake waits for a decision.")
    request = closing.locked(found.pk, actor)
    seat = _seat(request, actor)
    if wish.outcome == IntakeOutcome.DEFER:
        _defer(request, wish, actor)
    else:
        field_questions.ask_all(project, wish.questions, actor=actor)
        verdict = VERDICTS[IntakeOutcome(wish.outcome)]
        request = approvals.decide(
            request_id=request.pk, verdict=verdict, comment=wish.reason, step=seat.step.position, actor=actor
        )
        if request.state == ApprovalState.VOID:
            return None
    project.refresh_from_db()
    return _record(project, wish, actor, request, seat)


def _seat(request: ApprovalRequest, actor: User) -> permissions.Seat:
    seat = next((seat for seat in _seats(request, actor) if _is_leads(seat)), None)
    if seat is not None:
        return seat
    if any(_is_leads(permissions.Seat(step)) and step.state == StepState.DONE for step in request.steps.all()):
        raise StaleState(
            f"{request.project.key} is funded already; {request.key} waits for {request.project.waiting_on}."
        )
    reason = permissions.refusal(request, actor)
    if reason == permissions.DECIDED:
        raise StaleState(reason)
    raise NotAllowed(reason or f"{request.key} has no open step of the CoE leads; decide your step on its page.")


def _defer(request: ApprovalRequest, wish: Wish, actor: User) -> None:
    """Put the intake aside until a day. The request ends undecided; it is asked anew when it comes back."""
    stages.move_stage(request.project, Stage.DEFERRED, actor=actor, comment=wish.reason.strip())
    closing.close(request, ApprovalState.WITHDRAWN, actor=actor, comment=f"Deferred: {wish.reason.strip()}")


def _record(
    project: Project,
    wish: Wish,
    actor: User,
    request: ApprovalRequest | None = None,
    seat: permissions.Seat | None = None,
) -> IntakeDecision:
    count, score, number = score_of(project) if request else (0, None, 0)
    decision = IntakeDecision.objects.create(
        project=project,
        outcome=wish.outcome,
        reason=wish.reason.strip(),
        defer_until=wish.defer_until,
        revision=project.revision,
        request=request,
        score=score,
        reviews=count,
        scoring=number,
        decided_by=actor,
        on_behalf_of=seat.on_behalf_of if seat else None,
    )
    if wish.defer_until:
        projects.set_waiting_on(project, f"{wish.defer_until:%d %B %Y}, when it comes back")
    audit.record(
        actor=actor,
        on_behalf_of=decision.on_behalf_of,
        action="intake.decided",
        subject=project,
        after={
            "outcome": decision.outcome,
            "defer_until": decision.defer_until,
            "score": score,
            "reviews": count,
            "questions": [f"{item.code}.{item.field}".rstrip(".") for item in wish.questions],
        },
        comment=decision.reason,
    )
    outbox.publish(IntakeDecided(decision.pk, project.key, decision.outcome))
    return decision


def score_of(project: Project) -> tuple[int, Decimal | None, int]:
    """How many reviews there are of what the project says now, the mean of their totals, and by which weights."""
    rows = list(Review.objects.filter(project=project, revision=project.revision))
    if not rows:
        return 0, None, 0
    weighing = weights.current()
    found = scoring.summarise([row.scores for row in rows], weighing.weights).total
    return len(rows), Decimal(f"{scoring.shown(found.mean):.2f}") if found else None, weighing.number
