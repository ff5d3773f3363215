"""The portfolio: where the money goes, what it returns, what waits for a decision."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_GET

from coe_portal.core.csv_export import csv_response
from coe_portal.core.htmx import render_page
from coe_portal.core.paging import keyset_page
from coe_portal.core.sessions import signed_in
from coe_portal.pages.portfolio import portfolio_of
from projects.filters import ProjectFilter
from projects.models import Project
from projects.models.project import ProjectQuerySet

PAGE_SIZE = 20
VIEWS = (
    ("All projects", ""),
    ("In proof of concept", "stage=poc"),
    ("In production", "stage=production"),
    ("High risk tier", "risk_tier=high"),
)
HEADER = ["key", "name", "business unit", "stage", "health", "risk tier", "value a year (USD)", "POC budget (USD)"]
HEADER += ["POC ends", "readiness (of 100)", "waits for", "owner", "sponsor"]


def _filtered(request: HttpRequest) -> tuple[ProjectFilter, ProjectQuerySet]:
    rows = Project.objects.visible_to(signed_in(request)).open().for_list()
    filters = ProjectFilter(request.GET, rows)
    return filters, filters.qs if filters.is_valid() else rows.none()


def _query(query: QueryDict) -> str:
    kept = query.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


@require_GET
def portfolio(request: HttpRequest) -> HttpResponse:
    """Figures, funnel, decisions and the table of projects."""
    filters, found = _filtered(request)
    page = keyset_page(found, ordering="-id", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    query, user = _query(request.GET), signed_in(request)
    context = {
        "portfolio": SimpleLazyObject(lambda: portfolio_of(user)),  # a fragment shows no figures
        "filter": filters,
        "page": page,
        "query": query,
        "views": [(title, value, value == query) for title, value in VIEWS],
    }
    return render_page(request, "pages/portfolio.html", context, partial="rows")


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Exactly what is filtered, as CSV."""
    _, found = _filtered(request)
    about = f"Portfolio as of {timezone.localtime():%d %B %Y %H:%M %Z}, money in the project's currency"
    return csv_response("portfolio", about, HEADER, _rows(found))


def _rows(found: ProjectQuerySet) -> Iterator[list[object]]:
    for project in found.with_people().order_by("-id").iterator(chunk_size=2000):
        what = [project.key, project.name, project.business_unit.name, project.stage, project.health, project.risk_tier]
        money = [project.value_per_year, project.poc_budget, project.poc_ends_on, project.readiness.get("score")]
        yield [*what, *money, project.waiting_on, str(project.owner), str(project.sponsor or "")]
