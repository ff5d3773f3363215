"""Queues on disk: SQLite keeps every message, memory keeps the order. Survives kill -9 of the process."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.local.sqs.messages import Message, Queue, Redrive

SCHEMA = """
CREATE TABLE IF NOT EXISTS queue (name TEXT PRIMARY KEY, visibility REAL, target TEXT, max_received INTEGER);
CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, queue TEXT, body TEXT, sent_at REAL, visible_at REAL,
    received INTEGER);
"""


class UnknownQueue(LookupError):
    """No queue has this name."""


class Queues:
    """All queues of one data file; safe to call from many threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it, and read back what it holds."""
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)
        self._queues: dict[str, Queue] = {}
        self._read_back()

    def create(self, name: str, *, visibility: float = 30.0, redrive: Redrive | None = None) -> None:
        """Make the queue, or set the attributes (seconds hidden, dead letters) of the one that exists."""
        with self._writing():
            target, most = (redrive.target, redrive.max_received) if redrive else (None, None)
            sql = "INSERT INTO queue VALUES (?,?,?,?) ON CONFLICT (name) DO UPDATE SET visibility=excluded.visibility,"
            sql += " target=excluded.target, max_received=excluded.max_received"
            self._db.execute(sql, (name, visibility, target, most))
            queue = self._queues.setdefault(name, Queue(name, threading.Condition(self._lock)))
            queue.visibility, queue.redrive = visibility, redrive

    def names(self) -> list[str]:
        """Names of all queues, sorted."""
        with self._lock:
            return sorted(self._queues)

    def send_event(self, queue: str, body: str, *, delay: float = 0.0) -> str:
        """Add a message, visible after `delay` seconds; returns its id. Raises UnknownQueue."""
        now = time.time()
        message = Message(uuid.uuid4().hex, body, now, now + delay)
        with self._writing():
            found = self._find(queue)
            row = (message.id, queue, body, now, message.visible_at, 0)
            self._db.execute("INSERT INTO message VALUES (?,?,?,?,?,?)", row)
            found.add(message)
        return message.id

    def receive(
        self, queue: str, *, most: int = 1, wait: float = 0.0, visibility: float | None = None
    ) -> list[tuple[Message, str]]:
        """Up to `most` messages with their receipts, waiting up to `wait` seconds for the first."""
        deadline = time.time() + wait
        with self._lock:
            while True:
                found = self._find(queue)
                if taken := self._deliver(found, most, found.visibility if visibility is None else visibility):
                    return taken
                now = time.time()
                if now >= deadline:
                    return []
                due = found.next_visible_at()
                found.arrived.wait(max(0.0, min(deadline, deadline if due is None else due) - now))

    def delete(self, queue: str, receipt: str) -> None:
        """Remove the message of this delivery; an outdated receipt changes nothing."""
        with self._writing():
            found = self._find(queue)
            if held := found.by_receipt(receipt):
                self._db.execute("DELETE FROM message WHERE id=?", (held.id,))
                del found.messages[held.id]

    def change_visibility(self, queue: str, receipt: str, seconds: float) -> bool:
        """Hide the message for `seconds` from now; False when the receipt is outdated."""
        with self._writing():
            found = self._find(queue)
            if (held := found.by_receipt(receipt)) is None:
                return False
            moment = time.time() + seconds
            self._db.execute("UPDATE message SET visible_at=? WHERE id=?", (moment, held.id))
            found.hide_until(held, moment)
            return True

    def purge(self, queue: str) -> None:
        """Remove every message of the queue."""
        with self._writing():
            found = self._find(queue)
            self._db.execute("DELETE FROM message WHERE queue=?", (queue,))
            found.messages.clear()
            found.heap.clear()

    def drop(self, queue: str) -> None:
        """Remove the queue and its messages; those who wait on it get UnknownQueue."""
        with self._writing():
            found = self._find(queue)
            self._db.execute("DELETE FROM message WHERE queue=?", (queue,))
            self._db.execute("DELETE FROM queue WHERE name=?", (queue,))
            del self._queues[queue]
            found.arrived.notify_all()

    def counts(self, queue: str) -> tuple[int, int]:
        """How many messages are visible, and how many are hidden (in flight or delayed)."""
        now = time.time()
        with self._lock:
            held = self._find(queue).messages.values()
            visible = sum(message.visible_at <= now for message in held)
            return visible, len(held) - visible

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _deliver(self, queue: Queue, most: int, visibility: float) -> list[tuple[Message, str]]:
        now, taken = time.time(), list[tuple[Message, str]]()
        due = queue.next_visible_at()
        if due is None or due > now:
            return taken
        with self._writing():
            while len(taken) < most and (message := queue.take(now)):
                if self._is_dead(queue, message):
                    self._bury(queue, message)
                    continue
                message.received += 1
                queue.hide_until(message, now + max(visibility, 1e-6))
                sql = "UPDATE message SET visible_at=?, received=? WHERE id=?"
                self._db.execute(sql, (message.visible_at, message.received, message.id))
                taken.append((message, message.receipt))
        return taken

    def _is_dead(self, queue: Queue, message: Message) -> bool:
        redrive = queue.redrive
        return redrive is not None and redrive.target in self._queues and message.received >= redrive.max_received

    def _bury(self, queue: Queue, message: Message) -> None:
        target = self._queues[queue.redrive.target] if queue.redrive else queue
        self._db.execute("UPDATE message SET queue=?, received=0 WHERE id=?", (target.name, message.id))
        del queue.messages[message.id]
        message.received = 0
        target.add(message)

    def _find(self, name: str) -> Queue:
        if name not in self._queues:
            raise UnknownQueue(f"There is no queue named {name}. Create it first.")
        return self._queues[name]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _read_back(self) -> None:
        for name, visibility, target, most in self._db.execute("SELECT * FROM queue"):
            redrive = Redrive(target, most) if target else None
            self._queues[name] = Queue(name, threading.Condition(self._lock), visibility, redrive)
        sql = "SELECT queue, id, body, sent_at, visible_at, received FROM message ORDER BY rowid"
        with self._lock:
            for queue, *columns in self._db.execute(sql):
                self._queues[queue].add(Message(*columns))
