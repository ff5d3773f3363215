"""The portfolio as a board: one column a stage, the most valuable projects first."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum

from coe_portal.core.models import User
from coe_portal.pages.portfolio import FUNNEL, spent_by
from projects.models import Project, Stage
from projects.models.project import ProjectQuerySet

SHOWN_CARDS = 8
BY_VALUE = F("value_per_year").desc(nulls_last=True)
COLUMNS = (*FUNNEL, Stage.DEFERRED)
# From these stages a team asks for the next gate; from the others something else comes first.
ADVANCING = (Stage.POC, Stage.PRODUCTION_READY)


@dataclass(frozen=True)
class Card:
    """One project on the board; ``may_ask`` when the reader may ask for its next gate here."""

    project: Project
    spent: Decimal
    may_ask: bool


@dataclass(frozen=True)
class Column:
    """One stage: all its projects are counted, the most valuable ones are shown."""

    code: str
    title: str
    projects: int
    value: Decimal
    cards: list[Card] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many projects are not shown."""
        return self.projects - len(self.cards)


def board_of(user: User, found: ProjectQuerySet) -> list[Column]:
    """The columns over these projects, in four queries whatever their number. Nobody is deferred: no such column."""
    counted = {row["stage"]: row for row in _counted(found)}
    shown = _shown(found, [stage for stage in COLUMNS if stage in counted])
    spent, mine = spent_by(shown), _own(user, shown)
    cards: dict[str, list[Card]] = {}
    for project in shown:
        may_ask = project.stage in ADVANCING and (user.is_lead or project.pk in mine)
        cards.setdefault(project.stage, []).append(Card(project, spent.get(project.pk, Decimal(0)), may_ask))
    stages = [stage for stage in COLUMNS if stage != Stage.DEFERRED or stage in counted]
    return [_column(stage, counted.get(stage.value, {}), cards.get(stage.value, [])) for stage in stages]


def _counted(found: ProjectQuerySet) -> Any:
    return found.order_by().values("stage").annotate(number=Count("pk"), value=Sum("value_per_year"))


def _shown(found: ProjectQuerySet, stages: list[Stage]) -> list[Project]:
    """The top of each column in one query: each part is a short walk, so that 10,000 projects cost little more."""
    parts = [found.filter(stage=stage).order_by(BY_VALUE, "-pk")[:SHOWN_CARDS] for stage in stages]
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0] if parts else found.none()
    return sorted(rows, key=lambda project: (-(project.value_per_year or Decimal(0)), -project.pk))


def _own(user: User, shown: list[Project]) -> set[int]:
    keys = [project.pk for project in shown if project.stage in ADVANCING]
    if user.is_lead or not keys:
        return set()
    return set(Project.objects.filter(pk__in=keys).filter(pk__in=Project.keys_of(user)).values_list("pk", flat=True))


def _column(stage: Stage, counted: Any, cards: list[Card]) -> Column:
    return Column(stage.value, str(stage.label), counted.get("number", 0), counted.get("value") or Decimal(0), cards)
