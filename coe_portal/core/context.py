"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from coe_portal.core.htmx import is_fragment_request


def portal(request: HttpRequest) -> dict[str, Any]:
    """The product's and the organisation's name, the theme of the signed-in person, and what a refusal stands in."""
    return {
        "error_layout": _error_layout(request),
        "product_name": settings.PRODUCT_NAME,
        "organisation_name": settings.ORGANISATION_NAME,
        "theme": getattr(getattr(request, "user", None), "theme", "auto"),
    }


def _error_layout(request: HttpRequest) -> str:
    """A refused part of a page stays a part; a refused page keeps the sidebar for those who signed in."""
    if is_fragment_request(request):
        return "components/_refused_part.html"
    user = getattr(request, "user", None)
    return "base.html" if user is not None and user.is_authenticated else "base_plain.html"
