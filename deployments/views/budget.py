"""What is left of a project's POC budget, day by day, against an even plan."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from coe_portal.core.charts.lines import Line, Mark, Plot, draw, number_ticks
from coe_portal.core.htmx import render_page
from coe_portal.core.sessions import signed_in
from coe_portal.core.templatetags.coe_ui import day
from deployments import costs
from deployments.models import FINAL_STATES, Run
from deployments.views.lists import visible_project
from projects.models import Project

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Spending:
    """A budget in its timebox. ``by_day`` is what the runs launched on a day took or may still take."""

    budget: Decimal
    starts_on: date
    ends_on: date
    today: date
    by_day: tuple[tuple[date, Decimal], ...]
    currency: str

    @property
    def spent(self) -> Decimal:
        return sum((amount for _, amount in self.by_day), Decimal(0))

    @property
    def left(self) -> Decimal:
        return self.budget - self.spent

    @property
    def at_the_end(self) -> Decimal | None:
        """What is left at the end if spending goes on at the mean pace; None before the first week is over."""
        passed = (min(self.today, self.ends_on) - self.starts_on).days
        if passed < 7:
            return None
        return max(Decimal(0), self.budget - self.spent * (self.ends_on - self.starts_on).days / passed)

    @property
    def sentence(self) -> str:
        told = f"{self.money(self.left)} of {self.money(self.budget)} is left on {day(self.today)}"
        ahead = self.at_the_end
        return (
            told if ahead is None else f"{told}; at this pace {self.money(ahead)} will be left on {day(self.ends_on)}"
        )

    def money(self, amount: Decimal) -> str:
        return costs.money(amount, self.currency)


@require_GET
def project_budget(request: HttpRequest, key: str) -> HttpResponse:
    """The card of the project's page, or a page of its own."""
    project = visible_project(signed_in(request), key)
    spending = spending_of(project, timezone.localdate())
    context: dict[str, Any] = {"project": project, "spending": spending}
    if spending is not None:
        context |= {
            "chart": chart_of(spending),
            "rows": rows_of(spending),
            "share": 100 * spending.spent / spending.budget,
        }
        context |= {"spent": spending.money(spending.spent), "left": spending.money(spending.left)}
        context["budget"] = spending.money(spending.budget)
    return render_page(request, "deployments/project_budget.html", context, partial="panel")


def spending_of(project: Project, today: date) -> Spending | None:
    """The project's spending, or None while it has no budget or no dates."""
    if project.poc_budget is None or project.poc_starts_on is None or project.poc_ends_on is None:
        return None
    rows = Run.objects.filter(project=project).annotate(on=TruncDate("created_at")).order_by("id")
    taken: dict[date, Decimal] = {}
    for on, state, arn, cost, worst in rows.values_list("on", "state", "arn", "cost", "worst_case"):
        never_started = state in FINAL_STATES and not arn
        amount = Decimal(0) if never_started else worst if cost is None else cost
        taken[on] = taken.get(on, Decimal(0)) + amount
    by_day = tuple(sorted(taken.items()))
    return Spending(
        Decimal(project.poc_budget), project.poc_starts_on, project.poc_ends_on, today, by_day, project.currency
    )


def rows_of(spending: Spending) -> list[tuple[str, str, str]]:
    """Day, what its runs took, what was left: the table beside the chart."""
    left, rows = spending.budget, [(day(spending.starts_on), "", spending.money(spending.budget))]
    for on, amount in spending.by_day:
        left -= amount
        rows.append((day(on), spending.money(amount), spending.money(left)))
    return rows


def chart_of(spending: Spending) -> Any:
    """Actual as a line, the forecast dashed, the even plan in grey."""
    last = float((spending.ends_on - spending.starts_on).days)
    now = float((spending.today - spending.starts_on).days)
    sign = spending.money(Decimal(0)).rstrip("0.")
    ticks = [(value, f"{sign}{text}") for value, text in number_ticks([0.0, float(spending.budget)]) if value >= 0]
    lines = [Line("Actual", _actual(spending, min(max(now, 0.0), last)), "s1")]
    ahead = spending.at_the_end
    if ahead is not None and now < last:
        lines.append(Line("Forecast", ((now, float(spending.left)), (last, float(ahead))), "s1 ahead", dot=False))
    lines.append(Line("Plan", ((0.0, float(spending.budget)), (last, 0.0)), "plan", dot=False))
    marks = (Mark(now, "Today"),) if 0 < now < last else ()
    half = spending.starts_on + timedelta(days=int(last / 2))
    words = ((0.0, _short(spending.starts_on)), (last / 2, _short(half)), (last, f"Gate {_short(spending.ends_on)}"))
    return draw(Plot(spending.sentence, lines, words, marks=marks, ticks=ticks))


def _actual(spending: Spending, until: float) -> tuple[tuple[float, float], ...]:
    left, points = spending.budget, [(0.0, float(spending.budget))]
    for on, amount in spending.by_day:
        at = min(max(float((on - spending.starts_on).days), 0.0), until)
        points.append((at, float(left)))
        left -= amount
        points.append((at, float(left)))
    return (*points, (until, float(left)))


def _short(on: date) -> str:
    return f"{on.day} {on:%b}"
