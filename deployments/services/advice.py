"""What runs say about the next best action of a project."""

from django.urls import reverse

from coe_portal.core.models import User
from deployments.models import Run, RunState
from governance.services import gates
from governance.services.next_actions import NextAction
from projects.models import Project, Stage, SuccessMetric

CONSIDERED = 50


def gate_after_the_target(project: Project, user: User) -> NextAction | None:
    """Ask for the next gate once a run has reached the target and nothing else is missing."""
    metric: SuccessMetric | None = getattr(project, "success_metric", None)
    if project.stage != Stage.POC or metric is None:
        return None
    found = _best(project, metric)
    if found is None or not gates.check(project, "advance", actor=user).allowed:
        return None
    number, value = found
    why = f"Run {number} reached {metric.name} {value:.4g}; the target is {metric.target:g}. Nothing else is missing."
    url = reverse("projects:detail", args=[project.key]) + "#gates"
    return NextAction("Ask for the next gate", why, str(project.owner), "See the gates", url)


def _best(project: Project, metric: SuccessMetric) -> tuple[int, float] | None:
    """Number and value of the best run that reaches the target, among the newest succeeded ones."""
    rows = Run.objects.filter(project=project, state=RunState.SUCCEEDED).order_by("-id")
    reached = [
        (number, value)
        for number, metrics in rows.values_list("number", "metrics")[:CONSIDERED]
        if (value := _reported(metrics, metric.name)) is not None and metric.is_met_by(value)
    ]
    sign = -1 if metric.is_met_by(metric.target - 1) else 1
    return max(reached, key=lambda pair: sign * pair[1], default=None)


def _reported(metrics: dict[str, float], name: str) -> float | None:
    """The value under the metric's own name, measured in validation."""
    wanted = name.lower()
    return next((metrics[each] for each in (f"validation:{wanted}", wanted) if each in metrics), None)
