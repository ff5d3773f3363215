"""What waits for a person, for others, and what is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery
from django.utils import timezone

from coe_portal.core.models import User
from coe_portal.core.paging import Page, keyset_page
from governance import permissions
from governance.models import ApprovalRequest, ApprovalState, ApprovalStep, Delegation, StepState
from governance.services.dossier import chip_of

NEEDS_YOU, WAITING, DONE = "needs-you", "waiting", "done"
MOST, PAGE_SIZE = 100, 30
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Item:
    """One line of the inbox."""

    request: ApprovalRequest
    due_at: datetime | None
    is_overdue: bool
    chip_kind: str
    chip_word: str
    on_behalf_of: User | None = None


@dataclass(frozen=True)
class Group:
    """Lines under one heading."""

    title: str
    items: list[Item]


@dataclass(frozen=True)
class Inbox:
    """One tab: groups, the counts of the other tabs, cursors where the tab has pages."""

    tab: str
    groups: list[Group]
    needs_you: int
    waiting: int
    page: Page | None = None


def count(user: User) -> int:
    """How many requests this person may decide now, or owes an answer on."""
    return _needing(user).count()


def _needing(user: User, held: list[Delegation] | None = None) -> QuerySet[ApprovalRequest]:
    return ApprovalRequest.objects.awaiting(user, held) | ApprovalRequest.objects.owing(user)


def open_inbox(user: User, tab: str, cursor: str = "") -> Inbox:
    """Read one tab of a person's inbox; an unknown tab is the first one."""
    held = list(Delegation.objects.held_by(user))
    mine = _needing(user, held)
    visible = ApprovalRequest.objects.visible_to(user, held)
    others = visible.filter(state=ApprovalState.OPEN).exclude(pk__in=mine.values("pk"))
    page = None
    if tab == WAITING:
        page = keyset_page(_with_due(others), ordering="due_at", cursor=cursor, size=PAGE_SIZE)
        groups = _by_urgency(page.rows)
    elif tab == DONE:
        closed = visible.exclude(state=ApprovalState.OPEN)
        page = keyset_page(_with_due(closed), ordering="-id", cursor=cursor, size=PAGE_SIZE)
        groups = [Group("Newest first", [_item(row) for row in page.rows])] if page.rows else []
    else:
        tab = NEEDS_YOU
        rows = _with_due(mine).order_by("step_due", "id")[:MOST]
        groups = _by_urgency(rows, _principals(user, rows, held)) + _for_information(user)
    return Inbox(tab, groups, mine.count(), others.count(), page)


def tab_of(request: ApprovalRequest, user: User) -> str:
    """The tab in which the person finds the request."""
    if not request.is_open:
        return DONE
    return NEEDS_YOU if _needing(user).filter(pk=request.pk).exists() else WAITING


def _with_due(requests: QuerySet[ApprovalRequest]) -> QuerySet[Any]:
    opened = ApprovalStep.objects.filter(request=OuterRef("pk"), state=StepState.OPEN)
    step = opened.order_by("due_at").values("due_at")[:1]
    rows = requests.select_related("project__business_unit", "requester").prefetch_related("steps")
    return rows.annotate(step_due=Subquery(step, output_field=DateTimeField()))


def _principals(user: User, rows: "QuerySet[Any]", held: list[Delegation]) -> dict[int, User]:
    """For whom the person would decide, by request; those that are their own are left out."""
    if not held:
        return {}
    known = rows.prefetch_related("steps__person", "steps__added_holders__person", "decisions")
    seats = {row.pk: permissions.standing(row, user, held).seats for row in known}
    return {pk: found[0].on_behalf_of for pk, found in seats.items() if found and found[0].on_behalf_of}


def _item(row: ApprovalRequest, principal: User | None = None) -> Item:
    due: datetime | None = getattr(row, "step_due", None) or row.due_at
    late = row.is_open and due is not None and due < timezone.now()
    return Item(row, due if row.is_open else row.closed_at, late, *chip_of(row), principal)


def _by_urgency(
    rows: "QuerySet[ApprovalRequest] | list[ApprovalRequest]", principals: Mapping[int, User] | None = None
) -> list[Group]:
    items = [_item(row, (principals or {}).get(row.pk)) for row in rows]
    soon = timezone.now() + WEEK
    overdue = [item for item in items if item.is_overdue]
    this_week = [item for item in items if not item.is_overdue and item.due_at and item.due_at <= soon]
    later = [item for item in items if not item.is_overdue and not (item.due_at and item.due_at <= soon)]
    named = [("Overdue", overdue), ("Due this week", this_week), ("Later", later)]
    return [Group(title, some) for title, some in named if some]


def _for_information(user: User) -> list[Group]:
    since = timezone.now() - WEEK
    told = ApprovalRequest.objects.filter(requester=user, closed_at__gte=since)
    items = [_item(row) for row in _with_due(told).order_by("-closed_at")[:10]]
    return [Group("For your information", items)] if items else []
