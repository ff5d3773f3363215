"""The clock of an approval step. Pure: it reminds, escalates and expires; nothing here can approve."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

REMIND, ESCALATE, EXPIRE = "remind", "escalate", "expire"


@dataclass(frozen=True)
class Clock:
    """What is still to come for an open step; None for what has been or never will be."""

    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def next_at(self) -> datetime | None:
        """When somebody has to look at the step again; None for never."""
        return min((at for at in (self.remind_at, self.escalate_at, self.expires_at) if at), default=None)

    def due(self, now: datetime) -> list[str]:
        """What has to happen now. An expiry makes the rest pointless, an escalation the reminder."""
        if self.expires_at and self.expires_at <= now:
            return [EXPIRE]
        if self.escalate_at and self.escalate_at <= now:
            return [ESCALATE]
        return [REMIND] if self.remind_at and self.remind_at <= now else []

    def after(self, action: str) -> "Clock":
        """The clock when ``action`` has happened."""
        return replace(self, remind_at=None) if action == REMIND else replace(self, remind_at=None, escalate_at=None)


def start(now: datetime, days: int, *, remind: bool, escalates: bool, expires_at: datetime | None = None) -> Clock:
    """The clock of a step that opens now: a reminder at half time, the escalation at full time."""
    whole = timedelta(days=days)
    return Clock(now + whole / 2 if remind else None, now + whole if escalates else None, expires_at)
