"""Reading EventBridge events from queue messages, whatever shape they come in.

Seen in real events: times as epoch milliseconds in a number, a float or a text, or as ISO text; tags as a map or as a
list of ``{"Key", "Value"}``; keys that are present with ``null``; the same event twice and out of order.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from deployments.aws.gateway import StateChange, TrainingJobSeen, Transition

TRAINING = "SageMaker Training Job State Change"
# Epoch values above this are milliseconds: as seconds they would lie beyond the year 5000.
_MILLISECONDS_FROM = 100_000_000_000
# SageMaker is younger, and a time far ahead would make everything that comes after it old news.
_YEARS = range(2015, 2200)


def parse(body: str) -> StateChange | None:
    """The state change that a queue message tells of; None for whatever the portal cannot use. Never raises."""
    envelope = _unwrapped(_mapping(_json(body)))
    detail = _mapping(envelope.get("detail"))
    name = text(detail.get("TrainingJobName")) or _name_in(envelope.get("resources"))
    event_id = text(envelope.get("id"))
    if envelope.get("detail-type") != TRAINING or not name or not event_id or len(event_id) > 64:
        return None
    at = moment(envelope.get("time"))
    return StateChange(event_id, text(envelope.get("account")), text(envelope.get("region")), at, _job(name, detail))


def _job(name: str, detail: Mapping[str, Any]) -> TrainingJobSeen:
    return TrainingJobSeen(
        name=name,
        arn=text(detail.get("TrainingJobArn")),
        status=_camel(text(detail.get("TrainingJobStatus"))),
        secondary_status=_camel(text(detail.get("SecondaryStatus"))),
        transitions=transitions(detail.get("SecondaryStatusTransitions")),
        failure_reason=text(detail.get("FailureReason")),
        artifact=text(_mapping(detail.get("ModelArtifacts")).get("S3ModelArtifacts")),
        created_at=moment(detail.get("CreationTime")),
        started_at=moment(detail.get("TrainingStartTime")),
        ended_at=moment(detail.get("TrainingEndTime")),
        modified_at=moment(detail.get("LastModifiedTime")),
        tags=tags(detail.get("Tags")),
    )


def _unwrapped(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event itself when it came by way of an SNS topic, which wraps it as text."""
    if envelope.get("Type") == "Notification" and isinstance(envelope.get("Message"), str):
        return _mapping(_json(envelope["Message"]))
    return envelope


def _camel(status: str) -> str:
    """``IN_PROGRESS`` as ``InProgress``: some events spell states in capitals."""
    return "".join(word.capitalize() for word in status.split("_")) if status.isupper() else status


def transitions(raw: Any) -> tuple[Transition, ...]:
    """The list of secondary states, without entries that say nothing."""
    found = [_mapping(item) for item in raw] if isinstance(raw, list) else []
    return tuple(
        Transition(
            text(item.get("Status")),
            moment(item.get("StartTime")),
            moment(item.get("EndTime")),
            text(item.get("StatusMessage")),
        )
        for item in found
        if text(item.get("Status"))
    )


def tags(raw: Any) -> dict[str, str]:
    """Tags from a map or from a list of ``{"Key", "Value"}``."""
    if isinstance(raw, list):
        pairs = [(_mapping(item).get("Key"), _mapping(item).get("Value")) for item in raw]
    else:
        pairs = list(_mapping(raw).items())
    return {text(key): text(value) for key, value in pairs if key is not None}


def moment(raw: Any) -> datetime | None:
    """An aware time from a datetime, epoch seconds or milliseconds in any dress, or ISO text; None when unreadable."""
    value = number(raw)
    try:
        found = _from_epoch(value) if value is not None else raw
        found = datetime.fromisoformat(found) if isinstance(found, str) else found
        found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC) if isinstance(found, datetime) else None
    except (OverflowError, OSError, ValueError):
        return None
    return found if found and found.year in _YEARS else None


def _from_epoch(value: float) -> datetime:
    return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)


def number(raw: Any) -> float | None:
    """A finite number from a number or text; None for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def text(raw: Any) -> str:
    """Text that a database can keep: no NUL, no half of a character, nothing but text and numbers."""
    if isinstance(raw, str):
        return raw.replace("\x00", "").encode("utf-8", "replace").decode()
    return str(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else ""


def _name_in(resources: Any) -> str:
    first = resources[0] if isinstance(resources, list) and resources else ""
    return text(first).rpartition("training-job/")[2] if "training-job/" in text(first) else ""


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _mapping(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}
