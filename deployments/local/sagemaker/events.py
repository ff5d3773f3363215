"""State changes as EventBridge puts them on a queue: best effort, with the faults that real ones have."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from deployments.local.faults import Gatekeeper
from deployments.local.sqs.queues import Queues

SHOWN = (
    "TrainingJobName",
    "TrainingJobArn",
    "TrainingJobStatus",
    "SecondaryStatus",
    "FailureReason",
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "ModelArtifacts",
)
LATE_SECONDS = (0.5, 2.0)  # by how much an event comes late that others are to overtake
TIMES = ("CreationTime", "TrainingStartTime", "TrainingEndTime", "LastModifiedTime")


class Announcer:
    """Puts an event for every change on every event queue."""

    def __init__(self, queues: Queues, names: list[str], gatekeeper: Gatekeeper) -> None:
        self.queues, self.names, self.gatekeeper = queues, names, gatekeeper

    def announce(self, job: dict[str, Any]) -> None:
        """Tell of the job's state; drop, double, reorder or disguise it as the switches say."""
        chance, switches = self.gatekeeper.hits, self.gatekeeper.switches
        if chance(switches.drop_event_rate):
            return
        body = json.dumps(self._envelope(job))
        for _ in range(2 if chance(switches.duplicate_event_rate) else 1):
            late = self.gatekeeper.chance.uniform(*LATE_SECONDS) if chance(switches.reorder_event_rate) else 0.0
            for name in self.names:
                self.queues.send_event(name, body, delay=late)

    def _envelope(self, job: dict[str, Any]) -> dict[str, Any]:
        as_text = self.gatekeeper.hits(self.gatekeeper.switches.text_number_rate)
        detail = {name: job[name] for name in SHOWN if job.get(name) is not None}
        for name in TIMES:
            if job.get(name) is not None:
                detail[name] = _milliseconds(job[name], as_text)
        detail["SecondaryStatusTransitions"] = [
            {
                "Status": entry["Status"],
                "StartTime": _milliseconds(entry["StartTime"], as_text),
                "StatusMessage": entry["StatusMessage"],
                **({"EndTime": _milliseconds(entry["EndTime"], as_text)} if "EndTime" in entry else {}),
            }
            for entry in job["SecondaryStatusTransitions"]
        ]
        detail["Tags"] = {tag["Key"]: tag["Value"] for tag in job.get("_tags", [])}
        _, _, _, region, account, _ = job["TrainingJobArn"].split(":", 5)
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "SageMaker Training Job State Change",
            "source": "aws.sagemaker",
            "account": account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [job["TrainingJobArn"]],
            "detail": detail,
        }


def _milliseconds(seconds: float, as_text: bool) -> int | str:
    value = int(seconds * 1000)
    return str(value) if as_text else value
