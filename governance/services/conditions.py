"""Conditions of approvals: set with a decision, met before their day, watched by the gates."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import Missing, NotAllowed, NotFound
from coe_portal.core.inbox import Task
from coe_portal.core.models import User
from governance.models import CONDITION_LIFECYCLE, ApprovalRequest, Condition, ConditionState, Decision
from governance.services import open_points
from projects.models import Project

DEFAULT_DAYS = timedelta(days=30)
MAX_CONDITION, MAX_NOTE = 300, 500


def set_for(decision: Decision, texts: Sequence[str], due_on: date | None = None) -> None:
    """Keep what a decision demands; the project's owner has to do it. Call inside the decision's transaction."""
    request = decision.request
    for text in texts:
        condition = Condition.objects.create(
            project=request.project,
            request=request,
            decision=decision,
            text=text,
            owner=request.project.owner,
            due_on=due_on or timezone.localdate() + DEFAULT_DAYS,
        )
        after = {"text": condition.text, "owner": condition.owner, "due_on": condition.due_on}
        audit.record(
            actor=decision.actor,
            on_behalf_of=decision.on_behalf_of,
            action="condition.set",
            subject=condition,
            after=after,
        )


def tasks(keys: list[int]) -> list[Task]:
    """What somebody has to do or to look at, for their inbox; the first due first."""
    rows = Condition.objects.filter(pk__in=keys).for_list().select_related("project__business_unit")
    return [
        open_points.task(row, title=row.text, what_to_do=what_to_do(row), kind="Condition", icon="checkbox")
        for row in rows.order_by("due_on", "id")[: open_points.MAX_TASKS]
    ]


def what_to_do(condition: Condition) -> str:
    """Who does it, who says that it is met, and what waits for it."""
    who = f"{condition.owner} does it, {condition.decision.who} marks it as met"
    waits = "The next gate waits for it, and once its day is over new runs do too."
    return f"{condition.request.key} was approved with it: {who}. {waits}"


def lapse(request: ApprovalRequest) -> None:
    """What was not approved demands nothing."""
    for condition in request.conditions.filter(state=ConditionState.OPEN):
        CONDITION_LIFECYCLE.change(condition, ConditionState.LAPSED, closed_at=timezone.now())


def refusal(condition: Condition, user: User) -> str:
    """Why the person may not say that it is met; empty when they may."""
    decision = condition.decision
    if user.pk in (decision.actor_id, decision.on_behalf_of_id):
        return ""
    if user.pk in (condition.owner_id, condition.request.requester_id):
        return f"{decision.who} set this condition and says when it is met."
    return "" if user.is_lead else f"Only {decision.who}, who set this condition, or a CoE lead says that it is met."


@transaction.atomic
def meet(*, condition_id: str, note: str = "", actor: User) -> Condition:
    """Say that a condition is met.

    Raises NotFound, NotAllowed (who set it and CoE leads may, never who has to do it), StaleState (closed already).
    """
    rows = Condition.objects.filter(
        pk__in=Condition.objects.visible_to(actor).filter(pk=condition_id[:26]).values("pk")
    )
    condition = rows.for_list().select_for_update(of=("self",)).first()
    if condition is None:
        raise NotFound("There is no such condition that you may see.")
    reason = refusal(condition, actor)
    if reason:
        raise NotAllowed(reason)
    CONDITION_LIFECYCLE.move(
        condition,
        ConditionState.MET,
        actor=actor,
        action="condition.met",
        comment=note.strip()[:MAX_NOTE],
        note=note.strip()[:MAX_NOTE],
        closed_at=timezone.now(),
        closed_by=actor,
    )
    return condition


def missing(project: Project, action: str, *, besides: ApprovalRequest | None = None) -> list[Missing]:
    """What conditions stand in the way: the next gate needs all of them met, everything else none overdue.

    Those of the request ``besides`` are left out.
    """
    open_ones = Condition.objects.binding().filter(project=project).select_related("request", "owner")
    if besides is not None:
        open_ones = open_ones.exclude(request=besides)
    found = open_ones if action == "advance" else open_ones.overdue()
    return [
        Missing(
            "condition_overdue" if condition.is_overdue else "condition_open",
            f"The condition “{condition.text}” of {condition.request.key} is "
            + (f"overdue since {condition.due_on:%d %B %Y}." if condition.is_overdue else "not met yet."),
            f"{condition.owner} does it; who set it marks it as met.",
            reverse("governance:approval", args=[condition.request.key]),
        )
        for condition in found
    ]
