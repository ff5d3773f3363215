"""Go, no go, pivot, extend: how a proof of concept goes on, decided once and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import User
from governance.models import ApprovalRequest, ApprovalState, PocChoice, PocDecision
from governance.policies.rules import Facts
from governance.services import approvals, consequences, poc_alarms, poc_clock, policies
from governance.services.approvals import closing
from projects import permissions
from projects.models import Project, Stage
from projects.services import expiry, stages, timebox

ACTION = "extend_poc"
MIN_REASON, MAX_REASON = 10, 2000
MAX_EXTENSION = timedelta(days=365)
MAX_BUDGET = Decimal(100_000_000)
AGAIN_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Wish:
    """What is decided or asked for.

    Attributes:
        reopen: codes of the questions that a pivot answers anew.
        ends_on: the new end of an extension; None keeps the end.
        added_budget: money that an extension adds, in the project's currency; None adds nothing.
    """

    decision: str
    reason: str
    reopen: Sequence[str] = ()
    ends_on: date | None = None
    added_budget: Decimal | None = None


def refusal(user: User, project: Project, decision: str) -> str:
    """Why the person may not decide this; empty when they may."""
    if decision == PocChoice.EXTEND:
        if user.is_lead or permissions.takes_part(user, project):
            return ""
        return f"Only the team of {project.key} and CoE leads ask for more time or money."
    return permissions.refusal_but_sponsor(user, project, "decides how it goes on")


@transaction.atomic
def decide(*, project_key: str, wish: Wish, actor: User) -> PocDecision:
    """Record how the proof of concept goes on, and do it: an extension asks for approval, the others hold at once.

    Raises:
        NotFound, NotAllowed: the person may not.
        InvalidInput: unknown decision, no real reason, or a field does not fit the decision.
        StaleState: the project is in no proof of concept, or an extension is asked for already.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if wish.decision not in PocChoice.values:
        raise InvalidInput({"decision": [f"Choose one of {', '.join(PocChoice.values)}."]})
    if reason := refusal(actor, project, wish.decision):
        raise NotAllowed(reason)
    if project.stage != Stage.POC:
        stage = project.get_stage_display().lower()
        raise StaleState(f"{project.key} is in {stage}; only a proof of concept is decided on here.")
    _check(project, wish)
    if (same := _just_decided(project, wish, actor)) is not None:
        return same
    return _DOES[PocChoice(wish.decision)](project, wish, actor)


def _just_decided(project: Project, wish: Wish, actor: User) -> PocDecision | None:
    """The same decision with the same words by the same person a moment ago: a form that was sent twice."""
    if wish.decision == PocChoice.EXTEND:  # one that waits is refused with its key
        return None
    rows = PocDecision.objects.filter(project=project, decision=wish.decision, reason=wish.reason.strip())
    recent = rows.filter(decided_by=actor, decided_at__gte=timezone.now() - AGAIN_WITHIN)
    return recent.order_by("-id").first()


def _check(project: Project, wish: Wish) -> None:
    errors: dict[str, list[str]] = {}
    if not MIN_REASON <= len(wish.reason.strip()) <= MAX_REASON:
        errors["reason"] = [f"Say why, in {MIN_REASON} to {MAX_REASON:,} characters; it is kept with the decision."]
    if wish.decision == PocChoice.PIVOT:
        errors |= _wrong_questions(project, wish)
    elif wish.reopen:
        errors["reopen"] = ["Only a pivot opens questions again."]
    if wish.decision == PocChoice.EXTEND:
        errors |= _wrong_extension(project, wish)
    elif wish.ends_on or wish.added_budget is not None:
        errors["ends_on"] = ["Only an extension has a new end or more money."]
    if errors:
        raise InvalidInput(errors)


def _wrong_questions(project: Project, wish: Wish) -> dict[str, list[str]]:
    known = set(project.criteria.values_list("code", flat=True))
    if not wish.reopen:
        return {"reopen": ["Choose the questions that have another answer now."]}
    unknown = sorted(set(wish.reopen) - known)
    return {"reopen": [f"There is no such question: {', '.join(unknown)[:200]}."]} if unknown else {}


def _wrong_extension(project: Project, wish: Wish) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    first = max(filter(None, (project.poc_ends_on, timezone.localdate())))
    if wish.ends_on is None and wish.added_budget is None:
        errors["ends_on"] = ["Name a later end, more money, or both."]
    if wish.ends_on is not None and not first < wish.ends_on <= first + MAX_EXTENSION:
        errors["ends_on"] = [f"Choose a day after {first:%d %B %Y}, at most a year later."]
    if wish.added_budget is not None and not 0 < wish.added_budget + (project.poc_budget or 0) <= MAX_BUDGET:
        errors["added_budget"] = [f"Needs to be more than 0 and at most {MAX_BUDGET:,} in all."]
    if wish.added_budget is not None and wish.added_budget <= 0:
        errors["added_budget"] = ["Needs to be more than 0."]
    return errors


