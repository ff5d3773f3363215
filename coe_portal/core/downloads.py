"""Files that people uploaded, as responses: attachments that no browser shows or runs in the portal's name."""

from pathlib import Path

from django.http import FileResponse

SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"


def attachment(path: Path, *, name: str, media_type: str, sha256: str) -> FileResponse:
    """The file as it lies on the disk, streamed. ``sha256`` is its tag; ``name`` is what the browser saves it as."""
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    response["ETag"] = f'"{sha256}"'
    return response
