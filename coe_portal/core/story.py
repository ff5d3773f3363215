"""The audit trail in sentences: who did what, readable in ten years from the entry alone.

A sentence is what stands after the person's name: “moved the project from Intake to Qualification”. Each app registers
writers for its own actions; an action that nobody knows gets a plain sentence made of its code and its subject.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coe_portal.core.models import AuditEntry, User

LONGEST = 160
Writer = Callable[["Telling"], str]
Reader = Callable[[set[str]], Mapping[str, str]]
_writers: dict[str, Writer] = {}
_readers: dict[str, Reader] = {}
_REF = re.compile(r"user:([^\s/]{1,64})")
_VERBS = ("ed", "sent", "set", "given", "kept", "met", "made", "lost")
# They change with everything and tell a reader nothing.
BOOKKEEPING = frozenset({"version", "updated_at", "digest", "specification", "verdict_by", "verdict_at", "closed_by"})


@dataclass(frozen=True)
class Telling:
    """An entry with the names of the people in it, and of the objects whose keys stand in it."""

    entry: AuditEntry
    people: Mapping[str, str]
    objects: Mapping[str, str]

    @property
    def before(self) -> dict[str, Any]:
        return self.entry.before or {}

    @property
    def after(self) -> dict[str, Any]:
        return self.entry.after or {}

    @property
    def label(self) -> str:
        """What it was done to, without the project that every line of a story is about."""
        text, project = self.entry.subject_label, self.entry.project
        for tail in (f" of {project}", f" in {project}"):
            text = text.removesuffix(tail) if project else text
        return text

    def said(self, value: Any) -> str:
        """A value for people: names for references to people, words for codes."""
        if value is None or value == "" or value == [] or value == {}:
            return "nothing"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ", ".join(self.said(item) for item in value)
        if isinstance(value, Mapping):
            return ", ".join(f"{name}: {self.said(item)}" for name, item in value.items())
        text = str(value)
        return self.objects.get(text) or _REF.sub(lambda found: self.people.get(found[1], found[1]), text)

    def keys(self) -> list[tuple[str, str]]:
        """Name and key of every object in the entry: names change and may be given again, keys stay."""
        keys = dict.fromkeys(key for state in (self.before, self.after) for _, key in _keys_in(state))
        return [(self.objects[key], key) for key in keys if key in self.objects]

    def changes(self) -> list[tuple[str, str, str]]:
        """Name, before and after of everything that changed; empty text where there was nothing."""
        names = [name for name in {**self.before, **self.after} if name not in BOOKKEEPING]
        return [(in_words(name), self._side(self.before, name), self._side(self.after, name)) for name in names]

    def _side(self, state: Mapping[str, Any], name: str) -> str:
        return self.said(state[name]) if state.get(name) not in (None, "", [], {}) else ""


@dataclass(frozen=True)
class Line:
    """One line of a story. ``sentence`` follows the actor's name, ``changes`` are name, before, after.

    ``keys`` are names and keys of objects that the changes name.
    """

    entry: AuditEntry
    sentence: str
    changes: list[tuple[str, str, str]]
    keys: list[tuple[str, str]]

    @property
    def who(self) -> str:
        """The actor, and for whom."""
        principal = self.entry.on_behalf_of
        return f"{self.entry.actor_name} for {principal}" if principal else self.entry.actor_name


def tells(*actions: str) -> Callable[[Writer], Writer]:
    """Decorator: the function writes the sentence of these actions."""

    def register(writer: Writer) -> Writer:
        _writers.update(dict.fromkeys(actions, writer))
        return writer

    return register


def names(field: str, read: Reader) -> None:
    """Register how the keys of objects that entries keep under ``field`` are read as names, with one query."""
    _readers[field] = read


def told(entries: Iterable[AuditEntry]) -> list[Line]:
    """The entries as lines, in their order; the names of people and of each kind of object are read with one query."""
    rows = list(entries)
    people, objects = _names(rows), objects_in(rows)
    tellings = [Telling(row, people, objects) for row in rows]
    return [Line(each.entry, sentence(each), each.changes(), each.keys()) for each in tellings]


def objects_in(rows: Iterable[AuditEntry]) -> dict[str, str]:
    """The names of the objects whose keys stand in the entries, by key."""
    found: dict[str, set[str]] = {}
    for row in rows:
        for field, key in (*_keys_in(row.before), *_keys_in(row.after)):
            found.setdefault(field, set()).add(key)
    return {key: name for field, keys in found.items() for key, name in _readers[field](keys).items()}


def _keys_in(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Field and key of everything that can be read as a name, however deep it stands."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _keys_in(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys_in(inner, field)
    elif field in _readers and isinstance(value, str):
        yield field, value


def sentence(telling: Telling) -> str:
    """What happened, after the actor's name. An old entry over which its writer stumbles gets the plain sentence."""
    writer = _writers.get(telling.entry.action)
    try:
        words = writer(telling) if writer else ""
    except (KeyError, TypeError, ValueError, AttributeError):
        words = ""
    return words or _plain(telling)


def _plain(telling: Telling) -> str:
    kind, _, verb = telling.entry.action.rpartition(".")
    words = verb.replace("_", " ")
    if words.endswith(_VERBS) and " " not in words:
        return f"{words} {telling.label}"
    return f"noted “{in_words(kind).lower()} {words}” on {telling.label}"


def in_words(code: str) -> str:
    """``poc_ends_on`` as “Poc ends on”, with the words that are abbreviations."""
    text = str(code).replace("_", " ").replace(".", " ").strip().capitalize()
    return re.sub(r"\b(poc|url|id|aws|ml)\b", lambda found: found[0].upper(), text, flags=re.IGNORECASE)


def shortened(text: str, most: int = LONGEST) -> str:
    """At most ``most`` characters, cut between words."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1].rpartition(" ")[0] + "…"


def _names(rows: Iterable[AuditEntry]) -> dict[str, str]:
    named = {name for row in rows for name in _REF.findall(f"{row.before} {row.after}".replace("'", " "))}
    if not named:
        return {}
    found = User.objects.filter(username__in=named).values_list("username", "display_name")
    return {username: name or username for username, name in found}
