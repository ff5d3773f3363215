"""One verdict of one person on one step."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from governance import permissions
from governance.models import ApprovalRequest, ApprovalState, Decision, Verdict
from governance.policies.document import digest
from governance.services import consequences
from governance.services.approvals import closing
from governance.services.conditions import MAX_CONDITION, set_for

MAX_COMMENT = 4000


@transaction.atomic
def decide(
    *,
    request_id: int,
    verdict: str,
    comment: str = "",
    conditions: Sequence[str] = (),
    conditions_due_on: date | None = None,
    step: int | None = None,
    actor: User,
) -> ApprovalRequest:
    """Record one verdict and close the request if that settles it.

    Args:
        conditions_due_on: the day by which the conditions are met; a month from now when it is left out.
        step: position of the open step that is decided; without it the first one that the person may decide.

    Raises:
        NotFound: no such request for this person.
        NotAllowed: the person asked for it, wrote it, stands in for somebody who did, or holds no open step.
        InvalidInput: unknown verdict, or a missing comment or condition.
        StaleState: it is decided already, or what was asked for has changed since (the request becomes void).
    """
    request = closing.locked(request_id, actor)
    _check_words(verdict, comment, conditions, conditions_due_on)
    seat = permissions.require_seat(request, actor, step)
    if digest(consequences.current_specification(request)) != request.digest:
        void = "What was asked for changed after it was asked."
        closing.close(request, ApprovalState.VOID, actor=None, comment=void)
        return request
    demands = [text.strip() for text in conditions if text.strip()]
    decision = _record(request, seat, verdict, comment.strip(), demands, actor)
    if verdict == Verdict.APPROVE_WITH_CONDITIONS:
        set_for(decision, demands, conditions_due_on)
    with audit.standing_in(actor, seat.on_behalf_of):
        closing.settle(request, actor)
    return request


def _record(
    request: ApprovalRequest, seat: permissions.Seat, verdict: str, comment: str, conditions: list[str], actor: User
) -> Decision:
    decision = Decision.objects.create(
        request=request,
        step=seat.step,
        actor=actor,
        on_behalf_of=seat.on_behalf_of,
        verdict=verdict,
        comment=comment,
        conditions=conditions,
        digest=request.digest,
        fields_digest=seat.step.fields_digest,
    )
    audit.record(
        actor=actor,
        on_behalf_of=seat.on_behalf_of,
        action="approval.decided",
        subject=request,
        after={"verdict": verdict, "step": seat.step.name, "digest": request.digest, "conditions": conditions},
        comment=comment,
    )
    return decision


def _check_words(verdict: str, comment: str, conditions: Sequence[str], due_on: date | None) -> None:
    errors: dict[str, list[str]] = {}
    if verdict not in Verdict.values:
        errors["verdict"] = [f"Choose one of {', '.join(Verdict.values)}."]
    if verdict in (Verdict.REQUEST_CHANGES, Verdict.REJECT) and not comment.strip():
        errors["comment"] = ["Say why, so that the team knows what to do."]
    if len(comment) > MAX_COMMENT:
        errors["comment"] = [f"Shorten this to at most {MAX_COMMENT} characters."]
    if verdict == Verdict.APPROVE_WITH_CONDITIONS and not any(condition.strip() for condition in conditions):
        errors["conditions"] = ["Name at least one condition, or approve without."]
    if any(len(condition.strip()) > MAX_CONDITION for condition in conditions):
        errors["conditions"] = [f"Shorten each condition to {MAX_CONDITION} characters; put more into the reason."]
    if due_on and due_on < timezone.localdate():
        errors["conditions_due_on"] = ["Choose a day that is still to come."]
    if errors:
        raise InvalidInput(errors)
