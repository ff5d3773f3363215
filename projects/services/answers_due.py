"""Answers that somebody has to see to: expired, sent back, or due within a week."""

from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from coe_portal.core.inbox import Task
from coe_portal.core.models import User
from projects.models import Criterion, CriterionStatus, Stage
from projects.models.project import ENDED

SOON, SHOWN = timedelta(days=7), 20
_WHY = {
    CriterionStatus.EXPIRED: "It was accepted until a day that is over. Look at it again, then confirm or change it.",
    CriterionStatus.REJECTED: "A reviewer sent it back. Change the answer or its evidence.",
    CriterionStatus.OPEN: "You are to answer it.",
}


def until(day: date) -> "QuerySet[Criterion, Any]":
    """Questions that were to be answered until this day and wait for an answer, in projects that go on."""
    waiting = (CriterionStatus.OPEN, CriterionStatus.REJECTED, CriterionStatus.EXPIRED)
    rows = Criterion.objects.filter(due_on__lte=day, status__in=waiting).order_by("pk")
    still = rows.exclude(project__stage__in=(*ENDED, Stage.QUALIFICATION, Stage.DEFERRED))
    found: QuerySet[Criterion, Any] = still.select_related("owner", "project__owner")
    return found


def waiting_for(user: User) -> "QuerySet[Criterion, Any]":
    """The criteria that call this person: their own, and those of their projects that nobody in particular answers."""
    mine = Q(owner=user) | Q(owner=None, project__owner=user)
    again = Q(status__in=(CriterionStatus.EXPIRED, CriterionStatus.REJECTED))
    due = Q(status=CriterionStatus.OPEN, due_on__lte=timezone.localdate() + SOON)
    rows = Criterion.objects.filter(mine).filter(again | due)
    found: QuerySet[Criterion, Any] = rows.exclude(project__stage__in=(*ENDED, Stage.QUALIFICATION))
    return found


def tasks(keys: list[int]) -> list[Task]:
    """The same for the person's inbox, the first due first."""
    rows = Criterion.objects.filter(pk__in=keys).select_related("project")
    return [
        Task(
            title=f"“{row.short}” of {row.project.name}",
            why=_WHY[CriterionStatus(row.status)],
            url=reverse("projects:criterion", args=[row.project.key, row.code]),
            button="See the question",
            place=row.project.key,
            kind="Checklist",
            icon="clipboard-check",
            due_on=row.due_on,
        )
        for row in rows.order_by(F("due_on").asc(nulls_last=True), "pk")[:SHOWN]
    ]
