"""Counts of what waits for a person. Higher apps add theirs; the kernel only adds them up."""

from collections.abc import Callable

from coe_portal.core.models import User

Counter = Callable[[User], int]
_counters: dict[str, Counter] = {}


def register(name: str, counter: Counter) -> None:
    """Add a count under ``name``; called once by an app's ``ready``."""
    _counters[name] = counter


def counts(user: User) -> dict[str, int]:
    """Each registered count for this person."""
    return {name: counter(user) for name, counter in _counters.items()}
