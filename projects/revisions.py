"""What changed between two numbered revisions of a project, in words. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from projects.checklists import fields_of

Path = tuple[str, ...]


class TitledQuestion(Protocol):
    """What the words for an answer's place come from."""

    @property
    def code(self) -> str: ...
    @property
    def short(self) -> str: ...
    @property
    def answer_schema(self) -> Any: ...


@dataclass(frozen=True)
class Change:
    """One place that differs: ``kind`` is added, removed or changed; ``before`` and ``after`` are the plain values."""

    path: Path
    before: Any
    after: Any

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every place that differs between two contents, in the order of the newer one, then what is gone."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    places = [*new, *(path for path in old if path not in new)]
    return [Change(path, old.get(path), new.get(path)) for path in places if old.get(path) != new.get(path)]


def _leaves(content: Mapping[str, Any], path: Path = ()) -> Iterable[tuple[Path, Any]]:
    """Places that hold something, with their values; empty text, lists and mappings hold nothing."""
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, name))
        elif value not in (None, "", []):
            yield (*path, name), value


def titles(questions: Iterable[TitledQuestion]) -> dict[Path, str]:
    """Words for the places of answers, such as “Business value: Most likely, a year”."""
    return {
        ("answers", question.code, name): f"{question.short}: {rule.get('title', name)}"
        for question in questions
        for name, rule in fields_of(question.answer_schema)
    }


def place_in_words(path: Path, known: Mapping[Path, str]) -> str:
    """The title of a place, or its names as a sentence: ``("poc", "ends_on")`` is “Poc: ends on”."""
    if path in known:
        return known[path]
    words = ": ".join(part.replace("_", " ") for part in path)
    return words[:1].upper() + words[1:]
