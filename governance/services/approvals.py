"""Approvals: asked for, decided, withdrawn. Every decision is one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from governance import permissions
from governance.events import ApprovalClosed, ApprovalRequested
from governance.models import (
    APPROVAL_LIFECYCLE,
    STEP_LIFECYCLE,
    ApprovalRequest,
    ApprovalState,
    ApprovalStep,
    Decision,
    HolderKind,
    StepState,
    Verdict,
)
from governance.policies import outcomes
from governance.policies.document import Policy, digest
from governance.policies.rules import Facts, StepRule
from governance.services import consequences
from projects.models import Project
from projects.services import projects

MAX_COMMENT = 4000


@dataclass(frozen=True)
class Question:
    """What is asked: the subject, the action that the approval allows, and its specification."""

    subject: str
    action: str
    title: str
    specification: dict[str, Any]
    revision: int


def request_approval(
    project: Project, question: Question, policy: Policy, facts: Facts, *, actor: User
) -> ApprovalRequest:
    """Ask for the approvals that the policy wants for the question's action. Call inside a transaction with the
    project's row locked.

    A step whose only holders may not decide goes to the policy's fallback approver; if there is none, the request
    says so and stays open.

    Raises:
        StaleState: the policy names nobody for this action, so nobody could ever approve it.
    """
    rules = policy.steps_for(question.action, facts).steps
    if not rules:
        raise StaleState(
            f"The policy {project.policy_version} says nobody who approves “{question.action}”. A CoE lead adds a rule."
        )
    now = timezone.now()
    excluded = sorted(
        {actor.pk} | ({project.owner_id, project.created_by_id} if policy.author_may_not_decide else set())
    )
    request = ApprovalRequest.objects.create(
        project=project,
        subject=question.subject,
        action=question.action,
        title=question.title,
        specification=question.specification,
        digest=digest(question.specification),
        revision=question.revision,
        requester=actor,
        excluded=excluded,
        policy_version=project.policy_version,
        due_at=now + timedelta(days=sum(rule.days for rule in rules)),
    )
    notes = [note for position, rule in enumerate(rules, 1) if (note := _add_step(request, rule, position, policy))]
    request.note = " ".join(notes)[:300]
    request.save(update_fields=["note"])
    audit.record(actor=actor, action="approval.requested", subject=request, after={"digest": request.digest})
    outbox.publish(ApprovalRequested(request.pk, request.subject, request.action))
    _open_step(request, 1)
    return request


def _add_step(request: ApprovalRequest, rule: StepRule, position: int, policy: Policy) -> str:
    kind, value = rule.holder.kind, rule.holder.value
    person = getattr(request.project, value) if kind == HolderKind.PERSON else None
    note, is_fallback = "", False
    if not permissions.possible_approvers(kind, value, person, request.excluded):
        fallback = policy.fallback
        if fallback and permissions.possible_approvers(fallback.kind, fallback.value, None, request.excluded):
            kind, value, person, is_fallback = fallback.kind, fallback.value, None, True
        else:
            note = f"Nobody can decide the step “{rule.name}” now: name somebody who did not ask for it."
    due_at = request.created_at + timedelta(days=rule.days * position)
    ApprovalStep.objects.create(
        request=request,
        position=position,
        name=rule.name,
        kind=kind,
        value=value,
        person=person,
        needed=1 if kind == HolderKind.PERSON else rule.needed,
        is_fallback=is_fallback,
        due_at=due_at,
    )
    return note


def _open_step(request: ApprovalRequest, position: int) -> None:
    step = request.steps.get(position=position)
    STEP_LIFECYCLE.change(step, StepState.OPEN)
    projects.set_waiting_on(request.project, f"{step.name}: {permissions.holder_words(step)}")


@transaction.atomic
def decide(
    *, request_id: int, verdict: str, comment: str = "", conditions: Sequence[str] = (), actor: User
) -> ApprovalRequest:
    """Record one verdict and close the request if that settles it.

    Raises:
        NotFound: no such request for this person.
        NotAllowed: the person asked for it, wrote it, or does not hold the open step.
        InvalidInput: unknown verdict, or a missing comment or condition.
        StaleState: it is decided already, or what was asked for has changed since (the request becomes void).
    """
    request = _locked(request_id, actor)
    _check_words(verdict, comment, conditions)
    step = permissions.require_decider(request, actor)
    if digest(consequences.current_specification(request)) != request.digest:
        _close(request, ApprovalState.VOID, actor=None, comment="What was asked for changed after it was asked.")
        return request
    Decision.objects.create(
        request=request,
        step=step,
        actor=actor,
        verdict=verdict,
        comment=comment.strip(),
        conditions=list(conditions),
        digest=request.digest,
    )
    audit.record(
        actor=actor,
        action="approval.decided",
        subject=request,
        after={"verdict": verdict, "step": step.name, "digest": request.digest, "conditions": list(conditions)},
        comment=comment.strip(),
    )
    _settle(request, step, actor)
    return request


def _locked(request_id: int, actor: User) -> ApprovalRequest:
    request = ApprovalRequest.objects.filter(pk=request_id).first()
    if request is not None:
        # The project's row comes first, in the same order as when the request was made: no two locks can cross.
        Project.objects.select_for_update().get(pk=request.project_id)
        request = ApprovalRequest.objects.visible_to(actor).filter(pk=request_id).first()
    if request is None:
        raise NotFound("There is no such approval request that you may see.")
    return ApprovalRequest.objects.select_for_update(of=("self",)).select_related("project").get(pk=request.pk)


def _check_words(verdict: str, comment: str, conditions: Sequence[str]) -> None:
    errors: dict[str, list[str]] = {}
    if verdict not in Verdict.values:
        errors["verdict"] = [f"Choose one of {', '.join(Verdict.values)}."]
    if verdict in (Verdict.REQUEST_CHANGES, Verdict.REJECT) and not comment.strip():
        errors["comment"] = ["Say why, so that the team knows what to do."]
    if len(comment) > MAX_COMMENT:
        errors["comment"] = [f"Shorten this to at most {MAX_COMMENT} characters."]
    if verdict == Verdict.APPROVE_WITH_CONDITIONS and not any(condition.strip() for condition in conditions):
        errors["conditions"] = ["Name at least one condition, or approve without."]
    if errors:
        raise InvalidInput(errors)


def _settle(request: ApprovalRequest, step: ApprovalStep, actor: User) -> None:
    steps = [outcomes.StepState(row.position, row.needed, row.position) for row in request.steps.all()]
    votes = [
        outcomes.Vote(row.actor_id, row.step.position, row.verdict, row.digest)
        for row in request.decisions.select_related("step")
    ]
    result = outcomes.outcome(steps, votes, digest=request.digest, excluded=request.excluded)
    if step.position in result.done:
        STEP_LIFECYCLE.change(step, StepState.DONE)
    if result.state != ApprovalState.OPEN:
        _close(request, result.state, actor=actor)
    elif step.position not in result.open:
        _open_step(request, result.open[0])
    request.version += 1
    request.save(update_fields=["version"])


def _close(request: ApprovalRequest, state: str, *, actor: User | None, comment: str = "") -> None:
    for step in request.steps.filter(state__in=[StepState.WAITING, StepState.OPEN]):
        STEP_LIFECYCLE.change(step, StepState.CLOSED)
    APPROVAL_LIFECYCLE.move(
        request, state, actor=actor, action=f"approval.{state}", comment=comment, closed_at=timezone.now()
    )
    outbox.publish(ApprovalClosed(request.pk, request.subject, request.action, request.digest, str(state)))
    projects.set_waiting_on(request.project, "")
    consequences.of(request, actor or request.requester)


@transaction.atomic
def withdraw(*, request_id: int, actor: User) -> ApprovalRequest:
    """Take a request back; the project becomes editable again.

    Raises NotFound, NotAllowed (only the requester or a CoE lead), StaleState (it is decided already).
    """
    request = _locked(request_id, actor)
    if actor.pk != request.requester_id and not actor.is_lead:
        raise NotAllowed(f"Only {request.requester}, who asked, or a CoE lead can withdraw {request.key}.")
    if not request.is_open:
        raise StaleState(f"{request.key} is {request.get_state_display().lower()} already.")
    _close(request, ApprovalState.WITHDRAWN, actor=actor)
    return request
