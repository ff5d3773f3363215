"""What governance decides, in sentences of the audit trail."""

from collections.abc import Mapping
from typing import Any

from coe_portal.core.story import Telling, tells
from governance.policies.scoring import DIMENSIONS

VERDICTS = {
    "approve": "approved the step {step} of {label}",
    "approve_with_conditions": "approved the step {step} of {label} with conditions: {conditions}",
    "request_changes": "asked for changes at the step {step} of {label}",
    "reject": "rejected {label} at the step {step}",
}


@tells("approval.requested")
def _requested(told: Telling) -> str:
    steps = told.after.get("steps")
    return f"asked for approval of {told.label}" + (f", to be decided by {told.said(steps)}" if steps else "")


@tells("approval.decided")
def _decided(told: Telling) -> str:
    said = {"label": told.label, "step": f"“{told.after['step']}”", "conditions": told.said(told.after["conditions"])}
    return VERDICTS[told.after["verdict"]].format(**said)


@tells("approval.approved", "approval.rejected", "approval.changes_requested", "approval.void", "approval.expired")
def _closed(told: Telling) -> str:
    ends = {"approved": "approved", "rejected": "rejected", "changes_requested": "sent back for changes"}
    state = told.after["state"]
    return f"closed {told.label} as {ends.get(state, state)}"


@tells("approval.withdrawn")
def _withdrawn(told: Telling) -> str:
    return f"took back {told.label}"


@tells("approval.kept")
def _kept(told: Telling) -> str:
    after = told.after
    return f"kept the approval of {after['decision']} from {after['from']} for “{after['step']}” of {told.label}"


@tells("approval.question_asked")
def _asked(told: Telling) -> str:
    return f"asked a question about {told.label}; its clock stands still"


@tells("approval.question_answered")
def _answered(told: Telling) -> str:
    return f"answered a question about {told.label}"


@tells("approval.reminded")
def _reminded(told: Telling) -> str:
    return f"reminded who decides “{told.after['step']}” of {told.label}"


@tells("approval.escalated")
def _escalated(told: Telling) -> str:
    return f"let {told.after['added']} decide “{told.after['step']}” of {told.label} too, because its time is over"


@tells("approval.fallback_asked")
def _fallback(told: Telling) -> str:
    why = "because too few others may any more"
    return f"let {told.after['added']} decide “{told.after['step']}” of {told.label} too, {why}"


@tells("condition.set")
def _condition(told: Telling) -> str:
    return f"set the condition “{told.after['text']}” for {told.said(told.after['owner'])} until {told.after['due_on']}"


@tells("condition.met")
def _met(told: Telling) -> str:
    return f"marked as met: {told.label}"


@tells("finding.raised")
def _raised(told: Telling) -> str:
    after = told.after
    return (
        f"raised a finding of {after['severity']} severity: “{told.label}”; "
        f"{told.said(after['owner'])} puts it right until {after['due_on']}"
    )


@tells("finding.assigned")
def _assigned(told: Telling) -> str:
    before, after = told.said(told.before["owner"]), told.said(told.after["owner"])
    return f"handed the finding “{told.label}” over from {before} to {after}"


@tells("finding.resolved")
def _resolved(told: Telling) -> str:
    return f"resolved the finding “{told.label}”"


@tells("break_glass.opened")
def _glass(told: Telling) -> str:
    place = told.after["action"].replace("_", " ")
    where = f" in {told.after['environment']}" if told.after.get("environment") else ""
    return f"broke the glass for {place}{where} until {told.after['closes_at'][:16].replace('T', ' ')}"


@tells("policy.published", "policy.superseded", "policy.drafted", "policy.draft_changed", "policy.discarded")
def _policy(told: Telling) -> str:
    return f"{told.entry.action.partition('.')[2].replace('_', ' ')}: policy {told.label}"


@tells("intake.decided")
def _intake(told: Telling) -> str:
    after = told.after
    words = {
        "invite": "invited the concept to the full case",
        "fund": "funded the intake",
        "defer": f"deferred the intake until {after['defer_until']}",
        "decline": "declined the intake",
        "request_changes": "sent the intake back",
    }
    asked = f" with {len(after['questions'])} question{'' if len(after['questions']) == 1 else 's'}"
    score = f", {after['score']} of 5 from {after['reviews']} review{'' if after['reviews'] == 1 else 's'}"
    return words[after["outcome"]] + (asked if after["questions"] else "") + (score if after["score"] else "")


@tells("intake.deferral_ended")
def _deferral_ended(told: Telling) -> str:
    return f"ended the deferral of the intake before {told.before['defer_until'] or 'its day'}"


@tells("review.given")
def _review(told: Telling) -> str:
    scores = _by_dimension(told.after["scores"])
    return f"{'changed their scores' if told.before else 'scored'} revision {told.after['revision']}: {scores}"


@tells("scoring.weights_saved")
def _weights(told: Telling) -> str:
    return f"saved weights: {_by_dimension(told.after)}"


def _by_dimension(numbers: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {numbers[name]}" for name in DIMENSIONS)


POC = {
    "go": "decided that the proof of concept goes on to production",
    "no_go": "decided to stop after the proof of concept",
    "pivot": "decided that the proof of concept changes its direction",
    "extend": "asked for more time or money for the proof of concept",
}


@tells("poc.decided")
def _poc_decided(told: Telling) -> str:
    return POC[told.after["decision"]]


@tells("poc_clock.warning", "poc_clock.over")
def _poc_clock(told: Telling) -> str:
    return f"rang: {told.after['percent']}% of the {told.after['kind']} of the proof of concept is used"
