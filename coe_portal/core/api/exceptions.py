"""Every error of the API is an ``application/problem+json`` document (RFC 9457) with a stable type."""

from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from coe_portal.core import request_id
from coe_portal.core.errors import DomainError, InvalidInput, NotFound

CONTENT_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)

_TITLES = {
    "gate_closed": "The gate is closed",
    "invalid_input": "The input cannot be used",
    "not_allowed": "You may not do this",
    "not_found": "Not found",
    "stale_state": "The state does not allow this",
    "not_authenticated": "Sign in first",
    "throttled": "Too many requests",
    "too_large": "The body is too large",
}


def problem(
    code: str,
    detail: str,
    status: int,
    *,
    missing: Any = (),
    errors: dict[str, list[str]] | None = None,
) -> dict[str, Any]:
    """Build the problem document; every member is always present."""
    return {
        "type": f"urn:coe:{code}",
        "title": _TITLES.get(code, HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        "code": code,
        "missing": [
            {"code": item.code, "message": item.message, "how_to_fix": item.how_to_fix, "url": item.url}
            for item in missing
        ],
        "errors": errors or {},
        "request_id": request_id.current(),
    }


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Returns None for bugs, which stay loud."""
    domain, headers = _as_domain_error(error)
    if domain is None:
        return None
    set_rollback()
    request = context["request"]  # whatever the view speaks and the caller accepts, a problem is JSON
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    body = problem(domain.code, domain.message, domain.status, missing=domain.missing, errors=domain.errors)
    return Response(body, status=domain.status, headers=headers, content_type=CONTENT_TYPE)


def problem_response(request: HttpRequest, error: DomainError) -> JsonResponse:
    """The same document outside of DRF, for addresses under /api/ that no view answers."""
    del request
    body = problem(error.code, error.message, error.status, missing=error.missing, errors=error.errors)
    return JsonResponse(body, status=error.status, content_type=CONTENT_TYPE)


def _as_domain_error(error: Exception) -> tuple[DomainError | None, dict[str, str]]:
    if isinstance(error, DomainError):
        return error, {}
    if isinstance(error, Http404):
        return NotFound(), {}
    if isinstance(error, RequestDataTooBig):
        limit = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) // 1000
        return DomainError("too_large", f"The body is larger than {limit} kB. Send less at once.", status=413), {}
    if isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(error.messages)
    if isinstance(error, exceptions.ValidationError):
        return InvalidInput(_field_errors(error.detail)), {}
    if isinstance(error, exceptions.APIException):
        return _from_api_exception(error)
    return None, {}


def _from_api_exception(error: exceptions.APIException) -> tuple[DomainError, dict[str, str]]:
    headers: dict[str, str] = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    code = error.default_code
    renamed = {"permission_denied": "not_allowed", "authentication_failed": "not_authenticated"}
    return DomainError(renamed.get(code, code), str(error.detail), status=error.status_code), headers


def _field_errors(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten DRF's nested error structure to ``{"field.inner": [sentence, …]}``."""
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for name, inner in detail.items():
            path = f"{prefix}.{name}" if prefix else str(name)
            for key, sentences in _field_errors(inner, path).items():
                flat.setdefault(key, []).extend(sentences)
        return flat
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        return _field_errors({str(index): item for index, item in enumerate(detail) if item}, prefix)
    sentences = [str(item) for item in detail] if isinstance(detail, list) else [str(detail)]
    return {prefix or "non_field_errors": sentences}
