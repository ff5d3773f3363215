"""The portfolio's figures: counted by the database, whatever the number of projects."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from coe_portal.core.models import User
from deployments.models import Run
from governance.models import ApprovalRequest
from projects.models import Health, Project, Stage
from projects.models.project import ProjectQuerySet

FUNNEL = (Stage.INTAKE, Stage.QUALIFICATION, Stage.POC, Stage.PRODUCTION_READY, Stage.PRODUCTION)


@dataclass(frozen=True)
class Portfolio:
    """What an executive asks first. Money in the portal's currency; value is a year's likely value."""

    projects: int
    funnel: list[tuple[str, str, int]]
    value_per_year: Decimal
    poc_budget: Decimal
    spent: Decimal
    at_risk: int
    blocked: int
    ended: int
    waiting: list[ApprovalRequest]
    waiting_count: int


def portfolio_of(user: User) -> Portfolio:
    """The figures over the projects this person may see, and the decisions that wait for them."""
    groups = _grouped(Project.objects.visible_to(user))
    spent = Run.objects.visible_to(user).filter(cost__isnull=False).aggregate(spent=Sum("cost"))["spent"]
    waiting = ApprovalRequest.objects.awaiting(user)
    open_groups = [group for group in groups if group["stage"] in FUNNEL]
    return Portfolio(
        projects=_sum(open_groups, "number"),
        funnel=[(stage.value, str(stage.label), _sum(groups, "number", stage=stage)) for stage in FUNNEL],
        value_per_year=_sum(open_groups, "value"),
        poc_budget=_sum(groups, "budget", stage=Stage.POC),
        spent=spent or Decimal(0),
        at_risk=_sum(groups, "number", health=Health.AT_RISK),
        blocked=_sum(groups, "number", health=Health.BLOCKED),
        ended=_sum(groups, "number") - _sum(open_groups, "number"),
        waiting=list(waiting.select_related("project").defer("specification").order_by("due_at")[:5]),
        waiting_count=waiting.count(),
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
