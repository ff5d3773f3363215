"""The portfolio's figures: counted by the database, whatever the number of projects."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from coe_portal.core.models import User
from deployments.models import Run
from governance.models import ApprovalRequest
from projects.models import Health, Project, Stage

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
    rows = Project.objects.visible_to(user)
    counts: dict[str, Any] = rows.aggregate(
        **{f"in_{stage.value}": Count("pk", filter=Q(stage=stage)) for stage in Stage},
        at_risk=Count("pk", filter=Q(health=Health.AT_RISK)),
        blocked=Count("pk", filter=Q(health=Health.BLOCKED)),
        value=Sum("value_per_year", filter=Q(stage__in=FUNNEL)),
        budget=Sum("poc_budget", filter=Q(stage=Stage.POC)),
    )
    spent = Run.objects.visible_to(user).aggregate(spent=Sum("cost"))["spent"]
    waiting = ApprovalRequest.objects.awaiting(user)
    return Portfolio(
        projects=sum(counts[f"in_{stage.value}"] for stage in FUNNEL),
        funnel=[(stage.value, str(stage.label), counts[f"in_{stage.value}"]) for stage in FUNNEL],
        value_per_year=counts["value"] or Decimal(0),
        poc_budget=counts["budget"] or Decimal(0),
        spent=spent or Decimal(0),
        at_risk=counts["at_risk"],
        blocked=counts["blocked"],
        ended=sum(counts[f"in_{stage.value}"] for stage in Stage if stage not in FUNNEL),
        waiting=list(waiting.select_related("project").order_by("due_at")[:5]),
        waiting_count=waiting.count(),
    )
