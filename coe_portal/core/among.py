"""Many primary keys as one parameter: preparing a long ``IN`` list costs more than answering it."""

from collections.abc import Collection

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Func, Value


def among(keys: Collection[int]) -> Func:
    """For ``pk__in``: the keys as a subquery over one array."""
    array = Value(list(keys), output_field=ArrayField(BigIntegerField()))
    return Func(array, template="(SELECT unnest(%(expressions)s))", output_field=BigIntegerField())
