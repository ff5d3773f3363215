"""What the deployments app tells the others. Published with ``core.outbox`` in the transaction of the change."""

from dataclasses import dataclass
from typing import ClassVar

from coe_portal.core.outbox import Event


@dataclass(frozen=True)
class RunRequested(Event):
    """A person launched a run."""

    name: ClassVar[str] = "deployments.run_requested"
    run_id: str
    project_key: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.run_id}"


@dataclass(frozen=True)
class RunStopRequested(Event):
    """A person wants a run to end."""

    name: ClassVar[str] = "deployments.run_stop_requested"
    run_id: str
    project_key: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.run_id}"


@dataclass(frozen=True)
class RunFinished(Event):
    """A run reached its end; ``state`` is one of the final states."""

    name: ClassVar[str] = "deployments.run_finished"
    run_id: str
    project_key: str
    state: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.run_id}:{self.state}"
