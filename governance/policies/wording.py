"""Structured answers in words that an approver can read. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from projects.checklists import fields_of


@dataclass(frozen=True)
class Fact:
    """One line for people: what it is about, what it says now and, where that helps, what it said before."""

    label: str
    text: str
    before: str = ""


def facts_of(schema: Mapping[str, Any], answer: Mapping[str, Any], names: Mapping[str, str]) -> list[Fact]:
    """The answered fields in the order of the schema, with its titles.

    Args:
        names: what usernames and keys of data sets mean.
    """
    return [
        Fact(str(field.get("title", name)), words(answer[name], names if is_named(field) else {}))
        for name, field in fields_of(schema)
        if name in answer
    ]


def is_named(field: Mapping[str, Any]) -> bool:
    """Whether a field holds usernames or keys of data sets, which mean a name, and not words."""
    return field.get("format") == "username" or field.get("items", {}).get("format") == "dataset"


def words(value: Any, names: Mapping[str, str] | None = None) -> str:
    """One value as text: dates as days, numbers with thousands, codes without underscores, lists with commas."""
    if value is None or value == "" or value == [] or value == {}:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return "; ".join(f"{words(str(key), names)}: {words(item, names)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(words(item, names) for item in value)
    return _text(str(value), names or {})


def _text(value: str, names: Mapping[str, str]) -> str:
    if value in names:
        return names[value]
    try:
        day = date.fromisoformat(value) if len(value) == 10 else None
    except ValueError:
        day = None
    if day:
        return f"{day.day} {day:%B %Y}"
    is_code = value.replace("_", "").isalnum() and value.islower() and "_" in value
    return value.replace("_", " ") if is_code else value


def place(path: tuple[str, ...], titles: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Where a difference stands, in words; ``titles`` holds the titles of dotted paths."""
    whole = ".".join(path)
    if whole in titles:
        return titles[whole]
    return ", ".join(titles.get(part, words(part, names)) for part in path).capitalize()


def condition_words(when: Mapping[str, Any]) -> str:
    """When a rule applies, for people; empty for always."""
    parts = []
    for name, wanted in when.items():
        if name == "amount":
            limits = [
                f"{label} {words(wanted[key])}" for key, label in (("min", "from"), ("max", "to")) if key in wanted
            ]
            parts.append(f"the amount is {' '.join(limits)}")
        else:
            parts.append(f"the {words(name)} is {' or '.join(words(item) for item in wanted)}")
    return "only when " + " and ".join(parts) if parts else ""


def pointers_words(pointers: Iterable[Mapping[str, Any]], references: Iterable[Mapping[str, Any]]) -> str:
    """Where a criterion or a question comes from, source by source; empty for nowhere."""
    names = {source["code"]: source.get("short", source["title"]) for source in references}
    places: dict[str, list[str]] = {}
    for pointer in pointers:
        places.setdefault(names.get(pointer["to"], pointer["to"]), []).append(pointer["at"])
    return "; ".join(f"{name} {', '.join(found)}" for name, found in places.items())
