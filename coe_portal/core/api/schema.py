"""The OpenAPI description: generated, with the problem document on every operation."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "missing", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "urn:coe:<code>; stable."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string"},
        "missing": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message", "how_to_fix", "url"],
                "properties": {name: {"type": "string"} for name in ("code", "message", "how_to_fix", "url")},
            },
        },
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "request_id": {"type": "string"},
    },
}
REASONS = {
    "400": "The input cannot be used; errors names the fields.",
    "401": "No usable token or session.",
    "403": "Yours to know, but not to do.",
    "404": "Not there, or not yours to know.",
    "409": "A rule or a gate says no; missing says what to do.",
    "412": "The object changed since it was read.",
    "413": "The body is too large.",
    "415": "Send JSON.",
    "422": "The Idempotency-Key belongs to another request.",
    "429": "Too many requests; wait for Retry-After seconds.",
}
HEADERS = {
    "RequestId": {"schema": {"type": "string"}, "description": "Ties the answer to the log and the audit trail."},
    "ETag": {"schema": {"type": "string"}, "description": "Changes with the object; for If-None-Match and If-Match."},
}
REQUEST_ID, ETAG = ({"$ref": f"#/components/headers/{name}"} for name in HEADERS)
READ_REASONS = ("400", "401", "403", "404", "429")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """``Authorization: Bearer coe_…``."""

    target_class = "coe_portal.core.api.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {"type": "http", "scheme": "bearer", "description": "An API token; make one under Account and tokens."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session of a signed-in browser."""

    target_class = "coe_portal.core.api.auth.BrowserSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="The same key and body give the same answer, however often the request is repeated.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag that was read; 412 when the object has changed."
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="An ETag; 304 when the object is still the same."
)


class PortalSchema(AutoSchema):
    """drf-spectacular's schema with tags by resource and the headers of the conventions."""

    def get_tags(self) -> list[str]:
        words = [word for word in self.path.removeprefix("/api/v1/").split("/") if word]
        return [words[0]] if words else ["api"]

    def get_override_parameters(self) -> list[Any]:
        action = getattr(self.view, "action", None) or self.method.lower()
        if action == "retrieve":
            return [IF_NONE_MATCH]
        if action == "partial_update":
            return [IF_MATCH]
        accepts_key = getattr(getattr(self.view, action, None), "accepts_idempotency_key", False)
        return [IDEMPOTENCY_KEY] if accepts_key else []


def add_problem_responses(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give every operation the problem responses that it can answer with."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["headers"] = HEADERS
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in result.get("paths", {}).values():
        for method, operation in methods.items():
            for status in READ_REASONS if method == "get" else REASONS:
                operation["responses"].setdefault(status, {"description": REASONS[status], "content": content})
            for answer in operation["responses"].values():
                answer.setdefault("headers", {})["X-Request-Id"] = REQUEST_ID
            _allow_not_modified(operation)
    return result


def _allow_not_modified(operation: dict[str, Any]) -> None:
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if names & {"If-None-Match", "If-Match"}:
        operation["responses"]["200"].setdefault("headers", {})["ETag"] = ETAG
    if "If-None-Match" in names:
        headers = {"X-Request-Id": REQUEST_ID, "ETag": ETAG}
        operation["responses"]["304"] = {"description": "You have it already.", "headers": headers}
