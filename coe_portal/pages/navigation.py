"""Where the palette can take a person, and what it can start."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from coe_portal.core.models import User
from coe_portal.core.search import Hit
from projects.filters import found_by
from projects.models import Project, Stage

RUNNABLE = (Stage.POC, Stage.PRODUCTION_READY, Stage.PRODUCTION)
LAUNCHES = 3


@dataclass(frozen=True)
class Place:
    """A page of the portal or something to do there; ``words`` are other names people use for it."""

    title: str
    url_name: str
    icon: str
    words: str = ""
    staff_only: bool = False
    leads_only: bool = False
    hint: str = ""

    def fits(self, user: User, wanted: list[str]) -> bool:
        """Whether every word names the place and the person may go there."""
        text = f"{self.title} {self.words}".lower()
        is_open = (user.is_staff or not self.staff_only) and (user.is_lead or not self.leads_only)
        return is_open and all(word in text for word in wanted)


PLACES = (
    Place("Inbox", "governance:inbox", "inbox", "approvals decisions waiting"),
    Place("Portfolio", "pages:portfolio", "layout-dashboard", "overview value spend"),
    Place("Intake", "projects:intake_list", "clipboard-text", "ideas drafts queue"),
    Place("Projects", "projects:list", "folders"),
    Place("Runs", "deployments:runs", "player-play", "training jobs"),
    Place("Environments", "deployments:environments", "server", "accounts aws"),
    Place("Policies", "governance:policies", "shield-check", "gates rules stages"),
    Place("Audit trail", "pages:audit", "history", "events log who"),
    Place("Account and tokens", "pages:me", "user", "theme settings api token password colours dark"),
    Place("Delegations", "governance:delegations", "users", "holiday absence stand in deputy approvals"),
    Place("API documentation", "api-docs", "api", "openapi rest help"),
    Place("Admin console", "admin:index", "settings", "people policies prices", staff_only=True),
    Place("Workers and queues", "admin:system_health", "activity", "health celery", staff_only=True),
)
ACTIONS = (
    Place("Propose a project", "projects:intake_new", "plus", "new intake idea start", hint="N"),
    Place("Decide what needs you", "governance:inbox", "list-check", "approve review inbox"),
    Place("Make an API token", "pages:me", "key", "new create automation curl"),
    Place("Change your password", "account_change_password", "lock", "security"),
    Place("Add an environment", "deployments:environment_new", "server", "new aws account region", leads_only=True),
    Place("Draft a policy", "governance:policy_new", "shield-check", "new rules", leads_only=True),
    Place("Add a person", "admin:core_user_add", "user-plus", "new account invite member", leads_only=True),
    Place("Retry parked events", "admin:core_outboxevent_changelist", "refresh", "outbox", leads_only=True),
)


def go_to(user: User, words: str) -> list[Hit]:
    """Pages whose title or other names contain every word typed."""
    return _hits("Go to", PLACES, user, words)


def do(user: User, words: str) -> list[Hit]:
    """Things to start: the portal's own, and a run for each matching project that may have one."""
    return [*_launches(user, words), *_hits("Do", ACTIONS, user, words)]


def _hits(group: str, places: tuple[Place, ...], user: User, words: str) -> list[Hit]:
    wanted = words.lower().split()
    fitting = [place for place in places if place.fits(user, wanted)]
    return [Hit(group, place.title, place.hint, url, place.icon) for place in fitting if (url := _url(place.url_name))]


def _launches(user: User, words: str) -> list[Hit]:
    wanted = " ".join(word for word in words.split() if word.lower() not in ("launch", "a", "run", "for"))
    if not wanted:
        return []
    mine = Project.objects.filter(members__user=user, stage__in=RUNNABLE)
    return [
        Hit("Do", f"Launch a run for {row.name}", row.key, _url("deployments:run_new", row.key), "rocket")
        for row in found_by(mine, wanted).order_by("-id")[:LAUNCHES]
    ]


def _url(name: str, *args: str) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
