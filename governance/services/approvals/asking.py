"""Asking for an approval: the policy's steps for the action, each with people who may decide it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import StaleState
from coe_portal.core.models import User
from governance import permissions
from governance.events import ApprovalRequested
from governance.models import AddedHolder, ApprovalRequest, ApprovalStep, Delegation, HolderKind, HolderOrigin
from governance.models.steps import ONE_PERSON
from governance.policies import outcomes
from governance.policies.document import Policy, digest
from governance.policies.rules import Facts, Holder, Route, StepRule, part_of
from governance.services.approvals import closing, keeping
from projects.models import Project
from projects.services import gaps


@dataclass(frozen=True)
class Question:
    """What is asked: the subject, the action that the approval allows, and its specification.

    Attributes:
        authors: primary keys of those who wrote the specification; where the policy says so they never decide.
        distinct_people: who decides one step decides no other.
    """

    subject: str
    action: str
    title: str
    specification: dict[str, Any]
    revision: int = 0
    authors: Collection[int] = ()
    distinct_people: bool = False


def request_approval(
    project: Project, question: Question, policy: Policy, facts: Facts, *, actor: User
) -> ApprovalRequest:
    """Ask for the approvals that the policy wants for the question's action. Call inside a transaction with the
    project's row locked.

    When fewer people than a step needs may decide it, the fallback approver is asked in their place or as well; if that
    does not help, the request says so and stays open.

    Raises:
        StaleState: the policy names nobody for this action, so nobody could ever approve it.
    """
    route = policy.steps_for(question.action, facts)
    rules = route.steps
    if not rules:
        raise StaleState(
            f"The policy {project.policy_version} says nobody who approves “{question.action}”. A CoE lead adds a rule."
        )
    request = _create(project, question, policy, route, actor)
    never = outcomes.barred(request.excluded, _delegations(request))
    notes = [note for number, rule in enumerate(rules, 1) if (note := _add_step(request, rule, number, policy, never))]
    request.note = " ".join(notes)[:300]
    request.save(update_fields=["note"])
    asked = {"action": request.action, "revision": request.revision, "steps": [rule.name for rule in rules]}
    audit.record(actor=actor, action="approval.requested", subject=request, after=asked | {"digest": request.digest})
    outbox.publish(ApprovalRequested(request.pk, request.subject, request.action))
    keeping.keep_approvals(request, never, actor)
    closing.settle(request, actor)
    return request


def _create(project: Project, question: Question, policy: Policy, route: Route, actor: User) -> ApprovalRequest:
    now = timezone.now()
    expires_at = now + timedelta(days=route.expires_after_days) if route.expires_after_days else None
    authors = set(question.authors) if policy.author_may_not_decide else set()
    return ApprovalRequest.objects.create(
        project=project,
        subject=question.subject,
        action=question.action,
        title=question.title[:200],
        specification=question.specification,
        digest=digest(question.specification),
        revision=question.revision,
        requester=actor,
        excluded=sorted({actor.pk} | authors),
        distinct_people=question.distinct_people,
        policy_version=project.policy_version,
        created_at=now,
        due_at=now + timedelta(days=_days(route.steps)),
        expires_at=expires_at,
    )


def _days(rules: Collection[StepRule]) -> int:
    """Days until the last group is due: a group takes its longest step."""
    return sum(max(rule.days for rule in rules if rule.order == order) for order in {rule.order for rule in rules})


def _delegations(request: ApprovalRequest) -> list[tuple[int, int]]:
    active = Delegation.objects.active().filter(principal__in=request.excluded)
    return [(item.principal_id, item.delegate_id) for item in active if item.covers(request.action, request.project)]


def _add_step(request: ApprovalRequest, rule: StepRule, position: int, policy: Policy, never: set[int]) -> str:
    """Add one step with those who may decide it. Returns what people should know of it."""
    needed = 1 if rule.holder.kind in ONE_PERSON else rule.needed
    own = _people(rule.holder, request, never)
    fallback = rule.fallback or policy.fallback
    spare = set(_people(fallback, request, never)) - set(own) if fallback and len(own) < needed else set()
    is_fallback = bool(spare and not own)
    holder = fallback if is_fallback and fallback else rule.holder
    step = ApprovalStep.objects.create(
        request=request,
        position=position,
        order=rule.order,
        name=rule.name,
        **held(holder, request.project),
        needed=needed,
        days=rule.days,
        is_fallback=is_fallback,
        fields=list(rule.fields),
        fields_digest=digest(part_of(request.specification, rule.fields)) if rule.fields else "",
        due_at=request.created_at + timedelta(days=rule.days),
        reminds=rule.remind,
        escalate_kind=rule.escalate_to.kind if rule.escalate_to else "",
        escalate_value=rule.escalate_to.value if rule.escalate_to else "",
    )
    added = None
    if spare and own and fallback:
        extra = held(fallback, request.project)
        added = AddedHolder.objects.create(step=step, origin=HolderOrigin.FALLBACK, **extra)
    return _note(rule.name, needed, len(own), len(spare), added)


def _people(holder: Holder | None, request: ApprovalRequest, never: set[int]) -> list[User]:
    if holder is None:
        return []
    found = held(holder, request.project)
    return permissions.possible_approvers(found["kind"], found["value"], found["person"], request.project, never)


def held(holder: Holder, project: Project) -> dict[str, Any]:
    """The columns of a row that names this holder, with the one person whom the project names now."""
    person = None
    if holder.kind == HolderKind.PERSON:
        person = getattr(project, holder.value)
    elif holder.kind == HolderKind.ACCOUNTABLE:
        person = gaps.accountable_for(project, holder.value)
    return {"kind": holder.kind, "value": holder.value, "person": person}


def _note(name: str, needed: int, own: int, spare: int, added: AddedHolder | None) -> str:
    able = own + spare
    if not able:
        return f"Nobody can decide the step “{name}” now: name somebody who did not ask for it."
    if able < needed:
        return f"The step “{name}” needs {needed} people and only {able} can decide it: name one who did not ask."
    if added is None:
        return ""
    words = permissions.holding_words(added)
    return f"Only {own} of the {needed} people whom the step “{name}” needs may decide it, so {words} may too."
