"""The dated price table."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from deployments import permissions
from deployments.models import Component, Price

TABLE = Path(__file__).resolve().parent.parent / "prices" / "sagemaker.json"


@transaction.atomic
def load_table(path: Path = TABLE) -> int:
    """Add the prices of a table file that are not known yet. Returns how many were new; loading twice adds nothing.

    The file holds ``{"tables": [{region, currency, dated_on, source, component?, per_hour: {instance type: text}}]}``.
    """
    rows = [row for table in json.loads(path.read_text())["tables"] for row in _rows(table)]
    known = set(Price.objects.values_list("region", "component", "instance_type", "dated_on"))
    new = [row for row in rows if (row.region, row.component, row.instance_type, row.dated_on) not in known]
    for row in Price.objects.bulk_create(new):
        told = {"per_hour": row.per_hour, "source": row.source}
        audit.record(actor=None, action="price.added", subject=row, after=told)
    return len(new)


@transaction.atomic
def add_price(*, values: Mapping[str, Any], actor: User) -> Price:
    """Add one dated price by hand, for a machine or region that the table lacks. Prices are added, never changed.

    Args:
        values: region, component, instance_type, per_hour, currency, dated_on, source.

    Raises:
        NotAllowed: only a CoE lead may.
        InvalidInput: a field cannot be used, or there is a price of that day already.
    """
    permissions.require_lead(actor, "add prices")
    price = Price(**values)
    try:
        price.full_clean()
    except ValidationError as error:
        raise InvalidInput(error.message_dict) from None
    price.save(force_insert=True)
    told = {"per_hour": price.per_hour, "currency": price.currency, "source": price.source}
    audit.record(actor=actor, action="price.added", subject=price, after=told)
    return price


def _rows(table: Mapping[str, Any]) -> list[Price]:
    shared = {
        "region": table["region"],
        "component": table.get("component", Component.ANY),
        "currency": table["currency"],
        "dated_on": date.fromisoformat(table["dated_on"]),
        "source": table["source"],
    }
    return [Price(**shared, instance_type=name, per_hour=Decimal(text)) for name, text in table["per_hour"].items()]


def current_prices(region: str, component: str = Component.TRAINING) -> dict[str, Price]:
    """Instance type → the price that holds today in the region for the use."""
    found: dict[str, Price] = {}
    for price in Price.objects.valid(region, component, timezone.now().date()):
        found.setdefault(price.instance_type, price)
    return found


def current_price(region: str, instance_type: str, component: str = Component.TRAINING) -> Price | None:
    """The price that holds today, or None when the table has none."""
    today = timezone.now().date()
    return Price.objects.valid(region, component, today).filter(instance_type=instance_type).first()
