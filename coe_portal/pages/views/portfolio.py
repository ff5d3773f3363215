"""The portfolio: where the money goes, what it returns, what waits for a decision."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_GET

from coe_portal.core.csv_export import csv_response
from coe_portal.core.htmx import render_page
from coe_portal.core.paging import keyset_page
from coe_portal.core.sessions import signed_in
from coe_portal.pages.portfolio import portfolio_of, spent_by
from coe_portal.pages.views.narrowing import chips, without
from projects.filters import ProjectFilter
from projects.models import Project, Stage
from projects.models.project import ProjectQuerySet

PAGE_SIZE = 20
VIEWS = (
    ("All projects", ""),
    ("At risk", "health=at_risk"),
    ("In proof of concept", "stage=poc"),
    ("In production", "stage=production"),
    ("High risk tier", "risk_tier=high"),
)
SORTS = {"": "-expected", "newest": "-id"}
JOURNEY_STEPS = {Stage.POC: 4, Stage.PRODUCTION_READY: 5, Stage.PRODUCTION: 6}
RISK_MARKS = {
    "unacceptable": "bad",
    "high": "bad",
    "medium": "warn",
    "limited": "warn",
    "low": "mute",
    "minimal": "mute",
}
HEADER = ["key", "name", "business unit", "stage", "health", "risk tier", "value a year", "POC budget", "currency"]
HEADER += ["POC ends", "readiness (of 100)", "waits for", "owner", "sponsor"]


def _filtered(request: HttpRequest) -> tuple[ProjectFilter, ProjectQuerySet]:
    rows = Project.objects.visible_to(signed_in(request)).open().for_list()
    filters = ProjectFilter(request.GET, rows.annotate(expected=Coalesce("value_per_year", Decimal(0))))
    return filters, filters.qs if filters.is_valid() else rows.none()


@require_GET
def portfolio(request: HttpRequest) -> HttpResponse:
    """Figures, funnel, decisions and the table of projects."""
    filters, found = _filtered(request)
    user, sort = signed_in(request), request.GET.get("sort", "")
    ordering = SORTS.get(sort, SORTS[""])
    page = keyset_page(found, ordering=ordering, cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    narrowed = without(request.GET, "sort")
    context = {
        "portfolio": SimpleLazyObject(lambda: portfolio_of(user)),  # a fragment shows no figures
        "filter": filters,
        "page": page,
        "rows": _table(page.rows),
        "query": without(request.GET),
        "narrowed": narrowed,
        "by_value": ordering == "-expected",
        "chips": chips(filters.form, request.GET),
        "views": [(title, value, value == narrowed) for title, value in VIEWS],
    }
    return render_page(request, "pages/portfolio.html", context, partial="rows")


def _table(projects: list[Project]) -> list[dict[str, Any]]:
    spent = spent_by(projects)
    return [
        {
            "project": project,
            "step": JOURNEY_STEPS.get(Stage(project.stage), 1),
            "spent": spent.get(project.pk, Decimal(0)),
            "risk": RISK_MARKS.get(project.risk_tier, ""),
        }
        for project in projects
    ]


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Exactly what is filtered, as CSV."""
    _, found = _filtered(request)
    about = f"Portfolio as of {timezone.localtime():%d %B %Y %H:%M %Z}, money in the project's currency"
    return csv_response("portfolio", about, HEADER, _rows(found))


def _rows(found: ProjectQuerySet) -> Iterator[list[object]]:
    by_value = F("value_per_year").desc(nulls_last=True)
    for project in found.with_people().order_by(by_value, "-id").iterator(chunk_size=2000):
        what = [project.key, project.name, project.business_unit.name, project.stage, project.health, project.risk_tier]
        money = [project.value_per_year, project.poc_budget, project.currency, project.poc_ends_on]
        who = [project.waiting_on, str(project.owner), str(project.sponsor or "")]
        yield [*what, *money, project.readiness.get("score"), *who]
