"""The id that ties a request, its log lines and its audit entries together."""

import re
import uuid
from contextvars import ContextVar

import structlog

_current: ContextVar[str] = ContextVar("request_id", default="")
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current() -> str:
    """The id of the request (or task) that is being worked on; empty outside of both."""
    return _current.get()


def begin(proposed: str = "") -> str:
    """Start a new id; a caller's own is kept when it is harmless."""
    value = proposed if _SANE.fullmatch(proposed) else uuid.uuid4().hex
    _current.set(value)
    structlog.contextvars.bind_contextvars(request_id=value)
    return value
