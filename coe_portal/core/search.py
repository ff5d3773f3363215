"""What the command palette finds. Each app registers a provider; the kernel only asks them in turn."""

from collections.abc import Callable
from dataclasses import dataclass

from coe_portal.core.models import User

MAX_HITS = 6


@dataclass(frozen=True)
class Hit:
    """One line of the palette: ``group`` is its heading (Projects, Runs, Go to, Do), ``icon`` a tabler icon."""

    group: str
    title: str
    subtitle: str
    url: str
    icon: str


Provider = Callable[[User, str], list[Hit]]
_providers: dict[str, Provider] = {}


def register(name: str, provider: Provider) -> None:
    """Add a provider; called once by an app's ``ready``. It answers at most six hits with one query."""
    _providers[name] = provider


def find(user: User, words: str) -> dict[str, list[Hit]]:
    """Hits by heading: what begins with the words comes first, else in the order of the providers."""
    groups: dict[str, list[Hit]] = {}
    for provider in _providers.values():
        for hit in provider(user, words)[:MAX_HITS]:
            groups.setdefault(hit.group, []).append(hit)
    found = {group: sorted(hits, key=lambda hit: not _begins(hit, words)) for group, hits in groups.items()}
    return dict(sorted(found.items(), key=lambda group: not _begins(group[1][0], words)))


def _begins(hit: Hit, words: str) -> bool:
    return bool(words) and hit.title.lower().startswith(words.lower())
