"""The sidebar's places, by URL name: a place whose page is not mounted is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from coe_portal.core import kept
from coe_portal.core.models import SavedView, User

MOST_VIEWS = 12
_VIEWS = "saved views"
_numbers: dict[str, Callable[[User], int]] = {}


@dataclass(frozen=True)
class MenuPlace:
    """One link.

    Attributes:
        count: name of the number that stands beside the title; an app registers its rows.
        badge: URL name of a fragment with the same number, when it calls for attention and is asked for again.
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
            MenuPlace("Inbox", "governance:inbox", "inbox", "inbox", "governance:inbox_count", ("/approvals/",)),
            MenuPlace("Portfolio", "pages:portfolio", "layout-dashboard"),
            MenuPlace("Intake", "projects:intake_list", "clipboard-text", "intakes"),
        ),
    ),
    (
        "Build",
        (
            MenuPlace("Projects", "projects:list", "folders", "projects"),
            MenuPlace("Data", "projects:datasets", "database", "datasets", also=("/data-access/",)),
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
    ("Share", (MenuPlace("Wins and lessons", "projects:stories", "trophy", also=("/lessons/",)),)),
)


def register(name: str, rows: "Callable[[User], QuerySet[Any]]") -> None:
    """Let a place show how many of the rows there are; called once by the app's ``ready``."""
    fact = f"number of {name}"
    kept.register(fact, lambda user: _number(rows(user)))
    register_number(name, lambda user: kept.facts(user)[fact] or 0)


def register_number(name: str, number: Callable[[User], int]) -> None:
    """Let a place show a number that is known without a query of its own."""
    _numbers[name] = number


def number(user: User, name: str) -> int | None:
    """What stands beside a place; None where nothing does."""
    return _numbers[name](user) if name in _numbers else None


def saved_views(user: User) -> list[dict[str, str]]:
    """The views that stand in the person's sidebar: their own and the shared ones."""
    return kept.facts(user)[_VIEWS] or []


def _views(user: User) -> ArraySubquery:
    rows = SavedView.objects.visible_to(user).order_by("name", "pk")
    shown = JSONObject(id="pk", name="name", page="page")
    return ArraySubquery(rows.annotate(shown=shown).values("shown")[:MOST_VIEWS])


kept.register(_VIEWS, _views)


def _number(rows: "QuerySet[Any]") -> Coalesce:
    """How many rows there are, as a part of another query."""
    counted = rows.order_by().annotate(all_rows=Value(1)).values("all_rows").annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number")), 0)
