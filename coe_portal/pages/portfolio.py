"""The portfolio's figures: counted by the database, whatever the number of projects."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Sum

from coe_portal.core.models import User
from deployments.models import Run
from governance.models import ApprovalRequest, ApprovalState
from governance.services import inboxes
from projects.models import Health, Project, Stage
from projects.models.project import ProjectQuerySet

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
    groups = _grouped(Project.objects.visible_to(user))
    open_groups = [group for group in groups if group["stage"] in FUNNEL]
    asked = ApprovalRequest.objects.visible_to(user).filter(state=ApprovalState.OPEN).order_by()
    review = asked.aggregate(number=Count("pk"), oldest=Min("created_at"))
    decisions, decisions_count = inboxes.most_urgent(user, SHOWN_DECISIONS)
    return Portfolio(
        steps=_funnel(user, groups),
        at_risk=_sum(open_groups, "number", health=Health.AT_RISK),
        blocked=_sum(open_groups, "number", health=Health.BLOCKED),
        ended=_sum(groups, "number") - _sum(open_groups, "number"),
        in_review=review["number"],
        oldest_in_review=review["oldest"],
        decisions=decisions,
        decisions_count=decisions_count,
    )


def _grouped(projects: ProjectQuerySet) -> list[Any]:
    """Number, value and budget by stage and health: a few rows, whatever the number of projects."""
    groups = projects.order_by().values("stage", "health")
    return list(groups.annotate(number=Count("pk"), value=Sum("value_per_year"), budget=Sum("poc_budget")))


def _sum(groups: list[Any], figure: str, **wanted: str) -> Any:
    fitting = [group for group in groups if all(group[name] == value for name, value in wanted.items())]
    return sum(
        (group[figure] for group in fitting if group[figure] is not None), start=Decimal(0) if figure != "number" else 0
    )


def _funnel(user: User, groups: list[Any]) -> list[Step]:
    runs = Run.objects.visible_to(user).filter(cost__isnull=False).order_by()
    spent = dict(runs.values_list("project__stage").annotate(cost=Sum("cost")))
    return [
        Step(
            stage.value,
            str(stage.label),
            _sum(groups, "number", stage=stage),
            _sum(groups, "value", stage=stage),
            _sum(groups, "budget", stage=stage),
            spent.get(stage.value, Decimal(0)),
        )
        for stage in FUNNEL
    ]


def spent_by(projects: Iterable[Project]) -> dict[int, Decimal]:
    """What the runs of these projects have cost, by the project's primary key."""
    keys = [project.pk for project in projects]
    rows = Run.objects.filter(project__in=keys).order_by().values("project").annotate(cost=Sum("cost"))
    return {row["project"]: row["cost"] for row in rows if row["cost"]}
