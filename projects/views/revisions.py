"""One numbered revision: what was submitted, and what had changed since the one before."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.sessions import signed_in
from projects import permissions, revisions
from projects.models import Criterion, Project, Revision
from projects.services import named_data
from projects.views.words import said


@require_GET
def revision(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """What changed from the revision before; the first one shows everything it says."""
    project = permissions.visible_project(signed_in(request), key)
    row = project.revisions.select_related("submitted_by").filter(number=number).first()
    if row is None:
        raise Http404(f"{project.key} has no revision {number}.")
    before = project.revisions.filter(number=row.number - 1).first()
    context = {"project": project, "revision": row, "before": before, "changes": _in_words(project, before, row)}
    return render(request, "projects/revision.html", context)


def _in_words(project: Project, before: Revision | None, after: Revision) -> list[tuple[str, str, str]]:
    known = revisions.titles(Criterion.ever.filter(project=project))
    found = revisions.changes(before.content if before else {}, after.content)
    values = (value for item in found for value in (item.before, item.after) if item.path[-1] == named_data.FIELD)
    named = named_data.named_by({named_data.FIELD: value} for value in values)
    names = {key: dataset.name for key, dataset in named.items()}
    return [
        (revisions.place_in_words(item.path, known), _text(item.before, names), _text(item.after, names))
        for item in found
    ]


def _text(value: Any, names: Mapping[str, str]) -> str:
    if value is None:
        return ""
    return ", ".join(names.get(item, said(item)) for item in value) if isinstance(value, list) else said(value)
