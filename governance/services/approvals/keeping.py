"""Asked again: the approvals of steps whose part did not change are kept, only the others are asked."""

from collections.abc import Collection, Iterable

from coe_portal.core import audit
from coe_portal.core.models import User
from governance import permissions
from governance.models import (
    ApprovalRequest,
    ApprovalState,
    ApprovalStep,
    Condition,
    ConditionState,
    Decision,
    StepState,
)
from governance.policies.keeping import Part, kept
from governance.policies.rules import Holder
from governance.services import conditions, revisions

KEEPS = (ApprovalState.VOID, ApprovalState.CHANGES_REQUESTED)


def keep_approvals(request: ApprovalRequest, never: Collection[int], actor: User) -> None:
    """Carry over what still holds of the request that was sent back or void before this one.

    ``never`` are those who may not decide this request; what they said then does not count now.
    """
    previous = revisions.previous_of(request)
    if previous is None or previous.state not in KEEPS:
        return
    changed = [".".join(item.path) for item in revisions.changes_of(request)]
    done = previous.steps.filter(state=StepState.DONE)
    pairs = kept(_parts(done), _parts(request.steps.all()), changed)
    for position, earlier in pairs.items():
        step = request.steps.get(position=position)
        for decision in previous.decisions.filter(step__position=earlier).select_related("actor", "on_behalf_of"):
            if _still_counts(decision, step, never):
                _carry_over(decision, step, actor)


def _parts(steps: Iterable[ApprovalStep]) -> list[Part]:
    return [
        Part(step.position, step.name, Holder(step.kind, step.value), tuple(step.fields), step.fields_digest)
        for step in steps
    ]


def _still_counts(decision: Decision, step: ApprovalStep, never: Collection[int]) -> bool:
    holder = decision.on_behalf_of or decision.actor
    may = not {decision.actor_id, decision.on_behalf_of_id} & set(never)
    return decision.approves and may and holder.is_active and permissions.holds(step, holder)


def _carry_over(decision: Decision, step: ApprovalStep, actor: User) -> None:
    copy = Decision.objects.create(
        request=step.request,
        step=step,
        actor=decision.actor,
        on_behalf_of=decision.on_behalf_of,
        verdict=decision.verdict,
        comment=decision.comment,
        conditions=decision.conditions,
        digest=decision.digest,
        fields_digest=decision.fields_digest,
        kept_from=decision.kept_from or decision,
        decided_at=decision.decided_at,
    )
    for condition in Condition.objects.filter(decision=decision).exclude(state=ConditionState.MET):
        conditions.set_for(copy, [condition.text], condition.due_on)
    after = {"step": step.name, "from": f"APR-{decision.request_id}", "decision": copy.who, "fields": step.fields}
    audit.record(actor=actor, action="approval.kept", subject=step.request, after=after)
