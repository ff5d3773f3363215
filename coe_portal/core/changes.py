"""What an entry of the audit trail says has changed, for readers."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator

from coe_portal.core.models import AuditEntry
from coe_portal.core.templatetags.coe_ui import day, deed

BOOKKEEPING = ("version", "updated_at")  # they change with everything and tell a reader nothing
SHORT = 60
Fact = tuple[str, str, str]


def moment(at: datetime) -> tuple[str, str, str]:
    """For programs, the day for people, and the time exact to the second."""
    local = timezone.localtime(at)
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", day(local.date()), f"{local:%H:%M:%S}"


def facts(entry: AuditEntry, objects: Mapping[str, str] | None = None) -> list[Fact]:
    """Name, before and after of each fact; nothing before means new.

    Args:
        objects: names of objects whose keys stand in entries, by key.
    """
    before, after = entry.before or {}, entry.after or {}
    if objects:
        before, after = _named(before, objects), _named(after, objects)
    names = [name for name in {**before, **after} if name not in BOOKKEEPING]
    return [(deed(name), _plain(before.get(name)), _plain(after.get(name)) or "nothing") for name in names]


def _named(value: Any, objects: Mapping[str, str]) -> Any:
    """The value with the names of objects before their keys, which an auditor needs when a name was given again."""
    if isinstance(value, dict):
        return {name: _named(inner, objects) for name, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner, objects) for inner in value]
    return f"{objects[value]} ({value})" if isinstance(value, str) and value in objects else value


def short(text: str) -> str:
    """The beginning of a long text."""
    return Truncator(text).chars(SHORT) if len(text) > SHORT else text


def _plain(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(str(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
