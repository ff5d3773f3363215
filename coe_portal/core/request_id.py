"""The id that ties a request, its log lines and its audit entries together."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

_current: ContextVar[str] = ContextVar("request_id", default="")
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current() -> str:
    """The id of the request (or task) that is being worked on; empty outside of both."""
    return _current.get()


def begin(proposed: str = "", **about: object) -> str:
    """Start a new id for a request or task; a caller's own is kept when it is harmless.

    Args:
        about: what every log line of this request or task shall say besides the id.
    """
    value = proposed if _SANE.fullmatch(proposed) else uuid.uuid4().hex
    _current.set(value)
    structlog.contextvars.clear_contextvars()  # threads are used again: nothing of the last request may stay
    structlog.contextvars.bind_contextvars(request_id=value, **about)
    return value


def acting(user_id: int) -> None:
    """From here on the log lines of this request say who acts."""
    structlog.contextvars.bind_contextvars(user_id=user_id)


@contextmanager
def continued(value: str) -> Iterator[None]:
    """Inside, work goes on that began under another id; an empty one changes nothing."""
    if not value:
        yield
        return
    token = _current.set(value)
    try:
        with structlog.contextvars.bound_contextvars(request_id=value):
            yield
    finally:
        _current.reset(token)
