"""Pages and fragments: one template serves both."""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import get_conditional_response

STOP_POLLING = 286


def is_fragment_request(request: HttpRequest) -> bool:
    """True when htmx asks for a part of the page (a boosted link asks for the whole)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, partial: str = "", status: int = 200
) -> HttpResponse:
    """Render the page, or only its part when htmx asks.

    Args:
        partial: a file (``projects/partials/_row.html``) or the name of a ``{% partialdef %}`` in ``template``.
    """
    if partial and is_fragment_request(request):
        template = partial if partial.endswith(".html") else f"{template}#{partial}"
    response = render(request, template, context, status=status)
    response["Vary"] = "HX-Request"
    return response


def settled(response: HttpResponse) -> HttpResponse:
    """Tell htmx to stop polling: what it shows will not change any more."""
    response.status_code = STOP_POLLING
    return response


def polled(request: HttpRequest, facts: Iterable[object], make: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer a poll with 304 and nothing drawn while the ``facts`` that the fragment shows are as they were.

    The facts must hold everything that the answer depends on, the person included. An answer that ends the polling
    carries no tag: htmx needs to see its status.
    """
    tag = '"' + hashlib.sha256(repr(tuple(facts)).encode()).hexdigest()[:32] + '"'
    unchanged = get_conditional_response(request, etag=tag)
    if unchanged is not None:
        return HttpResponse(status=unchanged.status_code, headers={"ETag": tag, "Cache-Control": "private, no-cache"})
    response = make()
    if response.status_code != STOP_POLLING:
        response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response


def toast(response: HttpResponse, text: str, kind: str = "ok") -> HttpResponse:
    """Show a short message after an htmx request; ``kind`` is a chip class (ok, info, warn, bad)."""
    response["HX-Trigger"] = json.dumps({"toast": {"text": text, "kind": kind}})
    return response


def redirect(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to ``url``, from a form post with or without htmx."""
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url, status=303)
