"""Answers that have to be looked at again: expired by time, waived no longer, asked for another look."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.errors import StaleState
from coe_portal.core.models import User
from projects import checklists
from projects.events import CriterionReopened
from projects.models import CRITERION_LIFECYCLE, Criterion, CriterionStatus, Project
from projects.services import checklist

BATCH = 200
# An open question with a complete answer is one that was opened again.
CONFIRMABLE = (CriterionStatus.OPEN, CriterionStatus.EXPIRED, CriterionStatus.REJECTED, CriterionStatus.WAIVED)


def attend_due() -> int:
    """Reopen what has expired and end waivers whose last day is over. Returns how many were moved."""
    due = Criterion.objects.ended(timezone.localdate()).order_by("pk")
    return sum(_attend(criterion_id, key) for criterion_id, key in due.values_list("pk", "project_id")[:BATCH])


@transaction.atomic
def _attend(criterion_id: int, project_id: int) -> bool:
    """Move one criterion; nothing when somebody else was faster."""
    Project.objects.select_for_update().get(pk=project_id)
    due = Criterion.objects.ended(timezone.localdate()).select_related("project")
    criterion = due.select_for_update(of=("self",)).filter(pk=criterion_id).first()
    if criterion is None:
        return False
    if criterion.status == CriterionStatus.WAIVED:
        end_waiver(criterion, actor=None, comment="The last day of the waiver is over.")
    else:
        CRITERION_LIFECYCLE.move(
            criterion,
            CriterionStatus.EXPIRED,
            actor=None,
            action="checklist.expired",
            comment="The answer was accepted until this day. Look at it again.",
            version=criterion.version + 1,
        )
    _tell(criterion)
    return True


def _tell(criterion: Criterion) -> None:
    outbox.publish(CriterionReopened(criterion.project.key, criterion.code, criterion.version, criterion.status))


def end_waiver(criterion: Criterion, *, actor: User | None, comment: str) -> None:
    """From now on the criterion counts again, with whatever answer it has. Call with its row locked."""
    complete = checklists.is_complete(criterion.code, criterion.answer_schema, criterion.answer or {})
    CRITERION_LIFECYCLE.move(
        criterion,
        CriterionStatus.ANSWERED if complete else CriterionStatus.OPEN,
        actor=actor,
        action="checklist.waiver_ended",
        comment=comment,
        waived_until=None,
        version=criterion.version + 1,
    )


@transaction.atomic
def confirm(*, project_key: str, code: str, actor: User) -> Criterion:
    """Say that the answer holds as it stands and is ready for a reviewer: after it expired, was sent back, waived or
    opened again.

    Raises:
        NotFound, NotAllowed: the person may not.
        StaleState: nothing asks for it, the answer is not complete, or it was sent back and neither the answer nor its
            evidence has changed since.
    """
    criterion = checklist.locked(project_key, code, actor, "answer")
    _refuse_confirming(criterion)
    if criterion.status == CriterionStatus.WAIVED:
        end_waiver(criterion, actor=actor, comment="The answer is ready, so the waiver is not needed any more.")
        return criterion
    now = timezone.now()
    CRITERION_LIFECYCLE.move(
        criterion,
        CriterionStatus.ANSWERED,
        actor=actor,
        action="checklist.confirmed",
        answered_by=actor,
        answered_at=now,
        expires_on=None,
        version=criterion.version + 1,
    )
    return criterion


def _refuse_confirming(criterion: Criterion) -> None:
    name = f"“{criterion.short}”"
    if criterion.status not in CONFIRMABLE:
        raise StaleState(f"{name} is {criterion.get_status_display().lower()}; nothing asks for a confirmation.")
    if not checklists.is_complete(criterion.code, criterion.answer_schema, criterion.answer or {}):
        raise StaleState(f"{name} is not answered completely. Fill in what is missing first.")
    if criterion.status == CriterionStatus.REJECTED and not _has_new_evidence(criterion):
        raise StaleState(f"Nothing changed since {name} was sent back. Change the answer or add evidence first.")


def _has_new_evidence(criterion: Criterion) -> bool:
    return criterion.evidence.filter(withdrawn_at=None, added_at__gt=criterion.verdict_at).exists()


def waive(criterion: Criterion, until: date, *, actor: User, comment: str) -> bool:
    """Let the criterion count as met until a day. Only governance calls this, with the project locked.

    Returns False, and changes nothing, when there is nothing to waive any more.
    """
    if criterion.status in (CriterionStatus.ACCEPTED, CriterionStatus.WAIVED):
        return False
    CRITERION_LIFECYCLE.move(
        criterion,
        CriterionStatus.WAIVED,
        actor=actor,
        action="checklist.waived",
        comment=comment,
        waived_until=until,
        version=criterion.version + 1,
    )
    return True


def reopen(project: Project, codes: list[str], *, actor: User, comment: str) -> list[Criterion]:
    """Open questions again whose answers do not fit any more; what was answered stays to be changed.

    Only governance calls this, with the project locked. Returns what was opened.
    """
    moved = []
    for criterion in project.criteria.select_for_update().filter(code__in=codes).exclude(status=CriterionStatus.OPEN):
        criterion.project = project
        CRITERION_LIFECYCLE.move(
            criterion,
            CriterionStatus.OPEN,
            actor=actor,
            action="checklist.reopened",
            comment=comment,
            expires_on=None,
            waived_until=None,
            version=criterion.version + 1,
        )
        moved.append(criterion)
    return moved
