"""Value against feasibility: where every project stands, with its risk and what it has cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean

from django.db.models import F

from coe_portal.core.charts.bubbles import Bubble
from coe_portal.pages.portfolio import spent_by
from governance.models import Review
from projects.models import Criterion, Project, RiskTier
from projects.models.project import ProjectQuerySet

BY_VALUE = F("value_per_year").desc(nulls_last=True)
MOST_SHOWN = 60
# Four rings can be told apart; the table has the tier's own word.
RINGS: dict[str, str] = {
    RiskTier.UNACCEPTABLE: "high",
    RiskTier.HIGH: "high",
    RiskTier.MEDIUM: "medium",
    RiskTier.LIMITED: "medium",
    RiskTier.LOW: "low",
    RiskTier.MINIMAL: "low",
}


@dataclass(frozen=True)
class Feasibility:
    """How feasible a project is, 0 to 100: said by reviewers, or an estimate from the answers."""

    score: int
    is_estimate: bool


def feasibility_of(projects: Sequence[Project]) -> dict[int, Feasibility]:
    """By primary key: what reviewers of the newest scored revision say, else what the answers promise. Two queries."""
    return from_answers(projects) | from_reviews(projects)


def from_reviews(projects: Sequence[Project]) -> dict[int, Feasibility]:
    """The mean of the scores from 1 to 5, as 0 to 100; projects that nobody scored are left out."""
    scores: dict[int, tuple[int, list[int]]] = {}
    said = Review.objects.filter(project__in=[project.pk for project in projects]).order_by("revision")
    for project_id, revision, score in said.values_list("project", "revision", "scores__feasibility"):
        newest, given = scores.get(project_id, (revision, []))
        scores[project_id] = (revision, [*given, score] if newest == revision else [score])
    return {key: Feasibility(round((fmean(given) - 1) * 25), is_estimate=False) for key, (_, given) in scores.items()}


def from_answers(projects: Sequence[Project]) -> dict[int, Feasibility]:
    """As long as nobody scores feasibility: half the readiness of the answers, half the labelled share of the data.

    Both are percentages; data without a labelled share counts as unlabelled. One query.
    """
    said = Criterion.objects.filter(project__in=[project.pk for project in projects], code="data")
    labelled = dict(said.values_list("project", "answer__labelled_share"))
    return {
        project.pk: Feasibility(
            _half_each(project.readiness.get("score", 0), labelled.get(project.pk)), is_estimate=True
        )
        for project in projects
    }


def _half_each(readiness: int, labelled: float | None) -> int:
    return round((readiness + (labelled or 0)) / 2)


@dataclass(frozen=True)
class Spot:
    """One numbered project of the matrix."""

    number: int
    project: Project
    feasibility: Feasibility
    spent: Decimal

    @property
    def bubble(self) -> Bubble:
        """The circle that stands for it: its ring is the risk tier, its area the spend."""
        value = float(self.project.value_per_year or 0)
        kind = f"risk-{RINGS.get(self.project.risk_tier, 'unknown')}"
        return Bubble(self.number, self.feasibility.score, value, float(self.spent), kind)


def spots_of(found: ProjectQuerySet) -> list[Spot]:
    """The most valuable of these projects that have a value, numbered by it."""
    projects = list(found.filter(value_per_year__gt=0).order_by(BY_VALUE, "-pk")[:MOST_SHOWN])
    spent, feasible = spent_by(projects), feasibility_of(projects)
    return [
        Spot(number, project, feasible[project.pk], spent.get(project.pk, Decimal(0)))
        for number, project in enumerate(projects, 1)
    ]
