"""Which files can be evidence: an allow-list by extension, and content that is what the name says. Pure."""

import codecs
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

Sniff = Callable[[BinaryIO], bool]
LONGEST_NAME, CHUNK = 120, 64 * 1024
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class FileType:
    """How a kind of file is sent to a browser, and whether content is of this kind."""

    media_type: str
    is_content: Sniff


def _starts(*beginnings: bytes) -> Sniff:
    def sniff(content: BinaryIO) -> bool:
        content.seek(0)
        return content.read(16).startswith(beginnings)

    return sniff


def _webp(content: BinaryIO) -> bool:
    content.seek(0)
    head = content.read(12)
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _text(content: BinaryIO) -> bool:
    """UTF-8 without control characters other than tabs, line ends and form feeds."""
    content.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        while chunk := content.read(CHUNK):
            if re.search(r"[\x00-\x08\x0b\x0e-\x1f]", decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _json(content: BinaryIO) -> bool:
    content.seek(0)
    return content.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) and _text(content)


def _office(folder: str) -> Sniff:
    """A document of the Open XML family, without macros; only the table of contents is read, nothing is unpacked."""

    def sniff(content: BinaryIO) -> bool:
        content.seek(0)
        try:
            with zipfile.ZipFile(content) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            return False
        has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        return "[Content_Types].xml" in names and any(name.startswith(folder) for name in names) and not has_macros

    return sniff


_OPEN_XML = "application/vnd.openxmlformats-officedocument."
TYPES: dict[str, FileType] = {
    "pdf": FileType("application/pdf", _starts(b"%PDF-")),
    "png": FileType("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "jpg": FileType("image/jpeg", _starts(b"\xff\xd8\xff")),
    "jpeg": FileType("image/jpeg", _starts(b"\xff\xd8\xff")),
    "webp": FileType("image/webp", _webp),
    "csv": FileType("text/csv; charset=utf-8", _text),
    "txt": FileType("text/plain; charset=utf-8", _text),
    "md": FileType("text/markdown; charset=utf-8", _text),
    "json": FileType("application/json", _json),
    "ipynb": FileType("application/x-ipynb+json", _json),
    "docx": FileType(f"{_OPEN_XML}wordprocessingml.document", _office("word/")),
    "xlsx": FileType(f"{_OPEN_XML}spreadsheetml.sheet", _office("xl/")),
    "pptx": FileType(f"{_OPEN_XML}presentationml.presentation", _office("ppt/")),
}


def plain_name(name: str) -> str:
    """The name without folders and without characters that mean something to a computer; at most 120 characters."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    stem, dot, extension = _UNSAFE.sub("_", last).strip(" .").rpartition(".")
    if not dot:
        return extension[:LONGEST_NAME] or "file"
    return f"{stem[: LONGEST_NAME - 10].strip(' .') or 'file'}.{extension[:9]}"


def type_of(name: str) -> FileType | None:
    """The allowed type that a name's extension stands for, or None."""
    return TYPES.get(name.rpartition(".")[2].lower()) if "." in name else None


def objection(name: str, content: BinaryIO) -> str:
    """Why this file cannot be kept, as a sentence; empty when it can. ``content`` is read and left at its beginning."""
    found = type_of(name)
    if found is None:
        return f"Files of this kind are not kept. Use one of: {', '.join(TYPES)}."
    fits = found.is_content(content)
    content.seek(0)
    if not fits:
        kind = name.rpartition(".")[2].lower()
        return f"The content is not what “.{kind}” says. Save it as a real .{kind} file, without macros, and try again."
    return ""
