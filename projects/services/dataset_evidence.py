"""Data sets as evidence of an answer: those that the project asked for, and how its access stands now."""

from collections.abc import Collection

from django.urls import reverse

from projects.models import DataAccess, EvidenceKind, Project
from projects.services import live_objects

SHOWN = 50


def _resolve(project: Project, references: Collection[str]) -> dict[str, live_objects.LiveObject]:
    rows = DataAccess.objects.filter(project=project, dataset__in=references).select_related("dataset")
    return {row.dataset_id: _as_evidence(row) for row in rows.order_by("pk")}  # the newest access is said


def _as_evidence(row: DataAccess) -> live_objects.LiveObject:
    data = row.dataset
    share = "" if data.labelled_share is None else f", {data.labelled_share:.0f}% labelled"
    says = f"{data.get_readiness_display().lower()}{share}, access {row.get_status_display().lower()}"
    return live_objects.LiveObject(data.name, says, reverse("projects:dataset", args=[data.pk]))


def _choices(project: Project) -> list[tuple[str, str]]:
    rows = DataAccess.objects.filter(project=project).select_related("dataset").order_by("-pk")[:SHOWN]
    return list({row.dataset_id: (row.dataset_id, row.dataset.name) for row in rows}.values())


live_objects.register(EvidenceKind.DATASET, live_objects.Source(_resolve, _choices, "01k5x8w3r7m2qhd9c4tzv6bne0"))
