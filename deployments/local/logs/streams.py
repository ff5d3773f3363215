"""Log streams on disk, read in pages whose token repeats at the end, as CloudWatch Logs does."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = 1_048_576
EVENT_OVERHEAD = 26
SCHEMA = """
CREATE TABLE IF NOT EXISTS stream (log_group TEXT, name TEXT, created_at INTEGER, PRIMARY KEY (log_group, name));
CREATE TABLE IF NOT EXISTS event (log_group TEXT, stream TEXT, position INTEGER, at INTEGER, message TEXT,
    PRIMARY KEY (log_group, stream, position)) WITHOUT ROWID;
"""


class UnknownStream(LookupError):
    """No stream has this name in this group."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events as (epoch milliseconds, message), and the position at which the next page starts."""

    events: list[tuple[int, str]]
    next_position: int


class Streams:
    """All log streams of one data file; safe to call from many threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def append(self, group: str, stream: str, lines: Iterable[str], *, at: int | None = None) -> None:
        """Add lines at `at` (epoch milliseconds, default now); makes the stream when it is missing."""
        moment = int(time.time() * 1000) if at is None else at
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT OR IGNORE INTO stream VALUES (?,?,?)", (group, stream, moment))
            sql = "SELECT COALESCE(MAX(position) + 1, 0) FROM event WHERE log_group=? AND stream=?"
            first = self._db.execute(sql, (group, stream)).fetchone()[0]
            rows = ((group, stream, first + n, moment, line) for n, line in enumerate(lines))
            self._db.executemany("INSERT INTO event VALUES (?,?,?,?,?)", rows)

    def read(self, group: str, stream: str, *, position: int = 0, limit: int = 10_000) -> Page:
        """Events from `position`, at most `limit` and 1 MiB. At the end the position repeats. Raises UnknownStream."""
        with self._lock:
            known = "SELECT 1 FROM stream WHERE log_group=? AND name=?"
            if self._db.execute(known, (group, stream)).fetchone() is None:
                raise UnknownStream(f"The log stream {stream} does not exist in the group {group}.")
            sql = (
                "SELECT at, message FROM event WHERE log_group=? AND stream=? AND position>=? ORDER BY position LIMIT ?"
            )
            events, size = list[tuple[int, str]](), 0
            for moment, message in self._db.execute(sql, (group, stream, position, limit)):
                size += len(message.encode()) + EVENT_OVERHEAD
                if events and size > PAGE_BYTES:
                    break
                events.append((moment, message))
        return Page(events, position + len(events))

    def names(self, group: str, *, prefix: str = "") -> list[str]:
        """Names of the group's streams that start with `prefix`, sorted."""
        sql = "SELECT name FROM stream WHERE log_group=? AND substr(name, 1, length(?))=? ORDER BY name"
        with self._lock:
            return [name for (name,) in self._db.execute(sql, (group, prefix, prefix))]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
