"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """The product's and the organisation's name, and the theme of the signed-in person."""
    return {
        "product_name": settings.PRODUCT_NAME,
        "organisation_name": settings.ORGANISATION_NAME,
        "theme": getattr(getattr(request, "user", None), "theme", "auto"),
    }
