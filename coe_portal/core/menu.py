"""The sidebar's places, by URL name: a place whose page is not mounted is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from django.core.cache import cache
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from coe_portal.core.models import User

Rows = Callable[[User], "QuerySet[Any]"]
_calling: dict[str, list[Rows]] = {}
_quiet: dict[str, list[Rows]] = {}
KEEP_SECONDS = 5
_COUNTED = "menu_counts"


@dataclass(frozen=True)
class MenuPlace:
    """One link.

    Attributes:
        count: name of the number that stands beside the title; an app registers its rows.
        badge: URL name of a fragment with the same number, when it calls for attention and is kept fresh.
        also: beginnings of other addresses that belong to this place.
    """

    title: str
    url_name: str
    icon: str
    count: str = ""
    badge: str = ""
    also: tuple[str, ...] = ()


MENU: tuple[tuple[str, tuple[MenuPlace, ...]], ...] = (
    (
        "",
        (
            MenuPlace("Inbox", "governance:inbox", "inbox", "approvals", "governance:inbox_count", ("/approvals/",)),
            MenuPlace("Portfolio", "pages:portfolio", "layout-dashboard"),
            MenuPlace("Intake", "projects:intake_list", "clipboard-text", "intakes"),
        ),
    ),
    (
        "Build",
        (
            MenuPlace("Projects", "projects:list", "folders", "projects"),
            MenuPlace("Runs", "deployments:runs", "player-play", "live runs"),
            MenuPlace("Environments", "deployments:environments", "server"),
        ),
    ),
    (
        "Govern",
        (
            MenuPlace("Policies", "governance:policies", "shield-check"),
            MenuPlace("Audit trail", "pages:audit", "history"),
        ),
    ),
)


def register(name: str, rows: Rows, *, calls: bool = False) -> None:
    """Add rows to those of which a place shows the number; called once by the app's ``ready``.

    Args:
        calls: the number calls for attention, so it is counted for every page.
    """
    (_calling if calls else _quiet).setdefault(name, []).append(rows)


def counts(user: User) -> dict[str, int]:
    """What the sidebar shows beside its places; quiet numbers may be some seconds old, but for one's own doings.

    Counted once for each page: what the page itself shows of them and the sidebar say the same.
    """
    known: dict[str, int] | None = user.__dict__.get(_COUNTED)
    if known is None:
        known = user.__dict__[_COUNTED] = _counts(user)
    return known


def _counts(user: User) -> dict[str, int]:
    quiet: dict[str, int] | None = cache.get(_key(user))
    if quiet is not None:
        return quiet | _counted(user, _calling)
    found = _counted(user, _calling | _quiet)
    cache.set(_key(user), {name: found[name] for name in _quiet}, timeout=KEEP_SECONDS)
    return found


def forget(user: User) -> None:
    """Count anew on the person's next page, because they did something."""
    cache.delete(_key(user))
    user.__dict__.pop(_COUNTED, None)


def _key(user: User) -> str:
    return f"menu:{user.pk}"


def _counted(user: User, places: dict[str, list[Rows]]) -> dict[str, int]:
    """All numbers with one query."""
    numbers = [_sum([_number(rows(user)) for rows in several]) for several in places.values()]
    found = User.objects.filter(pk=user.pk).values_list(*numbers).first()
    return dict(zip(places, found or [0] * len(places), strict=True))


def _sum(numbers: list[Coalesce]) -> Any:
    return reduce(add, numbers)


def _number(rows: "QuerySet[Any]") -> Coalesce:
    """How many rows there are, as a part of another query."""
    counted = rows.order_by().annotate(all_rows=Value(1)).values("all_rows").annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number")), 0)
