"""How runs look in the API: plain data from plain rows, so that long lists stay cheap."""

from collections.abc import Mapping
from typing import Any

from deployments.models import Run, RunOutput
from deployments.services.comparison import Comparison, Line

RUN_COLUMNS = (
    "id",
    "number",
    "project_id",
    "environment__name",
    "kind",
    "template_version__template__name",
    "template_version__version",
    "state",
    "aws_name",
    "aws_status",
    "secondary_status",
    "arn",
    "parameters",
    "instance_type",
    "instance_count",
    "max_runtime_seconds",
    "spot",
    "note",
    "attempt",
    "retry_of_id",
    "cloned_from_id",
    "requested_by__username",
    "metrics",
    "failure",
    "artifact_uri",
    "billable_seconds",
    "training_seconds",
    "cost",
    "currency",
    "price_per_hour",
    "price_dated_on",
    "worst_case",
    "spec_digest",
    "stop_requested_at",
    "created_at",
    "submitted_at",
    "started_at",
    "ended_at",
)
_RENAMED = {
    "environment__name": "environment",
    "template_version__template__name": "template",
    "template_version__version": "template_version",
    "retry_of_id": "retry_of",
    "cloned_from_id": "cloned_from",
    "requested_by__username": "requested_by",
    "price_dated_on": "price_date",
}
_MONEY = ("cost", "price_per_hour", "worst_case")
_NAMES = [(column, _RENAMED.get(column, column)) for column in RUN_COLUMNS if column != "project_id"]


def run_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """One run from ``values(*RUN_COLUMNS)``."""
    data = {name: row[column] for column, name in _NAMES}
    for name in _MONEY:
        data[name] = None if data[name] is None else f"{data[name]:.6f}"
    data["project"] = f"PRJ-{row['project_id']}"
    data["name"] = f"{data['template']} #{data['number']}"
    return data


def run_of(run: Run) -> dict[str, Any]:
    """One run that has just been made or changed."""
    return run_data(Run.objects.values(*RUN_COLUMNS).get(pk=run.pk))


def logs_data(output: RunOutput | None) -> dict[str, Any]:
    """The log as far as workers have fetched it."""
    return {
        "text": output.log if output else "",
        "complete": bool(output and output.log_complete),
        "trouble": output.trouble if output else "",
        "fetched_at": output.fetched_at if output else None,
    }


def metrics_data(run: Run, output: RunOutput | None) -> dict[str, Any]:
    """Final values, curves, and what the template says about each metric."""
    version = run.template_version
    wanted = ("name", "title", "direction", "unit")
    return {
        "objective": version.objective_metric,
        "definitions": [{key: each.get(key, "") for key in wanted} for each in version.metric_definitions],
        "final": run.metrics,
        "series": output.metric_series if output else {},
        "trouble": output.trouble if output else "",
        "fetched_at": output.fetched_at if output else None,
    }


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """Runs side by side; values are in the order of ``runs``."""
    wanted = [run.pk for run in comparison.runs]
    rows = {row["id"]: run_data(row) for row in Run.objects.filter(pk__in=wanted).values(*RUN_COLUMNS)}
    return {
        "runs": [rows[run_id] for run_id in wanted],
        "metrics": [_line(line) for line in comparison.metrics],
        "parameters": [_line(line) for line in comparison.parameters],
    }


def _line(line: Line) -> dict[str, Any]:
    return {"name": line.name, "title": line.title, "values": line.values, "differs": line.differs, "best": line.best}
