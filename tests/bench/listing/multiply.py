"""Many rows from one: the database copies a pattern row, so every column has a value that the product itself wrote."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Model


def multiply(pattern: Model, source: str, columns: Mapping[str, str], **parameters: Any) -> int:
    """Insert a copy of ``pattern`` for every row of ``source`` and return how many were made.

    Args:
        source: an SQL ``FROM`` item, such as ``generate_series(1, %(many)s) AS n``.
        columns: SQL expressions for the columns that differ; they may use ``source`` and ``pattern``, the copied row.
    """
    meta = pattern._meta
    names = [field.column for field in meta.concrete_fields]
    if not isinstance(pattern.pk, str) and meta.pk.column not in columns and not meta.pk.is_relation:
        names.remove(meta.pk.column)
    values = [columns.get(name, f'pattern."{name}"') for name in names]
    listed = ", ".join(f'"{name}"' for name in names)
    statement = (
        f'INSERT INTO "{meta.db_table}" ({listed}) SELECT {", ".join(values)} '  # noqa: S608 - our own words only
        f'FROM {source}, "{meta.db_table}" AS pattern WHERE pattern."{meta.pk.column}" = %(pattern)s'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters | {"pattern": pattern.pk})
        return int(cursor.rowcount)


def analyse() -> None:
    """Let the planner know the new sizes, as autovacuum does on a real portal."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
