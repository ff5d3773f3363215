"""The columns of a list of runs: what is read, how a cell says it, what a file holds."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from coe_portal.core.addresses import path_to
from deployments import costs
from deployments.views import curves
from deployments.views.chips import run_chip

COLUMNS = {
    "template": "Template",
    "environment": "Environment",
    "metric": "Result",
    "cost": "Cost",
    "saving": "Spot saving",
    "duration": "Duration",
    "requested_by": "Started by",
    "created_at": "Started",
    "machine": "Machine",
    "spot": "Capacity",
    "attempt": "Attempt",
    "note": "Note",
}
NUMERIC = frozenset({"metric", "cost", "saving", "duration", "attempt"})
DEFAULT_COLUMNS = ["template", "environment", "metric", "cost", "saving", "requested_by", "created_at"]
OF_A_PROJECT = ["metric", "cost", "saving", "created_at"]
ROW = (
    "id",
    "number",
    "project_id",
    "project__name",
    "environment__name",
    "template_version__template__name",
    "template_version__version",
    "template_version__objective_metric",
    "state",
    "stop_requested_at",
    "metrics",
    "cost",
    "currency",
    "worst_case",
    "billable_seconds",
    "training_seconds",
    "requested_by__display_name",
    "created_at",
    "instance_type",
    "instance_count",
    "spot",
    "attempt",
    "note",
)
Row = Mapping[str, Any]


def headings(names: Sequence[str]) -> list[tuple[str, str, bool]]:
    """The chosen columns: name, title, whether they hold numbers."""
    return [(name, COLUMNS[name], name in NUMERIC) for name in names]


def row_of(row: Row, names: Sequence[str]) -> dict[str, Any]:
    """What one line of a list shows."""
    key = f"PRJ-{row['project_id']}"
    return {
        "id": row["id"],
        "number": row["number"],
        "key": key,
        "project": row["project__name"],
        "note": row["note"][:80],
        "url": run_url(key, row["number"]),
        "chip": run_chip(row["state"], stop_requested=row["stop_requested_at"] is not None),
        "cells": [(_CELLS[name](row), name in NUMERIC) for name in names],
    }


def run_url(key: str, number: int) -> str:
    """Address of a run's page."""
    return path_to("deployments:run", key, number)


def _metric(row: Row) -> str:
    name = row["template_version__objective_metric"]
    value = row["metrics"].get(name)
    return "" if value is None else f"{name.rpartition(':')[2]} {curves.short(value)}"


def _cost(row: Row) -> str:
    if row["cost"] is None:
        return f"at most {costs.money(row['worst_case'], row['currency'])}"
    return costs.money(Decimal(row["cost"]), row["currency"])


def _saving(row: Row) -> str:
    if not row["spot"] or not row["training_seconds"]:
        return ""
    share = costs.spot_saving(billable_seconds=row["billable_seconds"] or 0, training_seconds=row["training_seconds"])
    return costs.percent(share)


def _when(row: Row) -> str:
    at, now = timezone.localtime(row["created_at"]), timezone.localtime()
    if at.date() == now.date():
        return f"Today {at:%H:%M}"
    year = "" if at.year == now.year else f" {at.year}"
    return f"{at:%a} {at.day} {at:%b}{year} {at:%H:%M}"


_CELLS: dict[str, Any] = {
    "template": lambda row: f"{row['template_version__template__name']} v{row['template_version__version']}",
    "environment": lambda row: row["environment__name"],
    "metric": _metric,
    "cost": _cost,
    "saving": _saving,
    "duration": lambda row: costs.duration(row["training_seconds"]) if row["training_seconds"] else "",
    "requested_by": lambda row: row["requested_by__display_name"],
    "created_at": _when,
    "machine": lambda row: f"{row['instance_count']} × {row['instance_type']}",
    "spot": lambda row: "Spot" if row["spot"] else "On demand",
    "attempt": lambda row: str(row["attempt"]),
    "note": lambda row: row["note"][:80],
}

FILE_HEADER = (
    "project",
    "project name",
    "run",
    "state",
    "template",
    "environment",
    "metric",
    "value",
    "cost",
    "worst case",
    "currency",
    "training seconds",
    "billable seconds",
    "machines",
    "instance type",
    "spot",
    "started by",
    "launched at (UTC)",
    "note",
)


def file_row(row: Row) -> list[Any]:
    """The run as a line of a file: bare numbers, times in UTC."""
    name = row["template_version__objective_metric"]
    return [
        f"PRJ-{row['project_id']}",
        row["project__name"],
        row["number"],
        row["state"],
        _CELLS["template"](row),
        row["environment__name"],
        name,
        row["metrics"].get(name, ""),
        "" if row["cost"] is None else row["cost"],
        row["worst_case"],
        row["currency"],
        row["training_seconds"],
        row["billable_seconds"],
        row["instance_count"],
        row["instance_type"],
        row["spot"],
        row["requested_by__display_name"],
        row["created_at"].isoformat(),
        row["note"],
    ]
