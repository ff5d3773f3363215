"""Objects as files, their names in SQLite: no key can leave the folder, and half-written objects never show."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, created REAL);
CREATE TABLE IF NOT EXISTS object (bucket TEXT, key TEXT, etag TEXT, size INTEGER, type TEXT, modified REAL, file TEXT,
    PRIMARY KEY (bucket, key)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Stored:
    """One object: where its bytes are and what is known of them."""

    key: str
    etag: str
    size: int
    content_type: str
    modified: float
    file: str


class Objects:
    """All buckets of one data folder; safe to call from many threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "objects"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(folder / "s3.db", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(SCHEMA)

    def create_bucket(self, name: str) -> bool:
        """Make the bucket; False when it exists."""
        with self._lock:
            made = self._db.execute("INSERT OR IGNORE INTO bucket VALUES (?,?)", (name, time.time()))
            return made.rowcount == 1

    def buckets(self) -> list[tuple[str, float]]:
        with self._lock:
            return list(self._db.execute("SELECT name, created FROM bucket ORDER BY name"))

    def has_bucket(self, name: str) -> bool:
        with self._lock:
            return self._db.execute("SELECT 1 FROM bucket WHERE name=?", (name,)).fetchone() is not None

    def put(self, bucket: str, key: str, content: bytes, content_type: str = "binary/octet-stream") -> Stored:
        """Write the object whole or not at all."""
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        path = self.folder / uuid.uuid4().hex
        with path.open("wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        stored = Stored(key, etag, len(content), content_type, time.time(), str(path))
        with self._lock:
            old = self._file(bucket, key)
            row = (bucket, key, etag, stored.size, content_type, stored.modified, str(path))
            self._db.execute("INSERT OR REPLACE INTO object VALUES (?,?,?,?,?,?,?)", row)
        if old:
            Path(old).unlink(missing_ok=True)
        return stored

    def get(self, bucket: str, key: str) -> Stored | None:
        columns = "key, etag, size, type, modified, file"
        with self._lock:
            sql = f"SELECT {columns} FROM object WHERE bucket=? AND key=?"  # noqa: S608  columns are fixed
            row = self._db.execute(sql, (bucket, key)).fetchone()
        return Stored(*row) if row else None

    def delete(self, bucket: str, key: str) -> None:
        """Remove the object; one that is not there is no error."""
        with self._lock:
            old = self._file(bucket, key)
            self._db.execute("DELETE FROM object WHERE bucket=? AND key=?", (bucket, key))
        if old:
            Path(old).unlink(missing_ok=True)

    def list(self, bucket: str, *, prefix: str = "", after: str = "", limit: int = 1000) -> list[Stored]:
        """Up to ``limit`` objects whose keys start with ``prefix`` and come after ``after``, in order of bytes."""
        sql = (
            "SELECT key, etag, size, type, modified, file FROM object"
            " WHERE bucket=? AND key>? AND substr(key, 1, ?)=? ORDER BY key LIMIT ?"
        )
        with self._lock:
            rows = self._db.execute(sql, (bucket, after, len(prefix), prefix, limit)).fetchall()
        return [Stored(*row) for row in rows]

    def _file(self, bucket: str, key: str) -> str:
        row = self._db.execute("SELECT file FROM object WHERE bucket=? AND key=?", (bucket, key)).fetchone()
        return str(row[0]) if row else ""
