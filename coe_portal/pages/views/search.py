"""The command palette and its page for browsers without JavaScript."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from coe_portal.core import search as registry
from coe_portal.core.htmx import render_page
from coe_portal.core.sessions import signed_in

MAX_LENGTH = 80
SUGGESTED = 4


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Pages, projects, runs and actions that match what was typed; only what the person may see."""
    words = " ".join(request.GET.get("q", "").split())[:MAX_LENGTH]
    groups = registry.find(signed_in(request), words)
    if not words:
        groups = {group: hits[:SUGGESTED] for group, hits in groups.items()}
    return render_page(request, "pages/search.html", {"words": words, "groups": groups}, partial="results")
