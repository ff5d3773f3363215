"""What the portal asks of AWS and what it hears back, in the portal's words. Knows no boto3.

Whatever AWS may leave out is optional here: ``None`` or an empty text means *unknown*, never zero. (A truncated answer
reaches boto3's callers as an empty one, without an exception.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """Where to work and as whom. An empty ``role_arn`` means the portal's own credentials.

    ``actor`` is the person for whom a command is given; empty for the portal's own watching. It becomes part of the
    session's name, so that CloudTrail shows it.
    """

    account_id: str
    region: str
    role_arn: str = ""
    external_id: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    location: str
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJobSpec:
    """Everything that creating a training job needs. ``checkpoints`` and ``max_wait_seconds`` matter for spot only."""

    name: str
    image: str
    role_arn: str
    output_location: str
    instance_type: str
    instance_count: int
    volume_gb: int
    max_runtime_seconds: int
    hyperparameters: Mapping[str, str]
    metric_definitions: Sequence[tuple[str, str]] = ()
    channels: Sequence[Channel] = ()
    spot: bool = False
    max_wait_seconds: int = 0
    checkpoints: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transition:
    """One stretch of a job's secondary status."""

    status: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJobSeen:
    """A training job as one answer or event of AWS shows it. ``complete`` tells a record from an event."""

    name: str
    arn: str = ""
    status: str = ""
    secondary_status: str = ""
    transitions: tuple[Transition, ...] = ()
    failure_reason: str = ""
    billable_seconds: int | None = None
    training_seconds: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    artifact: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    modified_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, slots=True)
class LogPage:
    """New lines of one stream. ``token`` continues after them."""

    lines: tuple[str, ...]
    token: str


@dataclass(frozen=True, slots=True)
class QueueMessage:
    body: str
    receipt: str


@dataclass(frozen=True, slots=True)
class StateChange:
    """One event that says how a job stands. ``event_id`` is unique; ``account`` is where it came from."""

    event_id: str
    account: str
    region: str
    at: datetime | None
    job: TrainingJobSeen


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One thing that was tried out in an environment."""

    code: str
    title: str
    ok: bool
    message: str
    how_to_fix: str = ""

    def plain(self) -> dict[str, str | bool]:
        return {
            "code": self.code,
            "title": self.title,
            "ok": self.ok,
            "message": self.message,
            "how_to_fix": self.how_to_fix,
        }


class Training(Protocol):
    """SageMaker's training jobs. All methods raise AwsError."""

    def reserve_create(self) -> float:
        """Take one create call from the rate limit. 0 when it may be made now, else the seconds to wait."""
        ...

    def create(self, spec: TrainingJobSpec) -> str:
        """Start a job and return its ARN; empty when AWS's answer did not say."""
        ...

    def describe(self, name: str, *, with_tags: bool = False) -> TrainingJobSeen: ...

    def stop(self, name: str) -> None: ...

    def search_by_names(self, names: Sequence[str]) -> list[TrainingJobSeen]:
        """Up to 100 jobs in one call. Names that are not found are left out; the index may lag a little."""
        ...

    def search_ended(self, since: datetime) -> list[TrainingJobSeen]:
        """Up to 100 of our jobs that ended at this time or later, the earliest first, with one call."""
        ...

    def search_open(self, token: str = "") -> tuple[list[TrainingJobSeen], str]:
        """Up to 100 jobs of the portal that have not ended, and the token of the next page; empty after the last."""
        ...

    def probe(self) -> None:
        """The cheapest call that shows that training jobs may be read."""
        ...


class Objects(Protocol):
    """S3. All methods raise AwsError."""

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool: ...

    def put(self, bucket: str, key: str, content: bytes) -> None: ...

    def get(self, bucket: str, key: str) -> bytes: ...

    def delete(self, bucket: str, key: str) -> None: ...

    def exists(self, bucket: str, key: str) -> bool: ...

    def list_keys(self, bucket: str, prefix: str, *, limit: int = 1000) -> list[str]: ...

    def versions(self, bucket: str, prefix: str, *, limit: int = 1000) -> list[str]:
        """The keys below a prefix, one for every version that is kept; empty only when nothing can be read there."""
        ...

    def presigned_url(self, bucket: str, key: str, *, seconds: int = 300) -> str:
        """A link for a browser. Signed here, without a call."""
        ...

    def bucket_region(self, bucket: str) -> str:
        """The bucket's region; empty when AWS did not say."""
        ...


class Logs(Protocol):
    """CloudWatch Logs. All methods raise AwsError."""

    def streams(self, group: str, prefix: str) -> list[str]: ...

    def read(self, group: str, stream: str, token: str = "") -> LogPage: ...


class Queue(Protocol):
    """One SQS queue. All methods raise AwsError."""

    def receive(self, *, wait_seconds: int) -> list[QueueMessage]: ...

    def delete(self, messages: Sequence[QueueMessage]) -> None: ...

    def waiting(self) -> int:
        """About how many messages wait."""
        ...


class Identity(Protocol):
    def account_id(self) -> str:
        """The account that the credentials belong to. Raises AwsError."""
        ...
