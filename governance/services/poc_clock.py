"""The clock of one project: how it stands, what holds it open, and what gates say of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
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


def reading_of(project: Project, spent: Decimal) -> Reading:
    """How the project's clock stands when so much is spent."""
    rule = policies.policy_of(project.policy_version).poc_clock
    return read(plan_of(project), today=timezone.localdate(), spent=spent, rule=rule)


@dataclass(frozen=True)
class Known:
    """What the clock needs besides the project's row: the money that is spent, and the newest decision in force."""

    spent: Decimal = Decimal(0)
    decision: str = ""
    holds_until: date | None = None
    reopened: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the decision lets work go on although the clock has run down."""
        return self.holds_until is not None and self.holds_until >= timezone.localdate()


def annotations() -> dict[str, Any]:
    """The same as parts of a query of projects; ``known_from`` reads them."""
    newest = PocDecision.objects.in_force().filter(project=OuterRef("pk")).order_by("-id")
    told = JSONObject(decision="decision", holds_until="holds_until", reopened="reopened")
    return {"poc_spent": spending.total_of(OuterRef("pk")), "poc_newest": Subquery(newest.values(told=told)[:1])}


def known_from(spent: Decimal, newest: Mapping[str, Any] | None) -> Known:
    """What the two annotations say."""
    if newest is None:
        return Known(spent)
    until = newest["holds_until"]
    day = date.fromisoformat(until) if until else None
    return Known(spent, newest["decision"], day, tuple(newest["reopened"]))


def known_of(project: Project) -> Known:
    """The same for one project, with one query."""
    asked = annotations()
    row: Any = Project.objects.annotate(**asked).values_list(*asked).get(pk=project.pk)
    return known_from(*row)


def missing(project: Project, actor: User | None, known: Known) -> list[Missing]:
    """What the clock has against new runs: an end without a decision, or questions of a pivot that are still open.

    The money is not held against workers (``actor`` None): what they submit was launched while there was enough.
    """
    if project.stage != Stage.POC:
        return []
    found = _questions_of_a_pivot(project, known)
    if known.holds:
        return found
    spent = known.spent if actor is not None else Decimal(0)
    reading, page = reading_of(project, spent), reverse("governance:poc_decision", args=[project.key])
    fix = "Have the sponsor decide: go, no go, pivot; or ask for more time or money."
    if reading.time.level == OVER:
        sentence = f"The proof of concept ended on {project.poc_ends_on:%d %B %Y}."
        found.append(Missing("poc_ended", sentence, fix, page))
    if reading.money.level == OVER:
        sentence = f"The budget of the proof of concept is used up: {reading.money.percent}%."
        found.append(Missing("poc_budget_spent", sentence, fix, page))
    return found


def _questions_of_a_pivot(project: Project, known: Known) -> list[Missing]:
    if known.decision != PocChoice.PIVOT:
        return []
    open_ones = project.criteria.filter(code__in=known.reopened, status=CriterionStatus.OPEN)
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
    reading = reading_of(project, spent.total)
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
