"""Facts about a person that pages show again and again: read with one query, kept until something is done.

To compose the conditions of all of them costs more than most pages do.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import transaction

from coe_portal.core.models import User

Column = Callable[[User], Any]
_columns: dict[str, Column] = {}
SECONDS = 5  # what only the clock changes is seen this late
_MARK_SECONDS = 60 * 60  # longer than any fact is kept
_CHANGED, _ON_THE_PERSON = "kept:changed", "kept_facts"


class _Process:
    """How often this process has changed something."""

    changes = 0


_here = _Process()


def register(name: str, column: Column) -> None:
    """Add a fact; called once by the app's ``ready``.

    Args:
        column: makes the expression, usually a subquery, that is read with the person's row.
    """
    _columns[name] = column


def facts(user: User) -> dict[str, Any]:
    """Every fact by name, the same all through one request unless the request itself changes something."""
    known = user.__dict__.get(_ON_THE_PERSON)
    if known is None or known[0] != _here.changes:
        known = user.__dict__[_ON_THE_PERSON] = (_here.changes, _kept(user))
    found: dict[str, Any] = known[1]
    return found


def changed() -> None:
    """Something was done that may concern anybody: everybody's facts are read anew, now and after the commit.

    Now, so that who did it sees it on this page; after the commit, because others read until then what was.
    """
    _here.changes += 1
    _mark()
    transaction.on_commit(_mark, robust=True)


def _kept(user: User) -> dict[str, Any]:
    found = cache.get_many([_CHANGED, _key(user)])
    mark, kept = found.get(_CHANGED), found.get(_key(user))
    if kept is not None and kept[0] == mark:
        return dict(kept[1])
    columns = [column(user) for column in _columns.values()]
    row = User.objects.filter(pk=user.pk).values_list(*columns).first()
    fresh = dict(zip(_columns, row or [None] * len(columns), strict=True))
    cache.set(_key(user), (mark, fresh), timeout=SECONDS)
    return fresh


def _mark() -> None:
    cache.set(_CHANGED, uuid.uuid4().hex, timeout=_MARK_SECONDS)


def _key(user: User) -> str:
    return f"kept:{user.pk}"
