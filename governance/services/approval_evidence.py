"""Approvals as evidence of an answer: what was decided about the project, and how it stands now."""

from collections.abc import Collection

from django.urls import reverse

from governance.models import ApprovalRequest
from projects.models import EvidenceKind, Project
from projects.services import live_objects

SHOWN = 50


def _resolve(project: Project, references: Collection[str]) -> dict[str, live_objects.LiveObject]:
    wanted = [int(key[4:]) for key in references if key[:4] == "APR-" and key[4:].isascii() and key[4:].isdigit()]
    rows = ApprovalRequest.objects.filter(project=project, pk__in=[pk for pk in wanted if pk < 10**17])
    return {row.key: _as_evidence(row) for row in rows.defer("specification")}


def _as_evidence(row: ApprovalRequest) -> live_objects.LiveObject:
    says = f"{row.key} is {row.get_state_display().lower()}"
    return live_objects.LiveObject(row.title, says, reverse("governance:approval", args=[row.key]))


def _choices(project: Project) -> list[tuple[str, str]]:
    rows = ApprovalRequest.objects.filter(project=project).defer("specification").order_by("-pk")[:SHOWN]
    return [(row.key, f"{row.key}, {row.get_state_display().lower()}: {row.title}") for row in rows]


live_objects.register(EvidenceKind.APPROVAL, live_objects.Source(_resolve, _choices, "APR-7"))
