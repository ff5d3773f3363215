"""Keyset paging: the cost of a page does not grow with its number.

Used by the API's pagination class and by the HTML lists, so both turn pages the same way.
"""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime

from coe_portal.core.errors import InvalidInput


@dataclass(frozen=True)
class Page:
    """One page of rows and the cursors to its neighbours; an empty cursor means that there is none."""

    rows: list[Any]
    next_cursor: str
    previous_cursor: str


def keyset_page(queryset: QuerySet[Any], *, ordering: str, cursor: str, size: int) -> Page:
    """Cut one page out of ``queryset``.

    Args:
        ordering: a non-null field of the model, ``-`` in front for descending; the primary key breaks ties.
        cursor: what an earlier page gave as next or previous; empty for the first page.
        size: rows on the page.

    Raises:
        InvalidInput: the cursor was not made for this ordering.
    """
    field, descending = ordering.lstrip("-"), ordering.startswith("-")
    backwards, position = _decode(cursor, ordering, queryset.model) if cursor else (False, None)
    falling = descending != backwards
    if position is not None:
        queryset = queryset.filter(_beyond(field, falling, *position))
    sign = "-" if falling else ""
    keys = [f"{sign}{field}"] + ([f"{sign}pk"] if field not in _pk_names(queryset.model) else [])
    rows = list(queryset.order_by(*keys)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_next, has_previous = (bool(rows), more) if backwards else (more, position is not None)
    return Page(
        rows,
        _encode(rows[-1], field, ordering, backwards=False) if has_next and rows else "",
        _encode(rows[0], field, ordering, backwards=True) if has_previous and rows else "",
    )


def _pk_names(model: type[Model]) -> set[str]:
    return {"pk", model._meta.pk.name}


def _beyond(field: str, falling: bool, value: Any, pk: Any) -> Q:
    past = "lt" if falling else "gt"
    if pk is None:
        return Q(**{f"{field}__{past}": value})
    return Q(**{f"{field}__{past}e": value}) & (Q(**{f"{field}__{past}": value}) | Q(**{f"pk__{past}": pk}))


def _value(row: Any, field: str) -> Any:
    return row[field] if isinstance(row, dict) else getattr(row, field)


def _encode(row: Any, field: str, ordering: str, *, backwards: bool) -> str:
    value = _value(row, field)
    model_pk = row.get("pk", row.get("id")) if isinstance(row, dict) else row.pk
    if isinstance(value, datetime | date):
        value = value.isoformat()
    elif isinstance(value, Decimal):
        value = str(value)
    raw = json.dumps([ordering, backwards, value, model_pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _decode(cursor: str, ordering: str, model: type[Model]) -> tuple[bool, tuple[Any, Any]]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        made_for, backwards, value, pk = json.loads(raw)
        if made_for != ordering or not isinstance(backwards, bool) or "\x00" in f"{value}{pk}":
            raise ValueError(made_for)
        field = ordering.lstrip("-")
        pk = model._meta.pk.to_python(pk)
        value = _to_python(model, field, value)
    except Exception:
        raise InvalidInput(
            {"cursor": ["This cursor belongs to another list or order. Start at the first page."]}
        ) from None
    return backwards, (value, None if field in _pk_names(model) else pk)


def _to_python(model: type[Model], field: str, value: Any) -> Any:
    if field == "pk":
        return model._meta.pk.to_python(value)
    known = {f.name: f for f in model._meta.concrete_fields}
    if field in known:
        return known[field].to_python(value)
    return (parse_datetime(value) or value) if isinstance(value, str) else value
