"""The head of a project for the pages that higher apps show about it."""

from collections.abc import Sized
from typing import Any

from django import template
from django.utils.safestring import SafeString

from coe_portal.core.templatetags.coe_ui import icon
from projects.models import Criterion, Project, Stage
from projects.views.head import head_context

register = template.Library()


@register.filter
def stage_name(code: str) -> str:
    """A stage as people say it; one that is no stage any more as it was kept."""
    return str(dict(Stage.choices).get(code, code))


@register.inclusion_tag("projects/partials/_head.html", takes_context=True)
def project_head(
    context: Any, project: Project, tab: str, criteria: list[Criterion] | None = None, team: Sized | None = None
) -> dict[str, Any]:
    """{% project_head project "runs" %}: name, journey and tabs, with the given tab marked."""
    return {"request": context.get("request"), **head_context(project, tab, criteria, team)}


EVIDENCE_ICONS = {
    "file": "file-text",
    "link": "link",
    "run_metric": "chart-line",
    "dataset": "database",
    "approval": "git-pull-request",
}


@register.simple_tag
def evidence_icon(kind: str) -> SafeString:
    """{% evidence_icon piece.kind %}: what a piece of evidence is, as a picture."""
    return icon(EVIDENCE_ICONS.get(kind, "note"))
