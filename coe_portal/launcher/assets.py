"""Collects static files only when they have changed: that takes seconds, and most starts need none of it."""

import hashlib
from pathlib import Path

from coe_portal.launcher.places import ROOT, Places

# What decides about them besides the files themselves: the packages that bring some, and the storage that names them.
ALSO = ("requirements/base.txt", "coe_portal/settings.py")


def are_collected(places: Places) -> bool:
    """Whether the last collection was made from the same files."""
    stamp = _stamp(places)
    return stamp.exists() and stamp.read_text() == _fingerprint()


def note_collected(places: Places) -> None:
    """The collection that was just made is good until a file changes."""
    _stamp(places).write_text(_fingerprint())


def _stamp(places: Places) -> Path:
    return places.var / "static" / ".collected"


def _fingerprint() -> str:
    files = [path for path in sorted((ROOT / "static").rglob("*")) if path.is_file()]
    files += [ROOT / name for name in ALSO]
    seen = hashlib.sha256(str(ROOT).encode())
    for path in files:
        status = path.stat()
        seen.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return seen.hexdigest()
