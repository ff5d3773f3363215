"""What happens in governance, for the apps above."""

from dataclasses import dataclass
from typing import ClassVar

from coe_portal.core.outbox import Event


@dataclass(frozen=True)
class ApprovalRequested(Event):
    name: ClassVar[str] = "governance.approval_requested"
    request_id: int
    subject: str
    action: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.request_id}"


@dataclass(frozen=True)
class ApprovalClosed(Event):
    """A request came to its end; ``state`` says how, ``digest`` for what."""

    name: ClassVar[str] = "governance.approval_closed"
    request_id: int
    subject: str
    action: str
    digest: str
    state: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.request_id}"
