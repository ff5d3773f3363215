"""The checklist as gates see it: which criteria are met, and what the others lack."""

from collections.abc import Collection

from django.urls import reverse

from coe_portal.core.errors import Missing
from governance.policies.criteria import obstacle
from governance.services import policies
from projects.checklists import NO_DEMANDS
from projects.models import Evidence, Project


def missing(project: Project, asked: Collection[str]) -> list[Missing]:
    """What the asked criteria of the project still need, each with the page where it is put right."""
    demands = policies.policy_of(project.policy_version).demands()
    wanted = list(project.criteria.filter(code__in=asked))
    kinds = _kinds(project) if any(demands[item.code].evidence for item in wanted if item.code in demands) else {}
    found = [obstacle(item, demands.get(item.code, NO_DEMANDS), kinds.get(item.code, ())) for item in wanted]
    return [
        Missing(item.code, item.message, item.how_to_fix, reverse("projects:criterion", args=[project.key, item.code]))
        for item in found
        if item is not None
    ]


def _kinds(project: Project) -> dict[str, set[str]]:
    """Kinds of the evidence that supports each answer now, by code."""
    rows = Evidence.objects.holding().filter(criterion__project=project).values_list("criterion__code", "kind")
    found: dict[str, set[str]] = {}
    for code, kind in rows:
        found.setdefault(code, set()).add(kind)
    return found
