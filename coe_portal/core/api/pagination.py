"""Stable cursor pagination for every list of the API."""

from typing import TYPE_CHECKING, Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from coe_portal.core.errors import InvalidInput
from coe_portal.core.paging import Page, keyset_page

if TYPE_CHECKING:  # REST framework reads this module while its own views load
    from rest_framework.views import APIView

DEFAULT_SIZE = 50
MAX_SIZE = 200


class KeysetPagination(BasePagination):
    """``{next, previous, results}``. The view names ``ordering`` (default) and ``ordering_fields`` (allowed)."""

    page: Page
    request: Request

    def paginate_queryset(self, queryset: Any, request: Request, view: "APIView | None" = None) -> list[Any]:
        self.request = request
        self.page = keyset_page(
            queryset,
            ordering=_ordering(request, view),
            cursor=request.query_params.get("cursor", ""),
            size=_size(request),
        )
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link(self.page.next_cursor),
                "previous": self._link(self.page.previous_cursor),
                "results": data,
            }
        )

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor) if cursor else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        allowed = _allowed_orderings(view)
        return [
            _parameter("cursor", {"type": "string"}, "Opaque; taken from next or previous."),
            _parameter("page_size", {"type": "integer", "minimum": 1, "maximum": MAX_SIZE}, "Rows on a page."),
            _parameter("ordering", {"type": "string", "enum": allowed}, "Sort order; - in front turns it round."),
        ]


def _parameter(name: str, schema: dict[str, Any], about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": about}


def _allowed_orderings(view: Any) -> list[str]:
    default = getattr(view, "ordering", "-pk")
    fields = list(getattr(view, "ordering_fields", ())) or [default.lstrip("-")]
    return sorted({default, *fields, *(f"-{name}" for name in fields)})


def _ordering(request: Request, view: Any) -> str:
    default = str(getattr(view, "ordering", "-pk"))
    wanted = request.query_params.get("ordering", default)
    if wanted not in _allowed_orderings(view):
        raise InvalidInput({"ordering": [f"Choose one of {', '.join(_allowed_orderings(view))}."]})
    return wanted


def _size(request: Request) -> int:
    raw = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if not raw.isascii() or not raw.isdigit() or len(raw) > 4 or not 1 <= int(raw) <= MAX_SIZE:
        raise InvalidInput({"page_size": [f"A number from 1 to {MAX_SIZE}."]})
    return int(raw)
