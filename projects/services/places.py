"""Where data may lie: environments are known to the app above, which registers how to look them up."""

from collections.abc import Callable
from dataclasses import dataclass

PRODUCTION = "prod"


@dataclass(frozen=True)
class Place:
    """An environment as far as data is concerned: its name, kind, region and bucket."""

    name: str
    kind: str
    region: str
    bucket: str


Lookup = Callable[[int | None], list[Place]]
_lookups: list[Lookup] = []


def register(lookup: Lookup) -> None:
    """Add a function that gives the environments open to a project, or all of them for None. Called by ``ready``."""
    _lookups.append(lookup)


def known() -> list[Place]:
    """Every environment, by name."""
    return _sorted(None)


def for_copies(project_id: int) -> list[Place]:
    """Where a copy for the project may lie: the environments open to it, but never production."""
    return [place for place in _sorted(project_id) if place.kind != PRODUCTION]


def region_of(name: str) -> str:
    """The region of the environment with this name; empty when there is none."""
    return next((place.region for place in known() if place.name == name), "")


def _sorted(project_id: int | None) -> list[Place]:
    found = [place for lookup in _lookups for place in lookup(project_id)]
    return sorted(found, key=lambda place: place.name)
