"""The story of one project for an auditor: who did what, when, for whom, with before and after."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from coe_portal.core.csv_export import csv_response
from coe_portal.core.filters import StoryFilter
from coe_portal.core.htmx import render_page
from coe_portal.core.models import AuditEntry
from coe_portal.core.models.audit import AuditQuerySet
from coe_portal.core.paging import keyset_page
from coe_portal.core.sessions import signed_in
from coe_portal.core.story import Line, told
from projects import permissions
from projects.models import Project
from projects.views.head import head_context
from projects.views.project import project_of

PAGE_SIZE = 50
EXPORT_LIMIT, EXPORT_CHUNK = 50_000, 2_000
HEADER = [
    "at", "who", "on behalf of", "what happened", "comment", "before", "after", "action", "subject", "request",
    "entry", "seal",
]  # fmt: skip


def _filtered(request: HttpRequest, project: Project) -> StoryFilter:
    return StoryFilter(request.GET, AuditEntry.objects.in_project(project.key).with_seal())


@require_GET
def history(request: HttpRequest, key: str) -> HttpResponse:
    """The project's story, newest first, filters in the address; beside it the stages it walked and its revisions."""
    _, project = project_of(request, key)
    filters = _filtered(request, project)
    entries: AuditQuerySet = filters.qs if filters.is_valid() else filters.queryset.none()
    page = keyset_page(entries, ordering="-id", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    stages = list(_stages(project))
    lines = told([*page.rows, *stages])  # read together, so that people's names are read once
    context: dict[str, Any] = head_context(project, "history") | {
        "filter": filters,
        "query": _query(request.GET),
        "page": page,
        "days": _by_day(lines[: len(page.rows)]),
        "stages": lines[len(page.rows) :],
        "revisions": project.revisions.select_related("submitted_by"),
    }
    return render_page(request, "projects/history.html", context, partial="entries")


def _query(query: QueryDict) -> str:
    kept = query.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


def _by_day(lines: list[Line]) -> list[tuple[Any, list[Line]]]:
    return [
        (day, list(some)) for day, some in groupby(lines, key=lambda line: timezone.localtime(line.entry.at).date())
    ]


def _stages(project: Project) -> QuerySet[AuditEntry]:
    """The moves from stage to stage, the first first."""
    moves = AuditEntry.objects.about(project.ref).filter(action__in=["project.created", "project.stage_moved"])
    return moves.for_list().order_by("id")


@require_GET
def export(request: HttpRequest, key: str) -> StreamingHttpResponse:
    """Exactly what is filtered as CSV, in the order in which it happened."""
    project = permissions.visible_project(signed_in(request), key)
    filters = _filtered(request, project)
    entries: AuditQuerySet = filters.qs if filters.is_valid() else filters.queryset.none()
    about = f"History of {project} as of {timezone.localtime():%d %B %Y %H:%M %Z}, oldest first, times in UTC"
    return csv_response(f"history-{project.key}", about, HEADER, _rows(entries))


def _rows(entries: AuditQuerySet) -> Iterator[list[Any]]:
    pages = Paginator(entries.order_by("id")[:EXPORT_LIMIT], EXPORT_CHUNK)
    for page in pages:
        yield from (_row(line) for line in told(page))


def _row(line: Line) -> list[Any]:
    entry, seal = line.entry, getattr(line.entry, "seal", None)
    change = [json.dumps(state, ensure_ascii=False) if state else "" for state in (entry.before, entry.after)]
    who = [entry.at.isoformat(), entry.actor_name, str(entry.on_behalf_of or "")]
    return [
        *who, line.sentence, entry.comment, *change, entry.action, entry.subject, entry.request_id, entry.pk,
        str(seal or ""),
    ]  # fmt: skip
