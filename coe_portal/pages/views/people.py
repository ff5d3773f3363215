"""Colleagues whom a form's field suggests while one types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.colleagues import LONGEST, label_of, suggestions


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """The first colleagues by name who fit what was typed; ``field`` is the name under which it was sent."""
    text = request.GET.get(request.GET.get("field", ""), "").strip()[:LONGEST]
    found = [(person, label_of(person)) for person in suggestions(text)]
    return render(request, "pages/partials/_people.html", {"found": found, "text": text})
