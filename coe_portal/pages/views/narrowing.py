"""What narrows a list, as chips that take themselves away."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict


@dataclass(frozen=True)
class Chip:
    """One filter in force; ``query`` is the address's query string without it."""

    label: str
    text: str
    query: str


def without(query: QueryDict, *names: str) -> str:
    """The query string without some parameters; the cursor never survives a change of the list."""
    kept = query.copy()
    for name in (*names, "cursor"):
        kept.pop(name, None)
    return kept.urlencode()


def chips(form: Any, query: QueryDict) -> list[Chip]:
    """One chip for every value of the form's fields that the address holds."""
    return [
        Chip(str(field.label), _words(field.field, value), _without_value(query, field.name, value))
        for field in form
        for value in query.getlist(field.name)
        if value
    ]


def _words(field: Any, value: str) -> str:
    choices = ((str(code), str(label)) for code, label in getattr(field, "choices", ()))
    return next((label for code, label in choices if code == value), value)


def _without_value(query: QueryDict, name: str, value: str) -> str:
    kept = query.copy()
    kept.setlist(name, [each for each in query.getlist(name) if each != value])
    return without(kept)
