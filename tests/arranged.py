"""What many tests begin with, arranged through the services now and then, and copied in between.

``@once`` stands before a function that arranges something. When a test asks for it, and all that the database holds are
arrangements asked for in the same order before, the rows are put there with one statement instead of hundreds: a copy
costs a twentieth. Whoever has written anything else gets what the services do, as if nothing stood before the function.
"""

import itertools
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, wraps
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from coe_portal.core import kept

SECONDS = 60.0  # so old are the moments in a copy at the most; afterwards the services arrange it anew
NEVER_WRITTEN = {"django_migrations", "django_content_type", "auth_permission"}
_READS = re.compile(r"[\s(]*(SELECT|SAVEPOINT|RELEASE|SET|SHOW)\b", re.IGNORECASE)
_SIGNS_IN = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) "django_session"|UPDATE "core_user" SET "last_login"')

Rows = set[tuple[str, str]]  # a table's name and one of its rows as JSON
# Arrangements in their order, each with the number of the time that the services made it: rows refer to their ids.
Asked = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class _Copy:
    """What an arrangement added and took away, and what it returned."""

    number: int
    made: float
    gained: Rows
    lost: Rows
    result: Any


class _Test:
    """What the test that runs has asked for, and how often it wrote to the database."""

    writes = 0
    writes_of_arrangements = 0
    asked: Asked = ()


_copies: dict[tuple[Asked, str], _Copy] = {}
_how_often: Counter[tuple[str, ...]] = Counter()
_numbers = itertools.count()


def begin() -> None:
    """A test begins, with a database that holds nothing."""
    _Test.writes, _Test.writes_of_arrangements, _Test.asked = 0, 0, ()
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


def _count(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if not _READS.match(str(sql)) and not _SIGNS_IN.match(str(sql)):
        _Test.writes += 1  # what is rolled back counts too: nobody knows what is left
    return execute(sql, params, many, context)


def once[**P, R](build: Callable[P, R]) -> Callable[P, R]:
    """Copy what the function arranged for an earlier test, where that is the same."""

    @wraps(build)
    def arrange(*args: P.args, **given: P.kwargs) -> R:
        if not _is_known():
            return build(*args, **given)
        before, name = _Test.asked, f"{build.__qualname__} {args} {sorted(given.items())}"
        copy = _copies.get((before, name))
        if copy is not None and time.monotonic() - copy.made < SECONDS:
            _put(copy)
            number, result = copy.number, _fetched(copy.result)
        else:
            number, result = _built(before, name, lambda: build(*args, **given))
        _Test.asked, _Test.writes_of_arrangements = (*before, (name, number)), _Test.writes
        return result  # type: ignore[no-any-return]

    return arrange


@contextmanager
def beside() -> Iterator[None]:
    """What is written inside concerns no later arrangement, such as an address that is another in every test."""
    known = _is_known()
    yield
    if known:
        _Test.writes_of_arrangements = _Test.writes


def _is_known() -> bool:
    """The test runs in a transaction of its own and has written nothing besides arrangements, at the time it is."""
    if not connection.in_atomic_block or _Test.writes != _Test.writes_of_arrangements:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return abs(timezone.now() - cursor.fetchone()[0]) < timedelta(seconds=5)


def _built(asked: Asked, name: str, build: Callable[[], Any]) -> tuple[int, Any]:
    """The services arrange it. Kept from the second time on: most are asked for once, and to look at rows is dear."""
    number, names = next(_numbers), (*(each for each, _ in asked), name)
    _how_often[names] += 1
    if _how_often[names] == 1:
        return number, build()
    before, result = _rows(), build()
    after = _rows()
    _copies[asked, name] = _Copy(number, time.monotonic(), after - before, before - after, _referred(result))
    return number, result


@cache
def _columns() -> dict[str, str]:
    """Every table and those of its columns that are written."""
    statement = (
        "SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "JOIN information_schema.tables USING (table_schema, table_name) "
        "WHERE table_schema = current_schema AND table_type = 'BASE TABLE' AND is_generated = 'NEVER' "
        "GROUP BY table_name"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {table: columns for table, columns in cursor.fetchall() if table not in NEVER_WRITTEN}


def _rows() -> Rows:
    each = (f"SELECT '{table}', to_jsonb(t)::text FROM \"{table}\" AS t" for table in _columns())  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return set(cursor.fetchall())


def _put(copy: _Copy) -> None:
    """Take away and add the rows; foreign keys are looked at when the test ends."""
    statements, values = [], []
    for table, rows in _by_table(copy.lost).items():
        statements.append(f'DELETE FROM "{table}" AS t WHERE to_jsonb(t)::text = ANY(%s)')  # noqa: S608
        values.append(rows)
    for table, rows in _by_table(copy.gained).items():
        columns = _columns()[table]
        source = f'json_populate_recordset(NULL::"{table}", %s::json)'
        statements.append(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM {source}')  # noqa: S608
        values.append(f"[{','.join(rows)}]")
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(";".join(statements), values)
    kept.changed()


def _by_table(rows: Rows) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for table, row in rows:
        found[table].append(row)
    return found


@dataclass(frozen=True)
class _Reference:
    kind: type[Model]
    pk: Any


def _referred(value: Any) -> Any:
    """The value with references in the place of rows, which a later test reads anew."""
    if isinstance(value, Model):
        return _Reference(type(value), value.pk)
    if isinstance(value, dict):
        return {name: _referred(each) for name, each in value.items()}
    return json.loads(json.dumps(value))  # else it is plain data, or this is no arrangement to copy


def _fetched(value: Any) -> Any:
    if isinstance(value, dict):
        kinds = {each.kind for each in value.values() if isinstance(each, _Reference)}
        found = {kind: kind._base_manager.in_bulk(_keys(value, kind)) for kind in kinds}
        return {
            name: found[each.kind][each.pk] if isinstance(each, _Reference) else _fetched(each)
            for name, each in value.items()
        }
    return value.kind._base_manager.get(pk=value.pk) if isinstance(value, _Reference) else value


def _keys(value: dict[str, Any], kind: type[Model]) -> list[Any]:
    return [each.pk for each in value.values() if isinstance(each, _Reference) and each.kind is kind]
