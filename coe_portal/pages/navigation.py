"""Where the palette can take a person."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from coe_portal.core.models import User
from coe_portal.core.search import Hit


@dataclass(frozen=True)
class Place:
    """A page of the portal; ``words`` are other names people use for it."""

    title: str
    url_name: str
    icon: str
    words: str = ""
    staff_only: bool = False


PLACES = (
    Place("Inbox", "governance:inbox", "inbox", "approvals decisions waiting"),
    Place("Portfolio", "pages:portfolio", "layout-dashboard", "overview value spend"),
    Place("Intake", "projects:intake_list", "clipboard-text", "ideas drafts queue"),
    Place("New intake", "projects:intake_new", "plus", "propose project idea start"),
    Place("Projects", "projects:list", "folders"),
    Place("Runs", "deployments:runs", "player-play", "training jobs"),
    Place("Environments", "deployments:environments", "server", "accounts aws"),
    Place("Policies", "governance:policies", "shield-check", "gates rules stages"),
    Place("Audit trail", "pages:audit", "history", "events log who"),
    Place("Account and tokens", "pages:me", "user", "theme settings api token password"),
    Place("Delegations", "governance:delegations", "users", "holiday absence stand in deputy approvals"),
    Place("API documentation", "api-docs", "api", "openapi rest"),
    Place("Admin console", "admin:index", "settings", "people policies prices", staff_only=True),
    Place("Workers and queues", "admin:system_health", "activity", "health celery", staff_only=True),
)


def go_to(user: User, words: str) -> list[Hit]:
    """Pages whose title or other names contain every word typed."""
    wanted = words.lower().split()
    hits = []
    for place in PLACES:
        text = f"{place.title} {place.words}".lower()
        if all(word in text for word in wanted) and (user.is_staff or not place.staff_only):
            url = _url(place.url_name)
            if url:
                hits.append(Hit("Go to", place.title, "", url, place.icon))
    return hits


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
