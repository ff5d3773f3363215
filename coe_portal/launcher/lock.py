"""One portal, or one command with servers of its own, per folder.

The lock is held by the open file, which the children inherit: it is free when the last of them has ended, also after
kill -9 of the one that started them.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from coe_portal.launcher.places import Places
from coe_portal.launcher.trouble import Trouble

LEFTOVER_PATIENCE = 20.0


@contextmanager
def only_one(places: Places, *, wait: bool) -> Iterator[int]:
    """Hold the folder for this process; gives the file descriptor that children inherit.

    Raises Trouble when another portal has the folder and ``wait`` is false.
    """
    with (places.var / "run" / "portal.lock").open("a+") as lock:
        if not _taken_soon(lock):
            _take_over(places, lock, wait=wait)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock.fileno()


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken_soon(lock: IO[str]) -> bool:
    """As ``_taken``, but not put off by a command that is only looking whether a portal runs."""
    for _ in range(5):
        if _taken(lock):
            return True
        time.sleep(0.05)
    return False


def _take_over(places: Places, lock: IO[str], *, wait: bool) -> None:
    """Wait for a command to end, or for what a killed portal has left behind."""
    alive = holder_is_alive(lock)
    if alive and not wait:
        raise Trouble(
            f"Another portal uses {places.var} already (or a ./portal command is still running). "
            "Stop it, or set VAR_DIR and PORT for a second one."
        )
    whose = "another ./portal command" if alive else "a portal that was killed"
    print(f"Waiting for {whose} on {places.var} to end …", file=sys.stderr, flush=True)
    end = time.monotonic() + LEFTOVER_PATIENCE
    while not _taken(lock):
        time.sleep(0.1)
        if not holder_is_alive(lock) and time.monotonic() > end:
            raise Trouble(f"Processes of a portal that was killed still use {places.var}. End them and try again.")


def holder_is_alive(lock: IO[str]) -> bool:
    """Whether the process that took the lock still runs."""
    lock.seek(0)
    written = lock.read().strip()
    if not written.isdigit():
        return True  # it has the lock and has not written yet
    try:
        os.kill(int(written), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(int(written))


def _is_zombie(pid: int) -> bool:
    """Whether it has ended and only waits for its parent to notice; Linux tells."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def is_held(places: Places) -> bool:
    """Whether a living portal or command has the folder."""
    path = places.var / "run" / "portal.lock"
    if not path.exists():
        return False
    with path.open("a+") as lock:
        if _taken(lock):
            fcntl.flock(lock, fcntl.LOCK_UN)
            return False
        return holder_is_alive(lock)
