"""What happens in governance, for the apps above."""

from dataclasses import dataclass
from typing import ClassVar

from coe_portal.core.outbox import Event


@dataclass(frozen=True)
class _AboutRequest(Event):
    request_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.request_id}"


@dataclass(frozen=True)
class _AboutStep(_AboutRequest):
    step_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.step_id}"


@dataclass(frozen=True)
class _AboutQuestion(_AboutRequest):
    question_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.question_id}"


@dataclass(frozen=True)
class ApprovalRequested(_AboutRequest):
    name: ClassVar[str] = "governance.approval_requested"
    subject: str
    action: str


@dataclass(frozen=True)
class ApprovalClosed(_AboutRequest):
    """A request came to its end; ``state`` says how, ``digest`` for what."""

    name: ClassVar[str] = "governance.approval_closed"
    subject: str
    action: str
    digest: str
    state: str


@dataclass(frozen=True)
class PocClockRang(Event):
    """The clock of a proof of concept rang."""

    name: ClassVar[str] = "governance.poc_clock_rang"
    alarm_id: int
    project_key: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.alarm_id}"


@dataclass(frozen=True)
class StepOpened(_AboutStep):
    """Its holders are asked."""

    name: ClassVar[str] = "governance.step_opened"


@dataclass(frozen=True)
class StepReminded(_AboutStep):
    """Half of the time of a step is over."""

    name: ClassVar[str] = "governance.step_reminded"


@dataclass(frozen=True)
class StepStaffed(_AboutStep):
    """Too few of its holders may decide it any more, so the fallback approver may too."""

    name: ClassVar[str] = "governance.step_staffed"


@dataclass(frozen=True)
class StepRerouted(_AboutStep):
    """Somebody else is accountable now, so the step waits for them; ``person_id`` is 0 when nobody is."""

    name: ClassVar[str] = "governance.step_rerouted"
    person_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.step_id}:{self.person_id}"


@dataclass(frozen=True)
class StepEscalated(_AboutStep):
    """The time of a step is over; somebody else may decide it too."""

    name: ClassVar[str] = "governance.step_escalated"


@dataclass(frozen=True)
class QuestionAsked(_AboutQuestion):
    name: ClassVar[str] = "governance.question_asked"


@dataclass(frozen=True)
class QuestionAnswered(_AboutQuestion):
    name: ClassVar[str] = "governance.question_answered"


@dataclass(frozen=True)
class IntakeDecided(Event):
    """A CoE lead decided a concept or a full case."""

    name: ClassVar[str] = "governance.intake_decided"
    decision_id: str
    project_key: str
    outcome: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.decision_id}"


@dataclass(frozen=True)
class DelegationChanged(Event):
    """Somebody lets a colleague decide for them, or it was ended early; ``by`` did it."""

    name: ClassVar[str] = "governance.delegation_changed"
    delegation_id: str
    state: str
    by: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.delegation_id}:{self.state}"


@dataclass(frozen=True)
class FindingAssigned(Event):
    """Somebody has to put a finding right from now on; ``by`` is empty when the portal found it."""

    name: ClassVar[str] = "governance.finding_assigned"
    finding_id: str
    owner: str
    by: str
    at: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.finding_id}:{self.owner}:{self.at}"


@dataclass(frozen=True)
class RiskAssessed(Event):
    """The questionnaire gave a project its risk tier, or took it back (``tier`` is empty)."""

    name: ClassVar[str] = "governance.risk_assessed"
    project_key: str
    assessment: str
    tier: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.assessment}:{self.tier}"


@dataclass(frozen=True)
class PolicyPublished(Event):
    name: ClassVar[str] = "governance.policy_published"
    label: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.label}"


@dataclass(frozen=True)
class ProjectMovedToPolicy(Event):
    """A project is pinned to another policy version."""

    name: ClassVar[str] = "governance.project_moved_to_policy"
    project_key: str
    move: str
    source: str
    target: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.move}"


@dataclass(frozen=True)
class _AboutAccess(Event):
    access_id: str
    at: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.access_id}:{self.at}"


@dataclass(frozen=True)
class DataAccessEnding(_AboutAccess):
    """A granted access to data ends soon, ``at`` this time."""

    name: ClassVar[str] = "governance.data_access_ending"


@dataclass(frozen=True)
class CopyAttested(_AboutAccess):
    """Somebody says that a sandbox copy is destroyed; somebody has to look."""

    name: ClassVar[str] = "governance.copy_attested"
