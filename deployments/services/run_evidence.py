"""A run's metric as evidence of an answer: the number as AWS reported it, and as it is now."""

from collections.abc import Collection

from django.urls import reverse

from deployments.models import Run
from projects.models import EvidenceKind, Project
from projects.services import live_objects

SHOWN = 20


def _resolve(project: Project, references: Collection[str]) -> dict[str, live_objects.LiveObject]:
    """``4/validation:accuracy`` is that metric of the project's run 4."""
    wanted = {reference: _parts(reference) for reference in references}
    numbers = [number for number, _ in wanted.values() if number]
    rows = Run.objects.filter(project=project, number__in=numbers).values_list("number", "state", "metrics")
    known = {number: (state, metrics) for number, state, metrics in rows}
    found = {}
    for reference, (number, metric) in wanted.items():
        if number in known and metric in known[number][1]:
            found[reference] = _as_evidence(project, number, metric, *known[number])
    return found


def _parts(reference: str) -> tuple[int, str]:
    number, _, metric = reference.partition("/")
    return (int(number), metric) if number.isascii() and number.isdigit() and len(number) < 9 else (0, "")


def _as_evidence(
    project: Project, number: int, metric: str, state: str, metrics: dict[str, float]
) -> live_objects.LiveObject:
    url = reverse("deployments:run", args=[project.key, number])
    says = f"{metric} {metrics[metric]:.4g} (run {number}, {state})"
    return live_objects.LiveObject(f"{metric} of run {number}", says, url)


def _choices(project: Project) -> list[tuple[str, str]]:
    rows = Run.objects.filter(project=project).exclude(metrics={}).order_by("-id")
    return [
        (f"{number}/{metric}", f"Run {number}: {metric} {value:.4g}")
        for number, metrics in rows.values_list("number", "metrics")[:SHOWN]
        for metric, value in sorted(metrics.items())
    ]


live_objects.register(EvidenceKind.RUN_METRIC, live_objects.Source(_resolve, _choices, "4/validation:accuracy"))
