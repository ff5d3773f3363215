"""Cells of the audit trail. A page has fifty of each with many facts: made here, with the plain `escape`."""

import json
from datetime import UTC, datetime
from html import escape
from typing import Any

from django import template
from django.utils import timezone
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
    return SafeString(f'<time datetime="{iso}">{day(at)}<div class="subl">{local:%H:%M:%S}</div></time>')


@register.filter
def change(entry: AuditEntry) -> SafeString:
    """What an entry says has changed: a few facts as lines, more behind their number. Usage: {{ entry|change }}"""
    facts = _facts(entry)
    if len(facts) <= SHOWN_AT_ONCE:
        short = ((name, _short(before), _short(after)) for name, before, after in facts)
        lines = (f'<div><span class="subl">{escape(name)}:</span> {_turned(*states)}</div>' for name, *states in short)
        return SafeString("".join(lines))
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{_turned(*states)}</dd>" for name, *states in facts)
    return SafeString(f'<details><summary>{len(facts)} facts</summary><dl class="kv">{rows}</dl></details>')


def _facts(entry: AuditEntry) -> list[Fact]:
    """Name, before and after; nothing before means new."""
    before, after = entry.before or {}, entry.after or {}
    names = [name for name in {**before, **after} if name not in BOOKKEEPING]
    return [(deed(name), _plain(before.get(name)), _plain(after.get(name))) for name in names]


def _turned(before: str, after: str) -> str:
    was = f"<del>{escape(before)}</del> → " if before else ""
    return f"{was}{escape(after) or 'nothing'}"


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
