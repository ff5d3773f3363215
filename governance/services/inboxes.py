"""What waits for a person, for others, and what is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, DateTimeField, OuterRef, QuerySet, Subquery, Window, prefetch_related_objects
from django.utils import timezone

from coe_portal.core import inbox
from coe_portal.core.among import among
from coe_portal.core.models import User
from coe_portal.core.paging import Page, keyset_page
from governance import permissions
from governance.models import ApprovalRequest, ApprovalState, ApprovalStep, Delegation, StepState
from governance.models.approvals import owed_by
from governance.services.dossier import chip_of, kind_of

NEEDS_YOU, WAITING, DONE = "needs-you", "waiting", "done"
PAGE_SIZE = 30
WEEK, SOON = timedelta(days=7), timedelta(days=2)
# A line needs little of project and person, and not the specification; each column of fifty costs.
_SHOWN = [each.name for each in ApprovalRequest._meta.concrete_fields if each.name != "specification"]
_SHOWN += ["project__owner", "project__stage", "project__business_unit__name"]
_SHOWN += ["requester__username", "requester__display_name"]
Narrow = Callable[[QuerySet[ApprovalRequest]], QuerySet[ApprovalRequest]]


def everything(requests: QuerySet[ApprovalRequest]) -> QuerySet[ApprovalRequest]:
    """Narrows nothing."""
    return requests


@dataclass(frozen=True)
class Item:
    """One line of the inbox."""

    request: ApprovalRequest
    due_at: datetime | None
    is_overdue: bool
    is_soon: bool
    chip_kind: str
    chip_word: str
    icon: str
    kind: str
    on_behalf_of: User | None = None


@dataclass(frozen=True)
class Group:
    """Lines under one heading."""

    title: str
    items: list[Item]


@dataclass(frozen=True)
class Inbox:
    """One tab: groups, the counts of the other tabs, the cursors of its pages."""

    tab: str
    groups: list[Group]
    waiting: int
    page: Page

    @property
    def keys(self) -> list[str]:
        """The requests of the tab in the order in which they are shown."""
        return [item.request.key for group in self.groups for item in group.items]


def needing(user: User) -> QuerySet[ApprovalRequest]:
    """What needs this person, as the inbox and its number know it; at most some seconds old."""
    return ApprovalRequest.objects.filter(pk__in=among(inbox.keys(user, "approvals")))


def most_urgent(user: User, limit: int) -> tuple[list[Item], int]:
    """What this person may decide now, the first due first, and how many there are in all."""
    counted = _with_due(needing(user)).exclude(owed_by(user)).annotate(in_all=Window(Count("pk")))
    rows = list(counted.order_by("step_due", "id")[:limit])
    return [_item(row) for row in rows], rows[0].in_all if rows else 0


def requests_of(user: User, tab: str) -> QuerySet[ApprovalRequest]:
    """Every request of a tab, for exports; the most urgent or the newest first."""
    if tab == NEEDS_YOU:
        return needing(user).order_by("due_at", "id")
    visible = ApprovalRequest.objects.visible_to(user)
    if tab == DONE:
        return visible.exclude(state=ApprovalState.OPEN).order_by("-id")
    return _waiting_for_others(visible, user).order_by("due_at", "id")


def open_inbox(
    user: User, tab: str, cursor: str = "", held: list[Delegation] | None = None, narrow: Narrow = everything
) -> Inbox:
    """Read one tab of a person's inbox; an unknown tab is the first one.

    Args:
        narrow: what of the tab's requests is shown; the numbers of the tabs count all of them.
    """
    held = list(Delegation.objects.held_by(user)) if held is None else held
    mine = needing(user)
    visible = ApprovalRequest.objects.visible_to(user, held)
    others = _waiting_for_others(visible, user)
    if tab == WAITING:
        page = keyset_page(_with_due(narrow(others)), ordering="due_at", cursor=cursor, size=PAGE_SIZE)
        groups = _by_urgency(page.rows)
    elif tab == DONE:
        page = keyset_page(
            _with_due(narrow(visible.exclude(state=ApprovalState.OPEN))), ordering="-id", cursor=cursor, size=PAGE_SIZE
        )
        groups = [Group("Newest first", [_item(row) for row in page.rows])] if page.rows else []
    else:
        tab = NEEDS_YOU
        page = keyset_page(_with_due(narrow(mine)), ordering="step_due", cursor=cursor, size=PAGE_SIZE)
        groups = _by_urgency(page.rows, _principals(user, page.rows, held))
        groups += [] if cursor or narrow is not everything else _for_information(user)
    return Inbox(tab, groups, others.count(), page)


def _waiting_for_others(visible: QuerySet[ApprovalRequest], user: User) -> QuerySet[ApprovalRequest]:
    return visible.filter(state=ApprovalState.OPEN).exclude(pk__in=among(inbox.keys(user, "approvals")))


def tab_of(request: ApprovalRequest, user: User) -> str:
    """The tab in which the person finds the request."""
    if not request.is_open:
        return DONE
    return NEEDS_YOU if request.pk in inbox.keys(user, "approvals") else WAITING


def _with_due(requests: QuerySet[ApprovalRequest]) -> QuerySet[Any]:
    steps = ApprovalStep.objects.filter(request=OuterRef("pk")).order_by()
    first_due = steps.filter(state=StepState.OPEN).order_by("due_at").values("due_at")[:1]
    rows = requests.select_related("project__business_unit", "requester").only(*_SHOWN)
    return rows.annotate(
        step_due=Subquery(first_due, output_field=DateTimeField()), step_states=ArraySubquery(steps.values("state"))
    )


def _principals(user: User, rows: Sequence[Any], held: list[Delegation]) -> dict[int, User]:
    """For whom the person would decide, by request; those that are their own are left out."""
    if not held:
        return {}
    prefetch_related_objects(rows, "steps__person", "steps__added_holders__person", "decisions")
    seats = {row.pk: permissions.standing(row, user, held).seats for row in rows}
    return {pk: found[0].on_behalf_of for pk, found in seats.items() if found and found[0].on_behalf_of}


def _item(row: Any, principal: User | None = None) -> Item:
    due: datetime | None = row.step_due or row.due_at
    left = due - timezone.now() if row.is_open and due else None
    late, soon = bool(left and left < timedelta(0)), bool(left and timedelta(0) <= left < SOON)
    shown = due if row.is_open else row.closed_at
    return Item(row, shown, late, soon, *chip_of(row, row.step_states), *kind_of(row), principal)


def _by_urgency(rows: Sequence[Any], principals: Mapping[int, User] | None = None) -> list[Group]:
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
