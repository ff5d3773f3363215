"""The portfolio's figures: counted by the database, whatever the number of projects."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, Sum

from coe_portal.core.models import User
from deployments.models import Run
from governance.models import ApprovalRequest, ApprovalState
from governance.services import inboxes
from projects.models import Health, Project, Stage

FUNNEL = (Stage.INTAKE, Stage.QUALIFICATION, Stage.POC, Stage.PRODUCTION_READY, Stage.PRODUCTION)
SHOWN_DECISIONS = 5


@dataclass(frozen=True)
class Step:
    """One stage of the funnel: how many projects are in it, what they promise and what they cost so far."""

    code: str
    title: str
    projects: int
    value: Decimal
    budget: Decimal
    spent: Decimal


@dataclass(frozen=True)
class Portfolio:
    """What an executive asks first. Money in the portal's currency; value is a year's likely value."""

    steps: list[Step]
    at_risk: int
    blocked: int
    ended: int
    in_review: int
    oldest_in_review: Any
    decisions: list[inboxes.Item]
    decisions_count: int

    @property
    def projects(self) -> int:
        """Open projects."""
        return sum(step.projects for step in self.steps)

    @property
    def most(self) -> int:
        """Projects in the fullest stage."""
        return max(step.projects for step in self.steps)

    @property
    def value(self) -> Decimal:
        """Likely value a year of all open projects."""
        return sum((step.value for step in self.steps), Decimal(0))

    @property
    def budget(self) -> Decimal:
        """Agreed POC budgets of the projects that have passed their first gate."""
        return sum((step.budget for step in self.steps if step.code not in _PROPOSED), Decimal(0))

    @property
    def spent(self) -> Decimal:
        """What the open projects' runs have cost."""
        return sum((step.spent for step in self.steps), Decimal(0))


_PROPOSED = (Stage.INTAKE, Stage.QUALIFICATION)


def portfolio_of(user: User) -> Portfolio:
    """The figures over the projects this person may see, and the decisions that wait for them."""
    rows = Project.objects.visible_to(user).order_by()
    asked = ApprovalRequest.objects.visible_to(user).filter(state=ApprovalState.OPEN).order_by()
    review = asked.aggregate(number=Count("pk"), oldest=Min("created_at"))
    counts = rows.aggregate(
        at_risk=Count("pk", filter=Q(health=Health.AT_RISK, stage__in=FUNNEL)),
        blocked=Count("pk", filter=Q(health=Health.BLOCKED, stage__in=FUNNEL)),
        ended=Count("pk", filter=~Q(stage__in=FUNNEL)),
    )
    return Portfolio(
        steps=_funnel(user),
        in_review=review["number"],
        oldest_in_review=review["oldest"],
        decisions=inboxes.most_urgent(user, SHOWN_DECISIONS),
        decisions_count=inboxes.count(user),
        **counts,
    )


def _funnel(user: User) -> list[Step]:
    rows = Project.objects.visible_to(user).order_by().values("stage")
    sums = rows.annotate(number=Count("pk"), value=Sum("value_per_year"), budget=Sum("poc_budget"))
    by_stage: dict[str, dict[str, Any]] = {row["stage"]: dict(row) for row in sums}
    runs = Run.objects.visible_to(user).order_by().values("project__stage").annotate(cost=Sum("cost"))
    spent = {row["project__stage"]: row["cost"] for row in runs}
    return [_step(stage, by_stage.get(stage.value, {}), spent.get(stage.value)) for stage in FUNNEL]


def _step(stage: Stage, sums: dict[str, Any], spent: Decimal | None) -> Step:
    zero = Decimal(0)
    value, budget = sums.get("value") or zero, sums.get("budget") or zero
    return Step(stage.value, str(stage.label), sums.get("number", 0), value, budget, spent or zero)


def spent_by(projects: Iterable[Project]) -> dict[int, Decimal]:
    """What the runs of these projects have cost, by the project's primary key."""
    keys = [project.pk for project in projects]
    rows = Run.objects.filter(project__in=keys).order_by().values("project").annotate(cost=Sum("cost"))
    return {row["project"]: row["cost"] for row in rows if row["cost"]}
