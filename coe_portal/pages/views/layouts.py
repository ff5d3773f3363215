"""The portfolio's other layouts: a board with a column for each stage, and value against feasibility."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from coe_portal.core.charts.bubbles import bubbles
from coe_portal.core.htmx import render_page
from coe_portal.core.models import SavedViewPage
from coe_portal.pages.board import board_of
from coe_portal.pages.matrix import MOST_SHOWN, Spot, spots_of
from coe_portal.pages.views.portfolio import RISK_MARKS, Narrowed

RISKS = (
    ("high", "High risk or above"),
    ("medium", "Medium or limited risk"),
    ("low", "Low or minimal risk"),
    ("unknown", "Not judged"),
)


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """One column a stage; projects move by asking for a gate, never by being dragged."""
    narrowed = Narrowed(request)
    columns = board_of(narrowed.user, narrowed.found)
    context = narrowed.context(request, SavedViewPage.BOARD) | {
        "board": [(column, narrowed.address.link(stage=column.code)) for column in columns],
        "total": sum(column.projects for column in columns),
        "risk_marks": RISK_MARKS,
    }
    return render_page(request, "pages/board.html", context, partial="rows")


@require_GET
def matrix(request: HttpRequest) -> HttpResponse:
    """Every project as a numbered circle, and the table with the same numbers."""
    narrowed = Narrowed(request)
    spots = spots_of(narrowed.found)
    context = narrowed.context(request, SavedViewPage.MATRIX) | {
        "spots": [(spot, RISK_MARKS.get(spot.project.risk_tier, "")) for spot in spots],
        "chart": _chart(spots),
        "total": narrowed.found.count(),
        "most": MOST_SHOWN,
        "risks": RISKS,
    }
    return render_page(request, "pages/matrix.html", context, partial="rows")


def _chart(spots: list[Spot]) -> str:
    if not spots:
        return ""
    first = spots[0].project
    most_feasible = max(spots, key=lambda spot: (spot.feasibility.score, -spot.number))
    sentence = (
        f"Value against feasibility of {len(spots)} projects. The most valuable is {first.name}; "
        f"the most feasible is {most_feasible.project.name}."
    )
    drawn = [spot.bubble for spot in spots]
    return bubbles(drawn, x_title="Feasibility, of 100", y_title="Value a year, logarithmic", sentence=sentence)
