"""The audit trail's hash chain: how a link is made and how a break is found. Pure.

``hash(n) = SHA-256(canonical JSON of {number, previous, sealed_at, entry})``; what comes before the first is 64 zeros.
Canonical JSON has sorted keys and no spaces, in UTF-8; times are UTC with microseconds.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

GENESIS = "0" * 64
# An entry's transaction ends soon: one that claims to be so much older than a sealing that did not see it
# was written later than it says.
LATEST = timedelta(hours=2)
FIELDS = (
    "id", "at", "actor_id", "on_behalf_of_id", "action", "subject", "subject_label", "project", "before", "after",
    "comment", "request_id",
)  # fmt: skip
CHANGED, MISSING, INSERTED, REORDERED, ANCHOR = "changed", "missing", "inserted", "reordered", "anchor"
Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """One seal as it is stored."""

    number: int
    entry_id: int
    sealed_at: datetime
    hash: str


@dataclass(frozen=True)
class Break:
    """The first place where the trail is not what was sealed. ``kind`` is one of the five words above."""

    kind: str
    number: int
    entry: int | None
    message: str

    def plain(self) -> dict[str, Any]:
        return {"kind": self.kind, "number": self.number, "entry": self.entry, "message": self.message}


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} is not part of an audit entry")


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text).encode


def link_hash(previous: str, number: int, sealed_at: datetime, entry: Content) -> str:
    """The hash (64 hexadecimal digits) of link ``number`` over ``entry``, a mapping of FIELDS."""
    said = {"number": number, "previous": previous, "sealed_at": sealed_at, "entry": entry}
    return hashlib.sha256(_encode(said).encode()).hexdigest()


def too_old(entry: int, at: datetime, sealed_before: datetime) -> str:
    """Why an entry was added afterwards: it should have been seen by the sealing at ``sealed_before``."""
    seen = f"{sealed_before:%Y-%m-%d %H:%M}"
    return f"Entry {entry} says {at:%Y-%m-%d %H:%M}, but the sealings until {seen} did not see it: it was added later."


class Walk:
    """Walks along the chain; ``step`` says what is wrong with the next link, or takes it."""

    def __init__(self, last: Link | None = None, sealed_before: datetime | None = None) -> None:
        """Begin after ``last``; ``sealed_before`` is the time of the sealing before the one that made it."""
        self.last, self.sealed_before = last, sealed_before

    @property
    def head(self) -> str:
        """NUMBER:HASH of the last link that was right."""
        return f"{self.last.number}:{self.last.hash}" if self.last else f"0:{GENESIS}"

    def step(self, link: Link, entry: Content | None) -> Break | None:
        number = self.last.number + 1 if self.last else 1
        if link.number != number:
            return Break(MISSING, number, None, f"Seal {number} is missing; the next one there is {link.number}.")
        if entry is None:
            return Break(MISSING, number, link.entry_id, f"Entry {link.entry_id} is missing; seal {number} covers it.")
        if link.hash != link_hash(self.last.hash if self.last else GENESIS, number, link.sealed_at, entry):
            return Break(CHANGED, number, link.entry_id, f"Entry {link.entry_id} is not what seal {number} covers.")
        before = self._sealing_before(link)
        if before is not None and entry["at"] + LATEST < before:
            return Break(INSERTED, number, link.entry_id, too_old(link.entry_id, entry["at"], before))
        self.last, self.sealed_before = link, before
        return None

    def _sealing_before(self, link: Link) -> datetime | None:
        """When the sealing before the one that made ``link`` was; links of one sealing have the same time."""
        if self.last is None or link.sealed_at == self.last.sealed_at:
            return self.sealed_before
        return self.last.sealed_at


def belongs_elsewhere(link: Link, previous: str, other: Callable[[], list[Content]]) -> int | None:
    """The id of the neighbouring entry that a link's hash was made of, when two entries changed places."""
    fits = (entry for entry in other() if link_hash(previous, link.number, link.sealed_at, entry) == link.hash)
    found = next(fits, None)
    return None if found is None else int(found["id"])
