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


@dataclass(frozen=True)
class StepOpened(Event):
    """Its holders are asked."""

    name: ClassVar[str] = "governance.step_opened"
    request_id: int
    step_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.step_id}"


@dataclass(frozen=True)
class StepReminded(Event):
    """Half of the time of a step is over."""

    name: ClassVar[str] = "governance.step_reminded"
    request_id: int
    step_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.step_id}"


@dataclass(frozen=True)
class StepEscalated(Event):
    """The time of a step is over; somebody else may decide it too."""

    name: ClassVar[str] = "governance.step_escalated"
    request_id: int
    step_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.step_id}"


@dataclass(frozen=True)
class QuestionAsked(Event):
    name: ClassVar[str] = "governance.question_asked"
    request_id: int
    question_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.question_id}"


@dataclass(frozen=True)
class QuestionAnswered(Event):
    name: ClassVar[str] = "governance.question_answered"
    request_id: int
    question_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.question_id}"