def _keep(project: Project, wish: Wish, actor: User, **values: Any) -> PocDecision:
    decision = PocDecision.objects.create(
        project=project,
        decision=wish.decision,
        reason=wish.reason.strip(),
        facts=poc_clock.facts_of(project),
        decided_by=actor,
        **values,
    )
    after = {"decision": wish.decision, "facts": decision.facts, **{name: values[name] for name in sorted(values)}}
    audit.record(actor=actor, action="poc.decided", subject=decision, after=after, comment=decision.reason)
    return decision


def _in_force(project: Project) -> dict[str, Any]:
    days = policies.policy_of(project.policy_version).poc_clock.holds_days
    poc_alarms.silence(project)
    return {"in_force_at": timezone.now(), "holds_until": timezone.localdate() + timedelta(days=days)}


def _go(project: Project, wish: Wish, actor: User) -> PocDecision:
    """Work goes on to the gate; its owner asks for it, because who decides here approves there."""
    return _keep(project, wish, actor, **_in_force(project))


def _no_go(project: Project, wish: Wish, actor: User) -> PocDecision:
    decision = _keep(project, wish, actor, **_in_force(project))
    closing.void_open(project, actor=actor, comment=f"The proof of concept of {project.key} ended: no go.")
    stages.move_stage(project, Stage.STOPPED, actor=actor, comment=decision.reason)
    return decision


def _pivot(project: Project, wish: Wish, actor: User) -> PocDecision:
    reopened = sorted(set(wish.reopen))
    decision = _keep(project, wish, actor, reopened=reopened, **_in_force(project))
    expiry.reopen(project, reopened, actor=actor, comment=f"Pivot: {decision.reason}")
    return decision


def _extend(project: Project, wish: Wish, actor: User) -> PocDecision:
    open_one = ApprovalRequest.objects.filter(subject=project.ref, action=ACTION, state=ApprovalState.OPEN).first()
    if open_one:
        raise StaleState(f"{open_one.key} asks for an extension already. Wait for the decision, or withdraw it.")
    budget = (project.poc_budget or Decimal(0)) + wish.added_budget if wish.added_budget is not None else None
    decision = _keep(project, wish, actor, ends_on=wish.ends_on, budget=budget)
    question = approvals.Question(
        subject=project.ref,
        action=ACTION,
        title=f"More {_what(wish)} for the proof of concept: {project.name}",
        specification=_said(decision, project),
        revision=project.revision,
        authors={project.owner_id},
    )
    facts = Facts(wish.added_budget or Decimal(0), project.risk_tier, project.data_classification)
    policy = policies.policy_of(project.policy_version)
    decision.request = approvals.request_approval(project, question, policy, facts, actor=actor)
    decision.save(update_fields=["request"])
    return decision


def _what(wish: Wish) -> str:
    return " and ".join(word for word, value in (("time", wish.ends_on), ("money", wish.added_budget)) if value)


_DOES = {PocChoice.GO: _go, PocChoice.NO_GO: _no_go, PocChoice.PIVOT: _pivot, PocChoice.EXTEND: _extend}


def _said(decision: PocDecision, project: Project) -> dict[str, Any]:
    """What approvers agree to: from which plan to which, the how manieth time, and how the clock stood."""
    said = {
        "key": project.key,
        "ended_on": project.poc_ends_on.isoformat() if project.poc_ends_on else "",
        "would_end_on": decision.ends_on.isoformat() if decision.ends_on else "",
        "budget": _amount(project.poc_budget, project.currency),
        "would_be_budget": _amount(decision.budget, project.currency),
        "extensions_before": poc_clock.extensions_of(project),
        "reason": decision.reason,
        "achieved": decision.facts.get("achieved", ""),
        "asked_by": decision.decided_by.username,
    }
    return {name: value for name, value in said.items() if value != ""}


def _amount(amount: Decimal | None, currency: str) -> str:
    return f"{currency} {amount:,.2f}" if amount is not None else ""


def _specification(request: ApprovalRequest) -> dict[str, Any]:
    decision = PocDecision.objects.select_related("decided_by").get(request=request)
    return _said(decision, request.project)


def _closed(request: ApprovalRequest, actor: User) -> None:
    if request.state != ApprovalState.APPROVED:
        return
    project = request.project
    decision = PocDecision.objects.select_for_update().get(request=request)
    if project.stage != Stage.POC:
        return
    timebox.extend(
        project, ends_on=decision.ends_on, budget=decision.budget, actor=actor, comment=f"{request.key} is approved."
    )
    decision.in_force_at = timezone.now()
    decision.save(update_fields=["in_force_at"])
    poc_alarms.silence(project)


consequences.register(ACTION, consequences.Kind(_specification, _closed))
