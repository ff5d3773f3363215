"""What projects use and reach: known to the app above, which registers how to ask."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from django.db.models import OuterRef, Value
from django.db.models.functions import Coalesce

from coe_portal.core.fields import MoneyField
from projects.models import Project


@dataclass(frozen=True)
class Spent:
    """Money in the project's currency: ``committed`` may still be spent, ``accrued`` is spent."""

    committed: Decimal = Decimal(0)
    accrued: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return self.committed + self.accrued


@dataclass(frozen=True)
class Achievement:
    """The best that was reached of the success metric, in words, and whether it meets the target."""

    says: str
    is_met: bool
    url: str = ""


@dataclass(frozen=True)
class Source:
    """Where the facts come from.

    Attributes:
        spent: what each of these projects (by primary key) has spent, with one query.
        total: the same for one project, as a part of another query; it is given the reference to the project's row.
        achieved: the best that a project has reached; None when nothing is measured yet.
        running: how much of a project is going on and would be asked to stop with it.
    """

    spent: Callable[[Collection[int]], Mapping[int, Spent]]
    total: Callable[[OuterRef], Any]
    achieved: Callable[[Project], Achievement | None]
    running: Callable[[Project], int] = lambda project: 0


_sources: list[Source] = []


def register(source: Source) -> None:
    """Add a source; called once by an app's ``ready``."""
    _sources.append(source)


def spent_by(project_ids: Collection[int]) -> dict[int, Spent]:
    """What each of these projects has spent; what no source knows of has spent nothing."""
    found = dict.fromkeys(project_ids, Spent())
    for source in _sources:
        for project_id, more in source.spent(project_ids).items():
            known = found[project_id]
            found[project_id] = Spent(known.committed + more.committed, known.accrued + more.accrued)
    return found


def total_of(project: OuterRef) -> Any:
    """What the project of the outer query has spent in all, as a part of that query."""
    nothing = Value(Decimal(0), output_field=MoneyField())
    totals = [Coalesce(source.total(project), nothing, output_field=MoneyField()) for source in _sources]
    return reduce(add, totals, nothing)


def achievement_of(project: Project) -> Achievement | None:
    """The best that the project has reached, from the first source that knows."""
    return next((found for source in _sources if (found := source.achieved(project))), None)


def running_of(project: Project) -> int:
    """How many runs of the project are going on; they are asked to stop when it ends."""
    return sum(source.running(project) for source in _sources)
