"""What happens to every request."""

from collections.abc import Callable
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url

from coe_portal.core import health, request_id
from coe_portal.core.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """Answer the machines that look after the portal before anything looks at host name, TLS or session."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.probes = {"/healthz": health.healthz, "/readyz": health.readyz}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = self.probes.get(request.path)
        return probe(request) if probe else self.get_response(request)


class RequestIdMiddleware:
    """Give every request an id, keep a caller's own, and send it back as ``X-Request-Id``."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        current = request_id.begin(request.headers.get("X-Request-Id", ""))
        response = self.get_response(request)
        response["X-Request-Id"] = current
        return response


class RefuseUnstorableTextMiddleware:
    """Answer 400 to addresses with a NUL character: no database column can hold one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "\x00" in unquote(request.META.get("QUERY_STRING", "")):
            return render(request, "400.html", {"reason": "The address holds a NUL character."}, status=400)
        return self.get_response(request)


class HtmxSignInMiddleware:
    """When a session has ended, send the whole page to sign-in instead of swapping the form into a fragment."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_htmx = request.headers.get("HX-Request") == "true"
        if (
            is_htmx
            and isinstance(response, HttpResponseRedirect)
            and response.url.startswith(resolve_url(settings.LOGIN_URL))
        ):
            page = HttpResponse(status=200)
            page["HX-Redirect"] = resolve_url(settings.LOGIN_URL)
            return page
        return response


class DomainErrorMiddleware:
    """Show a rule's refusal as a page. Views that can show it in place catch it themselves."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        return render(request, "refused.html", {"error": error}, status=error.status)
