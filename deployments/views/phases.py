"""The timeline of a run as a track: phases with widths in time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from deployments import costs

WORK = {"Training"}
SPOT = {"Interrupted", "Restarting"}
ENDS = {"Completed", "Failed", "Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"}
WORDS = {
    "queue": "In the portal's queue",
    "wait": "Preparing",
    "training": "Training",
    "interrupted": "Spot interruption",
    "upload": "Uploading and closing",
}
QUEUED = "Queued"
# Percent of the track that a word below it takes up, at the narrowest width at which it is shown.
ROOM_FOR_A_WORD, WORTH_A_WORD = 15.0, 5.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of the track. ``x`` and ``width`` are percent of the whole, ``kind`` a key of ``WORDS``."""

    name: str
    kind: str
    start: datetime
    seconds: int
    x: float
    width: float
    message: str

    @property
    def length(self) -> str:
        return costs.duration(self.seconds)


@dataclass(frozen=True, slots=True)
class Word:
    """A word below the track at ``x`` percent; ``anchor`` is the SVG text anchor."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Track:
    """The whole track; ``legend`` names the kinds that occur, ``words`` say below it when the long phases began."""

    phases: tuple[Phase, ...]
    seconds: int
    legend: tuple[tuple[str, str], ...]
    words: tuple[Word, ...]

    @property
    def length(self) -> str:
        return costs.duration(self.seconds)

    @property
    def sentence(self) -> str:
        return ", ".join(f"{phase.name} {phase.length}" for phase in self.phases) or "Nothing has happened yet"


def track(*, created: datetime, ended: datetime | None, timeline: Iterable[Mapping[str, Any]], now: datetime) -> Track:
    """Lay the portal's own queue and AWS's secondary states side by side; an open phase lasts until now."""
    end = ended or now
    stretches = _stretches(timeline, end)
    first = stretches[0][1] if stretches else end
    if first > created:
        stretches.insert(0, (QUEUED, created, first, ""))
    total = sum((stop - start).total_seconds() for _, start, stop, _ in stretches) or 1.0
    phases, x = [], 0.0
    for name, start, stop, message in stretches:
        seconds = (stop - start).total_seconds()
        width = 100 * seconds / total
        phases.append(Phase(name, kind_of(name), start, int(seconds), round(x, 3), round(width, 3), message))
        x += width
    kinds = dict.fromkeys(phase.kind for phase in phases)
    legend = tuple((kind, WORDS[kind]) for kind in kinds)
    return Track(tuple(phases), int(total), legend, _words(phases, end, "ended" if ended else "now"))


def _words(phases: list[Phase], end: datetime, last: str) -> tuple[Word, ...]:
    """When the first phase and each one with room for a word began, and where the track ends."""
    words: list[Word] = []
    for phase in phases:
        has_room = not words or (phase.x - words[-1].x >= ROOM_FOR_A_WORD and phase.width >= WORTH_A_WORD)
        if has_room and phase.x <= 100 - 2 * ROOM_FOR_A_WORD:
            words.append(Word(phase.x, f"{_clock(phase.start)} {phase.name.lower()}", "start"))
    return (*words, Word(100.0, f"{_clock(end)} {last}", "end"))


def _clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M:%S}"


def kind_of(status: str) -> str:
    """The colour class of a secondary status."""
    if status == QUEUED:
        return "queue"
    if status in WORK:
        return "training"
    if status in SPOT:
        return "interrupted"
    return "upload" if status in {"Uploading", "Stopping"} else "wait"


def _stretches(timeline: Iterable[Mapping[str, Any]], end: datetime) -> list[tuple[str, datetime, datetime, str]]:
    found = []
    for entry in timeline:
        start = parse_datetime(str(entry.get("started_at") or ""))
        stop = parse_datetime(str(entry.get("ended_at") or "")) or end
        if start and stop >= start and entry.get("status") not in ENDS:
            found.append((str(entry.get("status")), start, stop, str(entry.get("message") or "")))
    return sorted(found, key=lambda each: each[1])
