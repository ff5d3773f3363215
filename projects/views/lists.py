"""The intake queue and the list of projects."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.models import SavedViewPage
from coe_portal.core.narrowing import Address, address_of, saving
from coe_portal.core.paging import keyset_page
from coe_portal.core.services import saved_views
from coe_portal.core.sessions import signed_in
from projects.filters import ProjectFilter
from projects.forms import ProjectForm
from projects.models import ConceptState, Project, Stage
from projects.models.project import ProjectQuerySet
from projects.services import concepts, projects
from projects.views.words import STAGE_CHIPS

for _code in (SavedViewPage.PROJECTS, SavedViewPage.INTAKES):
    saved_views.register_page(_code, ProjectFilter)
PAGE_SIZE = 40
LANES = (
    ("All", "", ""),
    ("Being written", "stage", Stage.INTAKE),
    ("Concepts to answer", "concept", ConceptState.SUBMITTED),
    ("In qualification", "stage", Stage.QUALIFICATION),
    ("Deferred", "stage", Stage.DEFERRED),
)
STAGE_STEPS = {Stage.POC: 4, Stage.PRODUCTION_READY: 5, Stage.PRODUCTION: 6, Stage.RETIRED: 7}


def _rows(page_rows: list[Project]) -> list[dict[str, Any]]:
    return [
        {
            "project": project,
            "chip": STAGE_CHIPS[Stage(project.stage)],
            "step": STAGE_STEPS.get(Stage(project.stage), 1),
            "score": project.readiness.get("score", ""),
            "missing": len(project.readiness.get("missing", [])),
        }
        for project in page_rows
    ]


def _page(request: HttpRequest, rows: ProjectQuerySet, template: str, code: SavedViewPage) -> HttpResponse:
    address = address_of(request.GET, signed_in(request))
    filters = ProjectFilter(address.effective, rows)
    found: ProjectQuerySet = filters.qs if filters.is_valid() else rows.none()
    page = keyset_page(found, ordering="-id", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context = {
        "filter": filters,
        "page": page,
        "rows": _rows(page.rows),
        "query": str(address),
        "hidden": address.hidden("search", "business_unit", "health", "risk_tier"),
        "lanes": _lanes(address),
        **saving(address, code),
    }
    return render_page(request, template, context, partial="rows")


def query_of(query: QueryDict) -> str:
    """The filters of an address without its place in the list."""
    kept = query.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


@require_GET
def project_list(request: HttpRequest) -> HttpResponse:
    """Every project the person may see, filters in the address."""
    rows = Project.objects.visible_to(signed_in(request)).for_list()
    return _page(request, rows, "projects/list.html", SavedViewPage.PROJECTS)


@require_GET
def intake_list(request: HttpRequest) -> HttpResponse:
    """Ideas and submitted intakes, with their readiness and who is waited for."""
    rows = Project.objects.visible_to(signed_in(request)).intakes().for_list()
    return _page(request, rows, "projects/intake_list.html", SavedViewPage.INTAKES)


def _lanes(address: Address) -> list[tuple[str, str, bool]]:
    """The parts of the queue: title, address, whether it is the one that is shown."""
    here, chosen = (
        reverse("projects:intake_list"),
        {name: address.effective.get(name, "") for name in ("stage", "concept")},
    )
    return [
        (
            title,
            f"{here}?{name}={value}" if name else here,
            chosen.get(name) == value if name else not any(chosen.values()),
        )
        for title, name, value in LANES
    ]


@require_http_methods(["GET", "POST"])
def intake_new(request: HttpRequest) -> HttpResponse:
    """Propose a project."""
    user, form = signed_in(request), ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        unit = values.pop("business_unit")
        try:
            project = projects.create_project(business_unit_id=unit.pk, actor=user, **values)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            return redirect(request, _first_page(request, project))
    context = {"form": form, "concept": concepts.current_mode()}
    return render(request, "projects/intake_new.html", context, status=422 if form.errors else 200)


def _first_page(request: HttpRequest, project: Project) -> str:
    """Where a new idea goes on: its concept, when that comes first or is wanted first, else the full case."""
    mode = concepts.rules_of(project)["concept"]
    first = mode == concepts.REQUIRED or (mode == concepts.OPTIONAL and request.POST.get("start") == "concept")
    if first:
        return reverse("projects:concept", args=[project.key])
    return reverse("projects:intake_step", args=[project.key, "challenge"])
