"""The sidebar's places, by URL name: a place whose page is not mounted is left out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MenuPlace:
    """One link: ``badge`` is the URL name of a fragment that counts what waits there."""

    title: str
    url_name: str
    icon: str
    badge: str = ""


MENU: tuple[tuple[str, tuple[MenuPlace, ...]], ...] = (
    (
        "",
        (
            MenuPlace("Inbox", "governance:inbox", "inbox", "governance:inbox_count"),
            MenuPlace("Portfolio", "pages:portfolio", "layout-dashboard"),
            MenuPlace("Intake", "projects:intake_list", "clipboard-text"),
        ),
    ),
    (
        "Build",
        (
            MenuPlace("Projects", "projects:list", "folders"),
            MenuPlace("Runs", "deployments:runs", "player-play"),
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
