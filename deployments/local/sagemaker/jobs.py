"""Training jobs: kept on disk, moved through AWS's states, told of by events."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deployments.local.sagemaker.events import Announcer

TERMINAL = frozenset({"Completed", "Failed", "Stopped"})
MESSAGES = {
    "Starting": "Starting the training job",
    "Pending": "Waiting for instances",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Restarting": "Restarting the training job after an internal error",
    "Interrupted": "Spot capacity was reclaimed",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds",
    "MaxWaitTimeExceeded": "Training job waited longer than MaxWaitTimeInSeconds",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
}
SPOT_SHARE = 0.32

Job = dict[str, Any]


def key_of(account: str, region: str, name: str) -> str:
    """A job's name is its own within an account and region."""
    return f"{account}-{region}-{name}"


def key(job: Job) -> str:
    """The key of a job, from its ARN and name."""
    _, _, _, region, account, _ = job["TrainingJobArn"].split(":", 5)
    return key_of(account, region, job["TrainingJobName"])


class Jobs:
    """All training jobs by key. A job is the record that DescribeTrainingJob shows, plus ``_`` keys of our own."""

    def __init__(self, path: Path, announcer: Announcer) -> None:
        self.announcer = announcer
        self.lock = threading.RLock()
        self.jobs: dict[str, Job] = {}
        self.on_created: Callable[[Job], None] = lambda job: None
        self.on_stop: Callable[[Job], None] = lambda job: None
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS job (name TEXT PRIMARY KEY, record TEXT)")
        for name, record in self._db.execute("SELECT name, record FROM job").fetchall():
            job = json.loads(record)
            self.jobs[key(job)] = job
            if name != key(job):  # written when names were taken to be unique everywhere
                self._db.execute("UPDATE OR REPLACE job SET name=? WHERE name=?", (key(job), name))

    def add(self, job: Job) -> bool:
        """Keep a new job; False when the name is taken."""
        with self.lock:
            if key(job) in self.jobs:
                return False
            self.jobs[key(job)] = job
            self.move(job, "InProgress", "Starting")
        self.on_created(job)
        return True

    def get(self, account: str, region: str, name: str) -> Job | None:
        with self.lock:
            return self.jobs.get(key_of(account, region, name))

    def remove(self, job: Job) -> None:
        with self.lock:
            self.jobs.pop(key(job), None)
            self._db.execute("DELETE FROM job WHERE name=?", (key(job),))

    def every(self) -> list[Job]:
        with self.lock:
            return list(self.jobs.values())

    def within(self, account: str, region: str) -> list[Job]:
        """The jobs of one account and region."""
        return [job for at, job in list(self.jobs.items()) if at.startswith(key_of(account, region, ""))]

    def open(self) -> list[Job]:
        return [job for job in self.every() if job["TrainingJobStatus"] not in TERMINAL]

    def move(self, job: Job, status: str, secondary: str, **values: Any) -> None:
        """Change status and secondary status, close the last transition, keep and announce it."""
        now = time.time()
        with self.lock:
            if job["TrainingJobStatus"] in TERMINAL:
                return
            if job["TrainingJobStatus"] == "Stopping" and status == "InProgress":
                return  # a job that was asked to stop never goes back to work
            transitions = job["SecondaryStatusTransitions"]
            if transitions:
                transitions[-1].setdefault("EndTime", now)
            entry = {"Status": secondary, "StartTime": now, "StatusMessage": MESSAGES.get(secondary, secondary)}
            if status in TERMINAL:
                entry["EndTime"] = now
                self._account_for(job, now)
            transitions.append(entry)
            job.update({"TrainingJobStatus": status, "SecondaryStatus": secondary, "LastModifiedTime": now, **values})
            self._keep(job)
            self.announcer.announce(job)

    def note(self, job: Job, **values: Any) -> None:
        """Change what an event does not tell of."""
        with self.lock:
            job.update(values)
            self._keep(job)

    def _account_for(self, job: Job, now: float) -> None:
        job["TrainingEndTime"] = now
        started = job.get("TrainingStartTime")
        if started is None:
            return
        seconds = max(1, round(now - started))
        spot = job.get("EnableManagedSpotTraining", False)
        job["TrainingTimeInSeconds"] = seconds
        job["BillableTimeInSeconds"] = max(1, round(seconds * SPOT_SHARE)) if spot else seconds

    def _keep(self, job: Job) -> None:
        self._db.execute("INSERT OR REPLACE INTO job VALUES (?,?)", (key(job), json.dumps(job)))

    def close(self) -> None:
        with self.lock:
            self._db.close()
