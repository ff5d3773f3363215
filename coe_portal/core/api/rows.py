"""Long lists by a serializer's own fields, without what REST framework does again for every value.

The fields are read once for each list; every row is then a walk over ready functions. What is out of the ordinary (a
default, a value that is missing, a callable, a mapping) is left to the field itself, so the result is the same.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Manager
from rest_framework import serializers
from rest_framework.fields import SkipField

Reader = Callable[[Any], Any]
# Values that are of the right type already, as a row of the database gives them, need no conversion.
_AS_THEY_ARE: dict[type[serializers.Field], type] = {
    serializers.CharField: str,
    serializers.IntegerField: int,
    serializers.BooleanField: bool,
}


def represent_all(serializer: serializers.BaseSerializer[Any], rows: Iterable[Any]) -> list[Any]:
    """The same as ``serializer(rows, many=True).data``, several times faster."""
    represent = _representation(serializer)
    return [represent(row) for row in rows]


def _representation(serializer: serializers.BaseSerializer[Any]) -> Reader:
    plain = serializers.Serializer.to_representation
    if not isinstance(serializer, serializers.Serializer) or type(serializer).to_representation is not plain:
        return serializer.to_representation
    readers = [(name, _reader(field)) for name, field in serializer.fields.items() if not field.write_only]

    def represent(row: Any) -> dict[str, Any]:
        data = {}
        for name, read in readers:
            try:
                data[name] = read(row)
            except SkipField:
                continue
        return data

    return represent


def _reader(field: Any) -> Reader:
    """The function that gets the field's value out of a row and makes it plain."""
    if isinstance(field, serializers.SerializerMethodField):
        method: Reader = getattr(field.parent, field.method_name or "")
        return method
    get, convert = _getter(field), _converter(field)
    as_it_is = _AS_THEY_ARE.get(type(field))

    def read(row: Any) -> Any:
        value = get(row)
        return value if value is None or type(value) is as_it_is else convert(value)

    return read


def _converter(field: Any) -> Reader:
    if isinstance(field, serializers.ListSerializer) and isinstance(field.child, serializers.BaseSerializer):
        represent = _representation(field.child)
        return lambda rows: [represent(row) for row in (rows.all() if isinstance(rows, Manager) else rows)]
    if isinstance(field, serializers.BaseSerializer):
        return _representation(field)
    convert: Reader = field.to_representation
    return convert


def _getter(field: Any) -> Reader:
    own = type(field).get_attribute is not serializers.Field.get_attribute
    if own or field.source == "*":
        ordinary: Reader = field.get_attribute
        return ordinary
    attribute = attrgetter(field.source)

    def get(row: Any) -> Any:
        try:
            value = attribute(row)
        except (AttributeError, ObjectDoesNotExist):
            return field.get_attribute(row)
        return field.get_attribute(row) if callable(value) and not isinstance(value, Manager) else value

    return get
