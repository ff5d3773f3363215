"""What people and programs see when an address or the portal itself fails."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coe_portal.core import request_id
from coe_portal.core.api.exceptions import problem_response
from coe_portal.core.errors import DomainError, NotFound


def answer(request: HttpRequest, error: DomainError, template: str) -> HttpResponse:
    """A problem document for programs, a page for people."""
    if request.path.startswith("/api/"):
        return problem_response(request, error)
    return render(request, template, {"error": error, "request_id": request_id.current()}, status=error.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    return answer(request, DomainError("bad_request", "The request cannot be understood.", status=400), "400.html")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    sentence = str(exception) or "You may not do this."
    return answer(request, DomainError("not_allowed", sentence, status=403), "403.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    if request.path.startswith("/api/") and not request.path.endswith("/"):
        return answer(request, NotFound("Addresses of the API end with a slash; this one does not."), "404.html")
    return answer(request, NotFound(), "404.html")


def broken(request: HttpRequest, *args: Any) -> HttpResponse:
    del args
    sentence = f"Something broke on our side. Tell your CoE lead the reference {request_id.current()}."
    return answer(request, DomainError("internal_error", sentence, status=500), "500.html")
