"""What the runs of projects cost and reached, for the clocks of their proofs of concept."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db.models import Case, ExpressionWrapper, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from coe_portal.core.fields import MoneyField
from deployments.models import FINAL_STATES, Run, RunState
from deployments.services.endings import going_on
from governance.services import spending
from projects.models import Project, SuccessMetric

NOTHING = Value(Decimal(0), output_field=MoneyField())
CONSIDERED = 200


def _rows() -> Any:
    """Runs by project: ``accrued`` is the cost of what ended, ``committed`` the worst case of what may still cost."""
    never_started = Q(state__in=FINAL_STATES, arn="", cost=None)
    open_ended = Case(
        When(never_started, then=NOTHING),
        When(cost=None, then="worst_case"),
        default=NOTHING,
        output_field=MoneyField(),
    )
    rows = Run.objects.order_by().values("project")
    accrued = Coalesce(Sum("cost", output_field=MoneyField()), NOTHING, output_field=MoneyField())
    return rows.annotate(accrued=accrued, committed=Sum(open_ended, output_field=MoneyField()))


def total_of(project: OuterRef) -> Any:
    """Both together for the project of an outer query."""
    both = ExpressionWrapper(F("accrued") + F("committed"), output_field=MoneyField())
    return Subquery(_rows().filter(project=project).annotate(total=both).values("total"), output_field=MoneyField())


def spent_by(project_ids: Collection[int]) -> dict[int, spending.Spent]:
    """By project. A run that ended before AWS accepted it costs nothing."""
    sums = _rows().filter(project__in=project_ids)
    return {row["project"]: spending.Spent(row["committed"], row["accrued"]) for row in sums}


def best_of(project: Project) -> spending.Achievement | None:
    """The best value of the success metric among the newest succeeded runs."""
    metric = SuccessMetric.objects.filter(project=project).first()
    if metric is None:
        return None
    rows = Run.objects.filter(project=project, state=RunState.SUCCEEDED).order_by("-id")
    values = [
        (value, number)
        for number, metrics in rows.values_list("number", "metrics")[:CONSIDERED]
        if (value := _reported(metrics, metric.name)) is not None
    ]
    if not values:
        return None
    value, number = (max if metric.direction == "increase" else min)(values)
    says = f"{metric.name} {value:.4g} (run {number}), target {metric.target:g}"
    url = reverse("deployments:run", args=[project.key, number])
    return spending.Achievement(says, metric.is_met_by(value), url)


def _reported(metrics: dict[str, float], name: str) -> float | None:
    """The value under the metric's own name, measured in validation."""
    wanted = name.lower()
    return next((metrics[each] for each in (f"validation:{wanted}", wanted) if each in metrics), None)


def running_of(project: Project) -> int:
    """How many runs are asked to stop when the project ends."""
    return going_on(project).count()


spending.register(spending.Source(spent_by, total_of, best_of, running_of))
