"""What happens to people, for the apps above."""

from dataclasses import dataclass
from typing import ClassVar

from coe_portal.core.outbox import Event


@dataclass(frozen=True)
class PersonActivityChanged(Event):
    """An account was switched off or on again."""

    name: ClassVar[str] = "core.person_activity_changed"
    username: str
    is_active: bool
    at: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.username}:{self.at}"
