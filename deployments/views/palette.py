"""Runs in the command palette."""

import re

from django.db.models import Q

from coe_portal.core.models import User
from coe_portal.core.search import MAX_HITS, Hit
from deployments.models import Run, TemplateVersion
from deployments.views.chips import run_chip
from deployments.views.columns import run_url


def find_runs(user: User, words: str) -> list[Hit]:
    """Runs by number, id or project key; other words are looked for in notes and in the names of templates."""
    wanted = re.sub(r"^runs?\s+", "", words.strip().lower())
    rows = Run.objects.visible_to(user).order_by("-id")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        rows = rows.filter(number=int(wanted))
    elif key := re.fullmatch(r"prj-(\d{1,14})", wanted):
        rows = rows.filter(project_id=int(key.group(1)))
    elif wanted:
        rows = rows.filter(Q(note__icontains=wanted) | Q(pk=wanted) | Q(template_version__in=_versions(wanted)))
    columns = ("number", "project_id", "project__name", "template_version__template__name", "state")
    return [_hit(*row) for row in rows.values_list(*columns)[:MAX_HITS]]


def _versions(words: str) -> list[str]:
    """Versions of the templates whose name holds the words: few, and as values they let the indexes of runs be used."""
    return list(TemplateVersion.objects.filter(template__name__icontains=words).values_list("pk", flat=True))


def _hit(number: int, project_id: int, project: str, template: str, state: str) -> Hit:
    key = f"PRJ-{project_id}"
    about = f"{key} {project}, {template}, {run_chip(state).word.lower()}"
    return Hit("Runs", f"Run {number}", about, run_url(key, number), "player-play")
