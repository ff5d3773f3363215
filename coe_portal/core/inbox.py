"""What waits for a person: decisions and tasks. Higher apps add theirs; the kernel only puts them together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from coe_portal.core.menu import Rows, number_of
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


Counter = Callable[[User], int]
Tasks = Callable[[User], list[Task]]
_counters: dict[str, Counter] = {}
_tasks: dict[str, Tasks] = {}
_task_rows: dict[str, Rows] = {}


def register(name: str, counter: Counter) -> None:
    """Add a count under ``name``; called once by an app's ``ready``."""
    _counters[name] = counter


def register_tasks(name: str, tasks: Tasks, rows: Rows | None = None) -> None:
    """Add tasks that stand in the inbox beside the decisions; each app limits how many it gives.

    Args:
        rows: what the tasks are made of; all of them are counted with one query, and only those that are there read.
    """
    _tasks[name] = tasks
    if rows is not None:
        _task_rows[name] = rows


def counts(user: User) -> dict[str, int]:
    """Each registered count for this person."""
    return {name: counter(user) for name, counter in _counters.items()}


def tasks(user: User) -> list[Task]:
    """Every task of this person, those with a day first."""
    return tasks_and_numbers(user)[0]


def tasks_and_numbers(user: User, *counted: "QuerySet[Any]") -> tuple[list[Task], list[int]]:
    """Every task of this person, and how many rows each of the querysets has: counted together, in one query."""
    asked = [*counted, *(rows(user) for rows in _task_rows.values())]
    found = User.objects.filter(pk=user.pk).values_list(*map(number_of, asked)).first() if asked else None
    numbers = list(found or [0] * len(asked))
    none = {name for name, number in zip(_task_rows, numbers[len(counted) :], strict=True) if not number}
    given = [task for name, give in _tasks.items() if name not in none for task in give(user)]
    return sorted(given, key=lambda task: task.due_on or date.max), numbers[: len(counted)]
