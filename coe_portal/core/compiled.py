"""Rows of long lists and the frame of every page: templates that are compiled to Python, in ``templates/jinja2``.

A page has fifty of the same row, and Django's own templates need longer for them than the database does.
``{% compiled %}`` draws one with exactly what it is handed.
"""

from functools import cache, lru_cache
from typing import Any

from django.db.models import Model
from django.templatetags.static import static
from jinja2 import BaseLoader, Environment, StrictUndefined

from coe_portal.core import changes
from coe_portal.core.addresses import path_to
from coe_portal.core.templatetags import coe_charts, coe_ui

PIECES = (coe_charts.bar, coe_charts.mini_journey, coe_ui.avatar, coe_ui.chip, coe_ui.icon)
WORDS = (changes.facts, changes.moment, changes.short, coe_ui.day, coe_ui.deed, coe_ui.money, coe_ui.when)


@lru_cache(maxsize=64)
def file(path: str) -> str:
    """The address of a static file, with its hash; it stays the same while a process runs."""
    return static(path)


def label(row: Model, field: str) -> str:
    """The word for a field with choices, as ``get_FIELD_display`` says it."""
    value = getattr(row, field)
    return _labels(type(row), field).get(value, str(value))


@cache
def _labels(model: type[Model], field: str) -> dict[Any, str]:
    column: Any = model._meta.get_field(field)
    return {value: str(word) for value, word in column.flatchoices}


def environment(*, loader: BaseLoader, auto_reload: bool, **_: Any) -> Environment:
    """What these templates may use: the pieces of the others under the same names; an unknown name is an error."""
    made = Environment(
        loader=loader, auto_reload=auto_reload, autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.globals |= {piece.__name__: piece for piece in (*PIECES, file, path_to)}
    made.filters |= {word.__name__: word for word in (*WORDS, label)}
    return made
