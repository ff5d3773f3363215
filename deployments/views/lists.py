"""Lists of runs."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from coe_portal.core.errors import DomainError
from coe_portal.core.htmx import render_page
from coe_portal.core.models import User
from coe_portal.core.paging import keyset_page
from coe_portal.core.sessions import signed_in
from deployments import costs
from deployments.filters import RunFilter
from deployments.forms import chosen_columns
from deployments.models import FINAL_STATES, Environment, Run, RunState, TrainingTemplate
from deployments.models.runs import RunQuerySet
from deployments.services import comparison
from deployments.services import runs as launching
from deployments.views import curves
from deployments.views.chips import run_chip
from projects.models import Project

PAGE_SIZE = 50
COLUMNS = {
    "template": "Template",
    "environment": "Environment",
    "metric": "Result",
    "cost": "Cost",
    "duration": "Duration",
    "requested_by": "Started by",
    "created_at": "Started",
    "machine": "Machine",
    "spot": "Spot",
    "attempt": "Attempt",
    "note": "Note",
}
DEFAULT_COLUMNS = ["template", "environment", "metric", "cost", "requested_by", "created_at"]
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
    "training_seconds",
    "requested_by__display_name",
    "created_at",
    "instance_type",
    "instance_count",
    "spot",
    "attempt",
    "note",
)
OPEN = [state for state in RunState if state not in FINAL_STATES]
VIEWS = (
    ("All", ""),
    ("Open", "&".join(f"state={state}" for state in OPEN)),
    ("Failed", "state=failed&state=lost"),
    ("Succeeded", "state=succeeded"),
)


@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """All runs that the person may see, newest first; filters and columns are in the address."""
    user = signed_in(request)
    columns = _columns(request)
    filters = RunFilter(_filters_only(request.GET), Run.objects.visible_to(user))
    rows: RunQuerySet = filters.qs if filters.is_valid() else filters.queryset.none()
    page = keyset_page(rows.values(*ROW), ordering="-id", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    query = _without(request.GET, "cursor").urlencode()
    context = {
        "rows": [row_of(row, columns) for row in page.rows],
        "page": page,
        "query": query,
        "filters": filters,
        "current": _filters_only(request.GET),
        "columns": [(name, COLUMNS[name]) for name in columns],
        "all_columns": [(name, title, name in columns) for name, title in COLUMNS.items()],
        "views": _views(request, user),
        "states": RunState.choices,
        "environments": Environment.objects.values_list("name", flat=True),
        "templates": TrainingTemplate.objects.values_list("name", flat=True),
    }
    return render_page(request, "deployments/runs.html", context, partial="rows")


@require_GET
def project_runs(request: HttpRequest, key: str) -> HttpResponse:
    """The runs of one project, as a panel of its page or as a page of its own."""
    user = signed_in(request)
    project = visible_project(user, key)
    columns = [name for name in DEFAULT_COLUMNS if name != "environment"]
    rows = Run.objects.filter(project=project).order_by("-id").values(*ROW)[:20]
    context = {
        "project": project,
        "rows": [row_of(row, columns) for row in rows],
        "columns": [(name, COLUMNS[name]) for name in columns],
        "obstacles": launching.obstacles(project=project, actor=user),
    }
    return render_page(request, "deployments/project_runs.html", context, partial="panel")


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Two to five runs side by side."""
    ids = [part for raw in request.GET.getlist("ids") for part in raw.split(",") if part]
    try:
        found = comparison.compare(run_ids=ids, actor=signed_in(request))
    except DomainError as error:
        context: dict[str, Any] = {"problem": " ".join(error.errors.get("ids", [error.message]))}
        return render_page(request, "deployments/compare.html", context, status=error.status)
    context = {
        "comparison": found,
        "runs": [(run, run_url(run.project.key, run.number), run_chip(run.state)) for run in found.runs],
        "metrics": [(line, [_number(value) for value in line.values]) for line in found.metrics],
    }
    return render_page(request, "deployments/compare.html", context)


def visible_project(user: User, key: str) -> Project:
    """The project if the person may see it, else 404."""
    return get_object_or_404(Project.objects.visible_to(user).select_related("owner").by_key(key))


def run_url(key: str, number: int) -> str:
    """Address of a run's page; a list has fifty of them."""
    return f"{_projects()}{key}/runs/{number}/"


@lru_cache(maxsize=1)
def _projects() -> str:
    return reverse("deployments:run", args=["-", 0]).removesuffix("-/runs/0/")


def row_of(row: Mapping[str, Any], columns: list[str]) -> dict[str, Any]:
    """What one line of a list shows."""
    key = f"PRJ-{row['project_id']}"
    return {
        "id": row["id"],
        "number": row["number"],
        "key": key,
        "project": row["project__name"],
        "url": run_url(key, row["number"]),
        "chip": run_chip(row["state"], stop_requested=row["stop_requested_at"] is not None),
        "cells": [_CELLS[name](row) for name in columns],
    }


def _metric(row: Mapping[str, Any]) -> str:
    name = row["template_version__objective_metric"]
    value = row["metrics"].get(name)
    return "" if value is None else f"{name.rpartition(':')[2]} {curves.short(value)}"


def _cost(row: Mapping[str, Any]) -> str:
    if row["cost"] is None:
        return f"at most {costs.money(row['worst_case'], row['currency'])}"
    return costs.money(Decimal(row["cost"]), row["currency"])


def _when(row: Mapping[str, Any]) -> str:
    at = timezone.localtime(row["created_at"])
    year = "" if at.year == timezone.localtime().year else f" {at.year}"
    return f"{at:%a} {at.day} {at:%b}{year} {at:%H:%M}"


_CELLS: dict[str, Any] = {
    "template": lambda row: f"{row['template_version__template__name']} v{row['template_version__version']}",
    "environment": lambda row: row["environment__name"],
    "metric": _metric,
    "cost": _cost,
    "duration": lambda row: costs.duration(row["training_seconds"]) if row["training_seconds"] else "",
    "requested_by": lambda row: row["requested_by__display_name"],
    "created_at": _when,
    "machine": lambda row: f"{row['instance_count']} × {row['instance_type']}",
    "spot": lambda row: "Spot" if row["spot"] else "On demand",
    "attempt": lambda row: str(row["attempt"]),
    "note": lambda row: row["note"][:80],
}


def _number(value: float | None) -> str:
    return "" if value is None else curves.short(value)


def _columns(request: HttpRequest) -> list[str]:
    """The columns in the address; they are remembered for the next visit."""
    wanted = [name for raw in request.GET.getlist("columns") for name in raw.split(",")]
    if wanted:
        picked = chosen_columns(wanted, COLUMNS) or DEFAULT_COLUMNS
        request.session["run_columns"] = picked
        return picked
    return chosen_columns(request.session.get("run_columns", DEFAULT_COLUMNS), COLUMNS)


def _without(query: QueryDict, *names: str) -> QueryDict:
    kept = query.copy()
    for name in names:
        kept.pop(name, None)
    return kept


def _filters_only(query: QueryDict) -> QueryDict:
    """The filters that hold a value: an empty one of a form says nothing."""
    kept = _without(query, "cursor", "columns", "ids")
    for name in list(kept):
        values = [value for value in kept.getlist(name) if value]
        kept.setlist(name, values) if values else kept.pop(name)
    return kept


def _views(request: HttpRequest, user: User) -> list[tuple[str, str, bool]]:
    now = sorted(_filters_only(request.GET).urlencode().split("&"))
    named = [*VIEWS, ("Mine", f"requested_by={user.username}")]
    return [(title, query, sorted(query.split("&")) == now) for title, query in named]
