"""Writing to the audit trail."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol

from django.db import models, transaction
from django.utils import timezone

from coe_portal.core import kept, request_id
from coe_portal.core.models import AuditEntry, User

# What thousands of runs do every minute changes no number but that of the runs, which may be some seconds old.
_SEEN_ELSEWHERE = "run."


class Subject(Protocol):
    """Anything that can be audited: it has a reference for machines and a name for people."""

    @property
    def ref(self) -> str: ...


def plain(value: Any) -> Any:
    """Turn a model's value into JSON that reads the same in ten years."""
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, models.Model):
        return getattr(value, "ref", str(value.pk))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


_standing_in: ContextVar[tuple[User, User] | None] = ContextVar("standing_in", default=None)


@contextmanager
def standing_in(actor: User, principal: User | None) -> Iterator[None]:
    """Inside, what ``actor`` does is done for ``principal``; without one nothing changes."""
    if principal is None:
        yield
        return
    token = _standing_in.set((actor, principal))
    try:
        yield
    finally:
        _standing_in.reset(token)


def _principal_of(actor: User | None) -> User | None:
    known = _standing_in.get()
    return known[1] if known is not None and actor is not None and known[0].pk == actor.pk else None


def record(
    *,
    actor: User | None,
    action: str,
    subject: Subject,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    project: str = "",
    on_behalf_of: User | None = None,
    comment: str = "",
) -> AuditEntry:
    """Add one entry in the transaction of the change it tells of. ``actor=None`` is the portal itself.

    Raises:
        TransactionManagementError: there is no open transaction, so entry and change could part.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An audit entry is written in the transaction of its change.")
    if not action.startswith(_SEEN_ELSEWHERE):
        kept.changed()
    return AuditEntry.objects.create(
        at=timezone.now(),
        actor=actor,
        on_behalf_of=on_behalf_of or _principal_of(actor),
        action=action,
        subject=subject.ref,
        subject_label=str(subject)[:300],
        project=project or _project_of(subject),
        before=None if before is None else plain(before),
        after=None if after is None else plain(after),
        comment=comment,
        request_id=request_id.current(),
    )


def _project_of(subject: Subject) -> str:
    kind, _, key = subject.ref.partition(":")
    if kind == "project":
        return key
    return str(getattr(getattr(subject, "project", None), "key", ""))
