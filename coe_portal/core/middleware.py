"""What happens to every request."""

import time
from collections.abc import Callable
from urllib.parse import unquote

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.common import CommonMiddleware
from django.shortcuts import render, resolve_url

from coe_portal.core import health, request_id
from coe_portal.core.error_pages import answer
from coe_portal.core.errors import DomainError, InvalidInput

GetResponse = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger(__name__)
FORM_BYTES = 1024**2  # what the other fields beside a file may take


PROBES = {"/healthz": health.healthz, "/readyz": health.readyz}


class HealthMiddleware:
    """Answer the machines that look after the portal before anything looks at host name, TLS or session."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path)
        return probe(request) if probe else self.get_response(request)


class RequestIdMiddleware:
    """Give every request an id, keep a caller's own, send it back as ``X-Request-Id``, and log one line about it.

    The first of all, so that a redirect to TLS, a static file and a health probe carry the id too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        current, started = request_id.begin(request.headers.get("X-Request-Id", "")), time.monotonic()
        response = self.get_response(request)
        response["X-Request-Id"] = current
        if request.path not in PROBES and not request.path.startswith(settings.STATIC_URL):
            took = round((time.monotonic() - started) * 1000)
            log.info("request", method=request.method, path=request.path, status=response.status_code, ms=took)
        return response


class ActingPersonMiddleware:
    """Put the signed-in person's id on the log lines of the request. Tokens do so when they are checked."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            request_id.acting(request.user.pk)
        return self.get_response(request)


class SlashMiddleware(CommonMiddleware):
    """Django's own, but a command sent without the final slash is refused: a redirect would turn it into a GET."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        if request.path.startswith("/api/") and request.method not in ("GET", "HEAD"):
            return False
        return super().should_redirect_with_slash(request)


class RefuseUnreadableMiddleware:
    """Refuse what cannot be read: an address with a NUL character, which no database column can hold (400), a body
    without a length, which Django would read as empty (411), and one that is larger than any file may be (413)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "\x00" in unquote(request.META.get("QUERY_STRING", "")):
            return answer(request, InvalidInput({"address": ["The address holds a NUL character."]}), "400.html")
        if request.headers.get("Transfer-Encoding") and not request.META.get("CONTENT_LENGTH"):
            sentence = "Send the body with a Content-Length; a chunked body cannot be read."
            return answer(request, DomainError("length_required", sentence, status=411), "400.html")
        if _length(request) > settings.MAX_UPLOAD_BYTES + FORM_BYTES:
            sentence = f"The largest file that can be sent has {settings.MAX_UPLOAD_BYTES // 1024**2} MB."
            return answer(request, DomainError("too_large", sentence, status=413), "413.html")
        return self.get_response(request)


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() else 0


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
