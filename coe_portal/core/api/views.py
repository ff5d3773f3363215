"""What every resource of the API has in common."""

import hashlib
from typing import Any

from django.db.models import QuerySet
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.rows import represent_all
from coe_portal.core.errors import DomainError, InvalidInput
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
        del request, args, kwargs
        return self.tagged(self.represent(self.get_object()))

    def represent(self, obj: Any) -> Any:
        """The single object as plain data. Resources that build it by hand override this."""
        return self.get_serializer(obj).data

    def tagged(self, data: Any) -> Response:
        """Answer with an ``ETag`` of exactly this document; 304 when the caller has it already."""
        tag = etag(data)
        known = parse_etags(self.request.headers.get("If-None-Match", ""))
        if self.request.method == "GET" and ("*" in known or {tag, f"W/{tag}"} & set(known)):
            return Response(status=304, headers={"ETag": tag})
        return Response(data, headers={"ETag": tag})

    def check_if_match(self) -> None:
        """Refuse a change against an older version of the object. Call with its row locked. Raises DomainError."""
        sent = self.request.headers.get("If-Match")
        if sent is None or sent.strip() == "*":
            return
        if etag(self.represent(self.get_object())) not in parse_etags(sent):
            raise DomainError(
                "precondition_failed",
                "The object was changed since you read it. Read it again and repeat your change.",
                status=412,
            )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filters belong to lists; a single object is found by its address alone."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset


def etag(data: Any) -> str:
    """A tag of a document: it changes whenever anything that the caller can see changes."""
    return '"' + hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:20] + '"'


def refuse_unknown_parameters(request: Request, *known: str) -> None:
    """Raise InvalidInput for a query parameter that the view does not know: a misspelt one changes the answer."""
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        sentence = f"There is no such parameter. Known: {', '.join(known)}."
        raise InvalidInput({name: [sentence] for name in unknown})
