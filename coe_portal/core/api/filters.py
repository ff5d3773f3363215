"""Filtering that refuses what it does not know instead of ignoring it."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from coe_portal.core.errors import InvalidInput

if TYPE_CHECKING:  # REST framework reads this module while its own views load
    from rest_framework.views import APIView

GENERAL = {"cursor", "page_size", "ordering"}


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """The view's ``filterset_class`` serves UI and API; an unknown parameter is an error with the known ones named."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        filterset_class = self.get_filterset_class(view, queryset)
        known = set(filterset_class.base_filters) if filterset_class else set()
        known |= set(getattr(view, "extra_query_parameters", ()))
        if getattr(view, "action", "list") == "list":
            known |= GENERAL
            sentence = f"There is no such filter. Known: {', '.join(sorted(known))}."
            unknown = {name: [sentence] for name in sorted(set(request.query_params) - known)}
            if unknown:
                raise InvalidInput(unknown)
            if not set(request.query_params) - GENERAL:
                return queryset  # nothing to filter by, so no form is made
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered
