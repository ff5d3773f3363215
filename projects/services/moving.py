"""A project takes over the criteria of another policy. Only governance calls this: it knows what still fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.models import User
from projects.models import CRITERION_LIFECYCLE, Criterion, CriterionStatus, Project
from projects.services import checklist, projects


@dataclass(frozen=True)
class Fitted:
    """What is left of one answer, and how far its criterion is with it."""

    answer: Mapping[str, Any]
    status: str


def adopt(
    project: Project, *, policy_version: str, criteria: Sequence[Mapping[str, Any]], fitted: Mapping[str, Fitted]
) -> None:
    """Ask what the new policy asks. Call inside a transaction with the project's row locked.

    What it does not ask any more is kept out of sight with its answer and evidence, and comes back with them when a
    later policy asks it again.

    Args:
        fitted: by code, what is left of the answers that change; other answers stay as they are.
    """
    known = {row.code: row for row in Criterion.ever.select_for_update().filter(project=project)}
    wanted = {item["code"] for item in criteria}
    gone = [row.pk for code, row in known.items() if code not in wanted and row.removed_at is None]
    Criterion.ever.filter(pk__in=gone).update(removed_at=timezone.now())
    for position, item in enumerate(criteria, start=1):
        row = known.get(item["code"]) or Criterion(project=project, code=item["code"])
        _ask(row, item, position, fitted.get(item["code"]))
        if row.code in fitted:
            checklist.carry_over(project, row.code, row.answer)
    project.policy_version = policy_version
    projects.touch(project, "policy_version")
    checklist.refresh_readiness(project)


def _ask(row: Criterion, item: Mapping[str, Any], position: int, fitted: Fitted | None) -> None:
    blank = Criterion()
    for name in projects.COPIED:
        setattr(row, name, item.get(name, getattr(blank, name)))
    row.position, row.removed_at = position, None
    if fitted is not None:
        row.answer, row.version = dict(fitted.answer), row.version + 1
    status = row.status
    row.save()
    if fitted is not None and fitted.status != status:
        _move(row, fitted.status)


def _move(row: Criterion, status: str) -> None:
    """Bring the criterion to its new status, through “open” where there is no shorter way."""
    if not CRITERION_LIFECYCLE.allows(row.status, status):
        CRITERION_LIFECYCLE.change(row, CriterionStatus.OPEN)
    if row.status != status:
        CRITERION_LIFECYCLE.change(row, status)


def answers_of(found: Sequence[Project]) -> dict[int, list[Criterion]]:
    """What projects hold, by their primary keys; what only an earlier policy asked has its ``removed_at``."""
    rows: dict[int, list[Criterion]] = {project.pk: [] for project in found}
    for row in Criterion.ever.filter(project__in=found):
        rows[row.project_id].append(row)
    return rows


def record(project: Project, *, before: str, after: str, report: Mapping[str, Any], actor: User, comment: str) -> None:
    """Tell the audit trail what the move meant, with every answer that did not fit."""
    audit.record(
        actor=actor,
        action="project.policy_moved",
        subject=project,
        before={"policy_version": before},
        after={"policy_version": after, **report},
        comment=comment,
    )
