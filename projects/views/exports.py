"""Lists of projects as CSV: exactly what is filtered, newest first."""

from collections.abc import Iterator

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

from coe_portal.core.csv_export import as_of, csv_response, filters_in_words
from coe_portal.core.sessions import signed_in
from projects.filters import ProjectFilter
from projects.models import Project
from projects.models.project import ProjectQuerySet

HEADER = ["key", "name", "business unit", "stage", "health", "risk tier", "value a year", "POC budget", "currency"]
HEADER += [
    "POC starts",
    "POC ends",
    "readiness (of 100)",
    "waits for",
    "since (UTC)",
    "owner",
    "sponsor",
    "changed (UTC)",
]
UNITS = "money in the project's currency, times in UTC"


@require_GET
def project_export(request: HttpRequest) -> StreamingHttpResponse:
    """The list of projects."""
    return _export(request, Project.objects.visible_to(signed_in(request)), "projects", "Projects")


@require_GET
def intake_export(request: HttpRequest) -> StreamingHttpResponse:
    """The intake queue."""
    return _export(request, Project.objects.visible_to(signed_in(request)).intakes(), "intakes", "Intakes")


def _export(request: HttpRequest, rows: ProjectQuerySet, name: str, title: str) -> StreamingHttpResponse:
    filters = ProjectFilter(request.GET, rows)
    found: ProjectQuerySet = filters.qs if filters.is_valid() else rows.none()
    narrowed = filters_in_words(filters.form, request.GET)
    return csv_response(name, as_of(title, UNITS), HEADER, _rows(found), filters=narrowed)


def _rows(found: ProjectQuerySet) -> Iterator[list[object]]:
    for project in found.with_people().order_by("-pk").iterator(chunk_size=2000):
        what = [project.key, project.name, project.business_unit.name, project.stage, project.health, project.risk_tier]
        money = [project.value_per_year, project.poc_budget, project.currency]
        days = [project.poc_starts_on, project.poc_ends_on, project.readiness.get("score")]
        since = project.waiting_since.isoformat() if project.waiting_since else ""
        who = [str(project.owner), str(project.sponsor or ""), project.updated_at.isoformat()]
        yield [*what, *money, *days, project.waiting_on, since, *who]
