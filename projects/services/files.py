"""Files of evidence on disk: written whole or not at all, under random names, with the hash of their content."""

import errno
import hashlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings

from coe_portal.core.errors import DomainError, InvalidInput, NotFound
from projects import filetypes

log = structlog.get_logger(__name__)

FOLDER = "evidence"
CHUNK = 256 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MEGABYTE = 1024 * 1024
PRIVATE = 0o600


@dataclass(frozen=True)
class Stored:
    """A file that is kept: ``name`` below the media folder, its ``size`` in bytes and the ``sha256`` of its content."""

    name: str
    file_name: str
    media_type: str
    size: int
    sha256: str


def root() -> Path:
    """The folder of all evidence."""
    return Path(settings.MEDIA_ROOT) / FOLDER


def path_of(stored_as: str) -> Path:
    """Where a kept file is. Raises NotFound when it is not there, which is logged: somebody has to restore it."""
    path = root() / stored_as
    if not path.is_file():
        log.error("evidence_file_missing", stored_as=stored_as)
        raise NotFound("The file is not in its place any more. Tell your administrators: they can restore it.")
    return path


def keep(name: str, content: BinaryIO) -> Stored:
    """Check and keep a file.

    Raises:
        InvalidInput: the kind is not allowed, the content is not what the name says, or it is empty or too large.
        DomainError: ``storage_full`` (507), the disk has no room; nothing of the file is left behind.
    """
    plain = filetypes.plain_name(name)
    reason = filetypes.objection(plain, content)
    kind = filetypes.type_of(plain)
    if reason or kind is None:
        raise InvalidInput({"file": [reason]})
    token = secrets.token_hex(20)
    stored_as = f"{token[:2]}/{token}"
    size, sha256 = _written(root() / stored_as, content)
    return Stored(stored_as, plain, kind.media_type, size, sha256)


def _written(path: Path, content: BinaryIO) -> tuple[int, str]:
    part = path.with_suffix(".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        size, sha256 = _copy(content, part)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno not in FULL:
            raise
        log.error("evidence_storage_full", path=str(path.parent))
        sentence = "There is no room for files now, so nothing was kept. Tell your administrators and try again later."
        raise DomainError("storage_full", sentence, status=507) from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return size, sha256


def _copy(content: BinaryIO, part: Path) -> tuple[int, str]:
    size, sha256, most = 0, hashlib.sha256(), settings.MAX_UPLOAD_BYTES
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        while chunk := content.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise InvalidInput({"file": [f"The file is larger than {most // MEGABYTE} MB."]})
            sha256.update(chunk)
            file.write(chunk)
        if not size:
            raise InvalidInput({"file": ["The file is empty."]})
        file.flush()
        os.fsync(file.fileno())
    return size, sha256.hexdigest()


def discard(stored: Stored) -> None:
    """Remove a file that no row came to point to."""
    (root() / stored.name).unlink(missing_ok=True)


def older_than(seconds: float) -> list[str]:
    """Names of the files, half-written ones as well, that have lain there for longer."""
    before = time.time() - seconds
    found = root().glob("*/*") if root().is_dir() else ()
    return [f"{path.parent.name}/{path.name}" for path in found if _changed_at(path) < before]


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def remove(stored_as: str) -> None:
    """Delete a file that nobody needs."""
    (root() / stored_as).unlink(missing_ok=True)
