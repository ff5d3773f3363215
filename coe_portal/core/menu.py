"""The sidebar's places, by URL name: a place whose page is not mounted is left out."""

from collections.abc import Callable
from dataclasses import dataclass

from coe_portal.core.models import User

Counter = Callable[[User], dict[str, int]]
_counters: list[Counter] = []


@dataclass(frozen=True)
class MenuPlace:
    """One link.

    Attributes:
        count: name of the number that stands beside the title; an app's counter gives it.
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


def register(counter: Counter) -> None:
    """Add an app's counts, by name, in one query; called once by the app's ``ready``."""
    _counters.append(counter)


def counts(user: User) -> dict[str, int]:
    """What the sidebar shows beside its places."""
    return {name: number for counter in _counters for name, number in counter(user).items()}
