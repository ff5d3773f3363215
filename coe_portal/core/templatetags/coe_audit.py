"""Cells of the audit trail. A page has fifty of each, so they are made here and not by loops in a template."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from coe_portal.core.models import AuditEntry
from coe_portal.core.templatetags.coe_ui import day, deed

register = template.Library()
BOOKKEEPING = ("version", "updated_at")  # they change with everything and tell a reader nothing
SHOWN_AT_ONCE, SHORT = 3, 60
Fact = tuple[str, str, str]


@register.filter
def moment(at: datetime) -> SafeString:
    """The day above the time, exact to the second. Usage: {{ entry.at|moment }}"""
    iso, local = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", timezone.localtime(at)
    return format_html('<time datetime="{}">{}<div class="subl">{}</div></time>', iso, day(at), f"{local:%H:%M:%S}")


@register.filter
def change(entry: AuditEntry, objects: Mapping[str, str] | None = None) -> SafeString:
    """What an entry says has changed: a few facts as lines, more behind their number.

    Usage: {{ entry|change:objects }}, where ``objects`` gives the names of objects whose keys stand in entries.
    """
    facts = _facts(entry, objects or {})
    if len(facts) <= SHOWN_AT_ONCE:
        short = ((name, _short(before), _short(after)) for name, before, after in facts)
        lines = ((name, _turned(*states)) for name, *states in short)
        return format_html_join("", '<div><span class="subl">{}:</span> {}</div>', lines)
    rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((name, _turned(*states)) for name, *states in facts))
    return format_html('<details><summary>{} facts</summary><dl class="kv">{}</dl></details>', len(facts), rows)


def _facts(entry: AuditEntry, objects: Mapping[str, str]) -> list[Fact]:
    """Name, before and after; nothing before means new."""
    before, after = entry.before or {}, entry.after or {}
    names = [name for name in {**before, **after} if name not in BOOKKEEPING]
    sides = ((name, _named(before.get(name), objects), _named(after.get(name), objects)) for name in names)
    return [(deed(name), _plain(old), _plain(new)) for name, old, new in sides]


def _named(value: Any, objects: Mapping[str, str]) -> Any:
    """The value with the names of objects before their keys, which an auditor needs when a name was given again."""
    if isinstance(value, dict):
        return {name: _named(inner, objects) for name, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner, objects) for inner in value]
    return f"{objects[value]} ({value})" if isinstance(value, str) and value in objects else value


def _turned(before: str, after: str) -> str:
    return format_html("<del>{}</del> → {}", before, after or "nothing") if before else after or "nothing"


def _short(text: str) -> str:
    return Truncator(text).chars(SHORT) if len(text) > SHORT else text


def _plain(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(str(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
