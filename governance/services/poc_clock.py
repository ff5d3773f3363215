"""The clock of one project: how it stands, what holds it open, and what gates say of it."""

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone

from coe_portal.core.errors import Missing
from coe_portal.core.models import User
from governance.models import PocChoice, PocDecision
from governance.policies.poc_clock import OVER, Plan, Reading, read
from governance.services import policies, spending
from projects.models import CriterionStatus, Project, Stage


def plan_of(project: Project) -> Plan:
    """The dates and the budget that are agreed."""
    return Plan(project.poc_starts_on, project.poc_ends_on, project.poc_budget)


def reading_of(project: Project, spent: spending.Spent | None = None, today: date | None = None) -> Reading:
    """How the project's clock stands; ``spent`` when it is known already."""
    known = spending.spent_by([project.pk])[project.pk] if spent is None else spent
    rule = policies.policy_of(project.policy_version).poc_clock
    return read(plan_of(project), today=today or timezone.localdate(), spent=known.total, rule=rule)


def latest_decision(project: Project) -> PocDecision | None:
    """The newest decision that is in force."""
    return PocDecision.objects.in_force().filter(project=project).order_by("-id").first()


def holds(decision: PocDecision | None, today: date | None = None) -> bool:
    """Whether the decision lets work go on although the clock has run down."""
    day = today or timezone.localdate()
    return decision is not None and decision.holds_until is not None and decision.holds_until >= day


def missing(project: Project, actor: User | None) -> list[Missing]:
    """What the clock has against new runs: an end without a decision, or questions of a pivot that are still open.

    The money is not held against workers (``actor`` None): what they submit was launched while there was enough.
    """
    if project.stage != Stage.POC:
        return []
    decision = latest_decision(project)
    found = _questions_of_a_pivot(project, decision)
    if holds(decision):
        return found
    spent = spending.spent_by([project.pk])[project.pk] if actor is not None else spending.Spent()
    reading, page = reading_of(project, spent), reverse("governance:poc_decision", args=[project.key])
    fix = "Have the sponsor decide: go, no go, pivot; or ask for more time or money."
    if reading.time.level == OVER:
        sentence = f"The proof of concept ended on {project.poc_ends_on:%d %B %Y}."
        found.append(Missing("poc_ended", sentence, fix, page))
    if reading.money.level == OVER:
        sentence = f"The budget of the proof of concept is used up: {reading.money.percent}%."
        found.append(Missing("poc_budget_spent", sentence, fix, page))
    return found


def _questions_of_a_pivot(project: Project, decision: PocDecision | None) -> list[Missing]:
    if decision is None or decision.decision != PocChoice.PIVOT:
        return []
    open_ones = project.criteria.filter(code__in=decision.reopened, status=CriterionStatus.OPEN)
    return [
        Missing(
            "pivot",
            f"The pivot opened “{item.short}” again.",
            f"Answer “{item.short}” anew, or confirm that the answer still holds.",
            reverse("projects:criterion", args=[project.key, item.code]),
        )
        for item in open_ones
    ]


def facts_of(project: Project) -> dict[str, Any]:
    """How the clock stands, as plain values that a decision keeps."""
    spent = spending.spent_by([project.pk])[project.pk]
    reading = reading_of(project, spent)
    reached = spending.achievement_of(project)
    return {
        "ends_on": project.poc_ends_on.isoformat() if project.poc_ends_on else "",
        "budget": str(project.poc_budget or ""),
        "committed": str(spent.committed),
        "accrued": str(spent.accrued),
        "time_percent": reading.time.percent,
        "money_percent": reading.money.percent,
        "achieved": reached.says if reached else "",
    }


def extensions_of(project: Project) -> int:
    """How often the proof of concept was extended."""
    return PocDecision.objects.in_force().filter(project=project, decision=PocChoice.EXTEND).count()
