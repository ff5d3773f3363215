"""Model fields that every app shares."""

from typing import TYPE_CHECKING, Any

from django.db import models

from coe_portal.core.ids import ulid

if TYPE_CHECKING:
    TextColumn = models.CharField[str, str]
    DecimalColumn = models.DecimalField[Any, Any]
else:
    TextColumn, DecimalColumn = models.CharField, models.DecimalField


class UlidField(TextColumn):
    """Primary key that is safe to show: opaque, 26 characters, ordered by creation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"primary_key": True, "max_length": 26, "default": ulid, "editable": False}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for implied in ("primary_key", "max_length", "default", "editable"):
            kwargs.pop(implied, None)
        return name, path, args, kwargs


class MoneyField(DecimalColumn):
    """An amount in the currency named on the same row: up to 999 billion, kept to six decimals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"max_digits": 18, "decimal_places": 6}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_digits", None)
        kwargs.pop("decimal_places", None)
        return name, path, args, kwargs
