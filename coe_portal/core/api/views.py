"""What every resource of the API has in common."""

import hashlib
from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.rows import represent_all
from coe_portal.core.errors import DomainError
from coe_portal.core.models import User


class PortalViewSet(GenericViewSet[Any]):
    """A resource: rows the caller may see, filters that are checked, an ``ETag`` on single objects.

    Subclasses name ``queryset`` through ``get_queryset`` (with ``visible_to``), ``serializer_class``, and optionally
    ``filterset_class``, ``ordering``, ``ordering_fields`` and ``required_scopes`` by action.
    """

    lookup_value_regex = "[^/]+"
    filterset_class: Any = None
    ordering: str = "-pk"
    ordering_fields: tuple[str, ...] = ()

    @property
    def person(self) -> User:
        """The authenticated caller."""
        return person_of(self.request)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        del request, args, kwargs
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.serialize_many(page or []))

    def serialize_many(self, rows: Any) -> Any:
        """Turn a page of rows into plain data. Lists that must be faster still override this."""
        return represent_all(self.get_serializer(), rows)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        del args, kwargs
        obj = self.get_object()
        tag = etag(obj)
        if request.headers.get("If-None-Match") == tag:
            return Response(status=304, headers={"ETag": tag})
        return Response(self.get_serializer(obj).data, headers={"ETag": tag})

    def check_if_match(self, obj: Model) -> None:
        """Refuse a change that was made against an older version of the object. Raises DomainError (412)."""
        wanted = self.request.headers.get("If-Match")
        if wanted and wanted not in ("*", etag(obj)):
            raise DomainError(
                "precondition_failed",
                "The object was changed since you read it. Read it again and repeat your change.",
                status=412,
            )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filters belong to lists; a single object is found by its address alone."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset


def etag(obj: Model) -> str:
    """A tag that changes whenever the row changes: from its ``version`` or ``updated_at``, else from all columns."""
    stamp = getattr(obj, "version", None) or getattr(obj, "updated_at", None)
    if stamp is None:
        stamp = [str(getattr(obj, field.attname)) for field in obj._meta.concrete_fields]
    return '"' + hashlib.sha256(f"{obj._meta.label}:{obj.pk}:{stamp}".encode()).hexdigest()[:20] + '"'
