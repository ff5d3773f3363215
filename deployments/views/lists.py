"""Lists of runs."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from coe_portal.core.csv_export import csv_response
from coe_portal.core.errors import DomainError
from coe_portal.core.htmx import render_page
from coe_portal.core.models import SavedViewPage, User
from coe_portal.core.narrowing import Address, address_of, saving
from coe_portal.core.paging import keyset_page
from coe_portal.core.services import saved_views
from coe_portal.core.sessions import signed_in
from deployments.filters import RunFilter
from deployments.forms import chosen_columns
from deployments.models import FINAL_STATES, Environment, Run, RunState, TrainingTemplate
from deployments.models.runs import RunQuerySet
from deployments.services import comparison
from deployments.services import runs as launching
from deployments.views import curves
from deployments.views.chips import run_chip
from deployments.views.columns import (
    COLUMNS,
    DEFAULT_COLUMNS,
    FILE_HEADER,
    OF_A_PROJECT,
    ROW,
    file_row,
    headings,
    row_of,
    run_url,
)
from projects.models import Project

saved_views.register_page(SavedViewPage.RUNS, RunFilter, "columns")
PAGE_SIZE, LATEST, EXPORT_LIMIT = 50, 20, 50_000
LATEST_ON_THE_OVERVIEW = 5
OPEN = [state for state in RunState if state not in FINAL_STATES]
VIEWS = (
    ("All", ""),
    ("Open", "&".join(f"state={state}" for state in OPEN)),
    ("Failed", "state=failed&state=lost"),
    ("Succeeded", "state=succeeded"),
)
# How a filter is named on its chip; states are named by their own word.
FILTER_WORDS = {
    "search": "Search",
    "project": "Project",
    "environment": "Environment",
    "template": "Template",
    "requested_by": "Started by",
    "spot": "Spot",
    "instance_type": "Machine",
    "since": "From",
    "until": "Before",
    "kind": "Kind",
}


@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """All runs that the person may see, newest first; filters and columns are in the address."""
    user = signed_in(request)
    address = address_of(request.GET, user)
    columns = _columns(request, address)
    filters = _filtered(address, user)
    rows: RunQuerySet = filters.qs if filters.is_valid() else filters.queryset.none()
    page = keyset_page(rows.values(*ROW), ordering="-id", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    current = filters_only(address.effective)
    context = {
        "rows": [row_of(row, columns) for row in page.rows],
        "page": page,
        "query": str(address),
        **saving(address, SavedViewPage.RUNS),
        "filters": filters,
        "current": current,
        "chips": chips_of(address),
        "export_query": current.urlencode(),
        "columns": headings(columns),
        "all_columns": [(name, title, name in columns) for name, title in COLUMNS.items()],
        "views": _views(address, user),
        "states": RunState.choices,
        "environments": Environment.objects.values_list("name", flat=True),
        "templates": TrainingTemplate.objects.values_list("name", flat=True),
    }
    return render_page(request, "deployments/runs.html", context, partial="rows")


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Exactly what is filtered, as CSV; at most 50,000 runs, the newest."""
    user = signed_in(request)
    address = address_of(request.GET, user)
    filters = _filtered(address, user)
    rows: RunQuerySet = filters.qs if filters.is_valid() else filters.queryset.none()
    found = rows.order_by("-id").values(*ROW)[:EXPORT_LIMIT].iterator(chunk_size=2000)
    told = ", ".join(f"{word} {value}" for word, value, _ in chips_of(address)) or "all runs you may see"
    about = f"Runs as of {timezone.localtime():%d %B %Y %H:%M %Z}, newest first: {told}"
    return csv_response("runs", about, FILE_HEADER, (file_row(row) for row in found))


@require_GET
def project_runs(request: HttpRequest, key: str) -> HttpResponse:
    """The runs of one project, as a panel of its page or as a page of its own."""
    user = signed_in(request)
    project = visible_project(user, key)
    shown = LATEST_ON_THE_OVERVIEW if request.headers.get("HX-Request") else LATEST
    rows = Run.objects.filter(project=project).order_by("-id")
    context = {
        "project": project,
        "rows": [row_of(row, OF_A_PROJECT) for row in rows.values(*ROW)[:shown]],
        "count": rows.count(),
        "columns": headings(OF_A_PROJECT),
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
        "same": sum(not line.differs for line in found.parameters),
    }
    return render_page(request, "deployments/compare.html", context)


def visible_project(user: User, key: str) -> Project:
    """The project if the person may see it, else 404."""
    return get_object_or_404(Project.objects.visible_to(user).with_people().by_key(key))


def _number(value: float | None) -> str:
    return "" if value is None else curves.short(value)


def _filtered(address: Address, user: User) -> RunFilter:
    return RunFilter(filters_only(address.effective), Run.objects.visible_to(user))


def _columns(request: HttpRequest, address: Address) -> list[str]:
    """The columns in the address or its saved view; those of the address are remembered for the next visit."""
    wanted = [name for raw in address.effective.getlist("columns") for name in raw.split(",")]
    if wanted:
        picked = chosen_columns(wanted, COLUMNS) or DEFAULT_COLUMNS
        if "columns" in request.GET:
            request.session["run_columns"] = picked
        return picked
    return chosen_columns(request.session.get("run_columns", DEFAULT_COLUMNS), COLUMNS)


def without(query: QueryDict, *names: str) -> QueryDict:
    """A copy of the query without these parameters."""
    kept = query.copy()
    for name in names:
        kept.pop(name, None)
    return kept


def filters_only(query: QueryDict) -> QueryDict:
    """The filters that hold a value: an empty one of a form says nothing."""
    kept = without(query, "cursor", "columns", "ids")
    for name in list(kept):
        values = [value for value in kept.getlist(name) if value]
        kept.setlist(name, values) if values else kept.pop(name)
    return kept


def chips_of(address: Address) -> list[tuple[str, str, str]]:
    """Each filter in force: its word, its value and the address of the list without it. Columns stay as they are."""
    here = reverse("deployments:runs")
    labels = {str(value): str(label) for value, label in RunState.choices}
    chips = []
    for name, values in filters_only(address.effective).lists():
        for value in values:
            rest = address.link(**{name: [each for each in values if each != value]})
            link = f"{here}?{rest}" if rest else here
            word, told = (
                ("State", labels.get(value, value)) if name == "state" else (FILTER_WORDS.get(name, name), value)
            )
            chips.append((word, told, link))
    return chips


def _views(address: Address, user: User) -> list[tuple[str, str, bool]]:
    """Title, query and whether it is the one that is shown; chosen columns are left alone."""
    now = sorted(filters_only(address.effective).urlencode().split("&"))
    kept = QueryDict(mutable=True)
    kept.setlist("columns", address.effective.getlist("columns"))
    columns = kept.urlencode()
    named = [*VIEWS, ("Mine", f"requested_by={user.username}")]
    return [
        (title, "&".join(part for part in (query, columns) if part), sorted(query.split("&")) == now)
        for title, query in named
    ]
