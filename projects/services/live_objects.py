"""Objects of the portal as evidence: runs, approvals, data sets. The apps that know them register themselves here."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from projects.models import Evidence, Project


@dataclass(frozen=True)
class LiveObject:
    """A live object as it is now: what it is called, what it says (“accuracy 0.957”), and its page."""

    title: str
    says: str
    url: str = ""


@dataclass(frozen=True)
class Source:
    """Where one kind of live object is looked up.

    Attributes:
        resolve: the objects of these references that belong to the project; what is left out does not exist for it.
        choices: reference and words of what the project can point to, newest first.
        example: a reference, for people who type one.
    """

    resolve: Callable[[Project, Collection[str]], Mapping[str, LiveObject]]
    choices: Callable[[Project], list[tuple[str, str]]]
    example: str


_sources: dict[str, Source] = {}


def register(kind: str, source: Source) -> None:
    """Add a kind of live object; called once by an app's ``ready``."""
    _sources[kind] = source


def source_of(kind: str) -> Source | None:
    """Where this kind is looked up; None when no app knows it."""
    return _sources.get(kind)


def choices(project: Project) -> dict[str, list[tuple[str, str]]]:
    """By kind: what the project can point to."""
    return {kind: source.choices(project) for kind, source in _sources.items()}


def current(project: Project, pieces: Collection[Evidence]) -> dict[str, LiveObject | None]:
    """What each live piece of evidence says now, by its id; None for an object that is gone."""
    found: dict[str, LiveObject | None] = {}
    for kind, source in _sources.items():
        wanted = [piece for piece in pieces if piece.kind == kind]
        known = source.resolve(project, {piece.reference for piece in wanted}) if wanted else {}
        found |= {piece.pk: known.get(piece.reference) for piece in wanted}
    return found
