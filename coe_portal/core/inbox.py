"""What waits for a person: decisions and tasks. Higher apps add theirs; the kernel only puts them together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import QuerySet

from coe_portal.core import kept, menu
from coe_portal.core.models import User


@dataclass(frozen=True)
class Task:
    """Something to see to that is no decision: what, why, and the page where it is done."""

    title: str
    why: str
    url: str
    button: str
    place: str = ""
    kind: str = "Task"
    icon: str = "checkbox"
    due_on: date | None = None


Rows = Callable[[User], "QuerySet[Any]"]
Tasks = Callable[[list[int]], list[Task]]
_tasks: dict[str, Tasks | None] = {}


def register(name: str, rows: Rows, tasks: Tasks | None = None) -> None:
    """Add what waits for a person under ``name``; called once by an app's ``ready``.

    Args:
        rows: what waits; its number is in the sidebar and for programs.
        tasks: makes tasks that stand beside the decisions, given the primary keys; each app limits how many.
    """
    kept.register(_fact(name), lambda user: ArraySubquery(rows(user).order_by().values("pk")))
    _tasks[name] = tasks


def keys(user: User, name: str) -> list[int]:
    """Primary keys of what waits for this person under ``name``."""
    return kept.facts(user)[_fact(name)] or []


def counts(user: User) -> dict[str, int]:
    """How much waits for this person, by what it is."""
    return {name: len(keys(user, name)) for name in _tasks}


def count(user: User) -> int:
    """How much waits for this person in all, as the sidebar says it."""
    return sum(counts(user).values())


def tasks(user: User) -> list[Task]:
    """Every task of this person, those with a day first."""
    waiting = [(give, keys(user, name)) for name, give in _tasks.items() if give]
    found = [task for give, some in waiting if some for task in give(some)]
    return sorted(found, key=lambda task: task.due_on or date.max)


def _fact(name: str) -> str:
    return f"inbox: {name}"


menu.register_number("inbox", count)
