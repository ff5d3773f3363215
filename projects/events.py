"""What happens to projects, for the apps above."""

from dataclasses import dataclass
from typing import ClassVar

from coe_portal.core.outbox import Event


@dataclass(frozen=True)
class ProjectCreated(Event):
    name: ClassVar[str] = "projects.created"
    project_key: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.project_key}"


@dataclass(frozen=True)
class ProjectStageMoved(Event):
    name: ClassVar[str] = "projects.stage_moved"
    project_key: str
    source: str
    target: str
    revision: int
    at: str
    actor_id: int | None = None  # who decided it; None for the portal, and in events from before it was told

    @property
    def key(self) -> str:
        return f"{self.name}:{self.project_key}:{self.target}:{self.at}"


@dataclass(frozen=True)
class CriterionReopened(Event):
    """An answer expired or its waiver ended, so somebody has to look at it again; ``status`` says which."""

    name: ClassVar[str] = "projects.criterion_reopened"
    project_key: str
    code: str
    version: int
    status: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.project_key}:{self.code}:{self.version}"


@dataclass(frozen=True)
class AccountableChanged(Event):
    """Somebody else, or nobody, is accountable for an area of work now."""

    name: ClassVar[str] = "projects.accountable_changed"
    project_key: str
    work_area: str
    at: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.project_key}:{self.work_area}:{self.at}"


@dataclass(frozen=True)
class ChecklistAnswered(Event):
    """A criterion has another answer than before."""

    name: ClassVar[str] = "projects.checklist_answered"
    project_key: str
    code: str
    version: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.project_key}:{self.code}:{self.version}"


@dataclass(frozen=True)
class ReviewerInvited(Event):
    """A colleague is asked to score an intake."""

    name: ClassVar[str] = "projects.reviewer_invited"
    project_key: str
    username: str
    at: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.project_key}:{self.username}:{self.at}"


@dataclass(frozen=True)
class LessonsFellDue(Event):
    """A project has ended and owes its lessons."""

    name: ClassVar[str] = "projects.lessons_fell_due"
    project_key: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.project_key}"


@dataclass(frozen=True)
class DataAccessGranted(Event):
    """An access to data that was approved before may be used now."""

    name: ClassVar[str] = "projects.data_access_granted"
    access_id: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.access_id}"


@dataclass(frozen=True)
class DataAccessEnded(Event):
    """An access to data is over; ``by`` is empty when time or the project's end ended it."""

    name: ClassVar[str] = "projects.data_access_ended"
    access_id: str
    by: str

    @property
    def key(self) -> str:
        return f"{self.name}:{self.access_id}"


@dataclass(frozen=True)
class DatasetClassRaised(Event):
    """A data set of the register has a stricter class than before."""

    name: ClassVar[str] = "projects.dataset_class_raised"
    dataset_id: str
    version: int
    actor_id: int

    @property
    def key(self) -> str:
        return f"{self.name}:{self.dataset_id}:{self.version}"
