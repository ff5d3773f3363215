"""The portfolio: where the money goes, what it returns, what waits for a decision."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_GET

from coe_portal.core.csv_export import as_of, csv_response, filters_in_words
from coe_portal.core.htmx import is_fragment_request, render_page
from coe_portal.core.models import SavedViewPage, User
from coe_portal.core.narrowing import Address, address_of, chips, saving
from coe_portal.core.paging import keyset_page
from coe_portal.core.services import saved_views
from coe_portal.core.sessions import signed_in
from coe_portal.pages.portfolio import portfolio_of, spent_by
from projects.filters import ProjectFilter
from projects.models import Project, Stage
from projects.models.project import ProjectQuerySet

PAGE_SIZE = 20
PRESETS = (
    ("All projects", ""),
    ("At risk", "health=at_risk"),
    ("In proof of concept", "stage=poc"),
    ("In production", "stage=production"),
    ("High risk tier", "risk_tier=high"),
)
LAYOUTS = (
    (SavedViewPage.PORTFOLIO, "Table", "table"),
    (SavedViewPage.BOARD, "Board", "columns"),
    (SavedViewPage.MATRIX, "Matrix", "chart-dots"),
)
COLUMNS = {
    "journey": "Journey",
    "health": "Health",
    "value": "Expected a year",
    "spend": "Spend against POC budget",
    "risk": "Risk tier",
    "decision": "Next decision",
    "owner": "Owner",
}
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
for _page, _, _ in LAYOUTS:
    saved_views.register_page(_page, ProjectFilter, "sort", "columns")
HEADER = ["key", "name", "business unit", "stage", "health", "risk tier", "value a year", "POC budget", "currency"]
HEADER += ["POC ends", "readiness (of 100)", "waits for", "owner", "sponsor"]


class Narrowed:
    """The projects that a person sees on a page of the portfolio, and what narrows them."""

    def __init__(self, request: HttpRequest) -> None:
        self.user: User = signed_in(request)
        self.address: Address = address_of(request.GET, self.user)
        rows = Project.objects.visible_to(self.user).open().for_list()
        rows = rows.annotate(expected=Coalesce("value_per_year", Decimal(0)))
        self.filters = ProjectFilter(self.address.effective, rows)
        self.found: ProjectQuerySet = self.filters.qs if self.filters.is_valid() else rows.none()

    def context(self, request: HttpRequest, page: SavedViewPage) -> dict[str, Any]:
        """What the bars over every layout show."""
        address, query = self.address, str(self.address)
        columns = columns_of(address)
        return {
            "filter": self.filters,
            "query": query,
            "chips": chips(self.filters.form, address),
            "presets": [(title, address.only(value), value == _filters(address)) for title, value in PRESETS],
            "layouts": [(each, title, icon, each == page) for each, title, icon in LAYOUTS],
            **saving(address, page),
            "hidden": address.hidden("search", "business_unit", "health", "risk_tier"),
            "is_fragment": is_fragment_request(request),
            "columns": columns,
            "all_columns": [(code, title, code in columns) for code, title in COLUMNS.items()],
            "column_fields": address.hidden("columns"),
        }


def columns_of(address: Address) -> set[str]:
    """The columns that the address asks for; all of them when it names none that exist."""
    named = {name for value in address.effective.getlist("columns") for name in value.split(",")}
    return named & set(COLUMNS) or set(COLUMNS)


def _filters(address: Address) -> str:
    kept = address.effective.copy()
    for name in ("sort", "columns"):
        kept.pop(name, None)
    return kept.urlencode()


@require_GET
def portfolio(request: HttpRequest) -> HttpResponse:
    """Figures, funnel, decisions and the table of projects."""
    narrowed = Narrowed(request)
    user, address = narrowed.user, narrowed.address
    ordering = SORTS.get(address.effective.get("sort", ""), SORTS[""])
    page = keyset_page(narrowed.found, ordering=ordering, cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context = narrowed.context(request, SavedViewPage.PORTFOLIO) | {
        "portfolio": SimpleLazyObject(lambda: portfolio_of(user)),  # a fragment shows no figures
        "page": page,
        "rows": _table(page.rows),
        "by_value": ordering == "-expected",
        "sorts": {"value": address.link(sort=""), "newest": address.link(sort="newest")},
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
    narrowed = Narrowed(request)
    about = as_of("Portfolio", "money in the project's currency, value and budget in whole units")
    filters = filters_in_words(narrowed.filters.form, narrowed.address.effective)
    return csv_response("portfolio", about, HEADER, _rows(narrowed.found), filters=filters)


def _rows(found: ProjectQuerySet) -> Iterator[list[object]]:
    by_value = F("value_per_year").desc(nulls_last=True)
    for project in found.with_people().order_by(by_value, "-id").iterator(chunk_size=2000):
        what = [project.key, project.name, project.business_unit.name, project.stage, project.health, project.risk_tier]
        money = [project.value_per_year, project.poc_budget, project.currency, project.poc_ends_on]
        who = [project.waiting_on, str(project.owner), str(project.sponsor or "")]
        yield [*what, *money, project.readiness.get("score"), *who]
