"""The audit trail as a page."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core.csv_export import csv_response
from coe_portal.core.filters import AuditFilter
from coe_portal.core.htmx import is_fragment_request, redirect, render_page
from coe_portal.core.models import AuditEntry
from coe_portal.core.models.audit import AuditQuerySet
from coe_portal.core.narrowing import chips, without
from coe_portal.core.paging import keyset_page
from coe_portal.core.permissions import audit_visible_to
from coe_portal.core.services import verification
from coe_portal.core.sessions import signed_in
from coe_portal.core.story import objects_in

PAGE_SIZE = 50
EXPORT_LIMIT = 50_000
HEADER = [
    "at",
    "actor",
    "on behalf of",
    "action",
    "subject",
    "what",
    "project",
    "before",
    "after",
    "comment",
    "request",
]


def _filtered(request: HttpRequest) -> AuditFilter:
    return AuditFilter(request.GET, audit_visible_to(signed_in(request)).for_list())


@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Who did what, when; newest first, filters in the address."""
    filters = _filtered(request)
    entries: AuditQuerySet = filters.qs if filters.is_valid() else filters.queryset.none()
    page = keyset_page(entries, ordering="-id", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context: dict[str, Any] = {
        "filter": filters,
        "page": page,
        "objects": objects_in(page.rows),
        "query": without(request.GET),
        "chips": chips(filters.form, request.GET),
        "sees_all": signed_in(request).reads_everything,
    }
    if context["sees_all"] and not is_fragment_request(request):
        context["seals"] = verification.state()
    return render_page(request, "pages/audit.html", context, partial="entries")


def _row(entry: AuditEntry) -> list[str]:
    who = [entry.at.isoformat(), entry.actor_name, str(entry.on_behalf_of or "")]
    what = [entry.action, entry.subject, entry.subject_label, entry.project]
    change = [json.dumps(state) if state else "" for state in (entry.before, entry.after)]
    return [*who, *what, *change, entry.comment, entry.request_id]


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Exactly what is filtered, as CSV; at most 50,000 entries, the newest."""
    filters = _filtered(request)
    entries: AuditQuerySet = filters.qs if filters.is_valid() else filters.queryset.none()
    rows = (_row(entry) for entry in entries.order_by("-id")[:EXPORT_LIMIT].iterator(chunk_size=2000))
    about = f"Audit trail as of {timezone.localtime():%d %B %Y %H:%M %Z}, newest first, times in UTC"
    return csv_response("audit", about, HEADER, rows)


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Have the whole trail checked against its seals now."""
    verification.ask(actor=signed_in(request))
    messages.success(request, "The audit trail is being checked. Load this page again to see what was found.")
    return redirect(request, reverse("pages:audit"))
