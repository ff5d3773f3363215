"""What waits for a person: decisions and tasks. Higher apps add theirs; the kernel only puts them together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

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


def register(name: str, counter: Counter) -> None:
    """Add a count under ``name``; called once by an app's ``ready``."""
    _counters[name] = counter


def register_tasks(name: str, tasks: Tasks) -> None:
    """Add tasks that stand in the inbox beside the decisions; each app limits how many it gives."""
    _tasks[name] = tasks


def counts(user: User) -> dict[str, int]:
    """Each registered count for this person."""
    return {name: counter(user) for name, counter in _counters.items()}


def tasks(user: User) -> list[Task]:
    """Every task of this person, those with a day first."""
    found = [task for give in _tasks.values() for task in give(user)]
    return sorted(found, key=lambda task: task.due_on or date.max)
