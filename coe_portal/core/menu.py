"""The sidebar's places, by URL name: a place whose page is not mounted is left out."""

from collections.abc import Callable
from dataclasses import dataclass

from coe_portal.core.models import User

Counter = Callable[[User], int]
_counters: dict[str, Counter] = {}


@dataclass(frozen=True)
class MenuPlace:
    """One link.

    Attributes:
        count: name of the registered counter whose number stands beside the title.
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


def register(name: str, counter: Counter) -> None:
    """Say how many things stand behind a place; called once by an app's ``ready``."""
    _counters[name] = counter


def count(name: str, user: User) -> int | None:
    """What the sidebar shows beside a place; None when nothing counts it."""
    counter = _counters.get(name)
    return counter(user) if counter else None
