"""Runs training scripts as subprocesses, a few at a time, or only simulates how long they take."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deployments.local.faults import Gatekeeper
from deployments.local.logs.streams import Streams
from deployments.local.s3.objects import Objects
from deployments.local.sagemaker.container import Container
from deployments.local.sagemaker.jobs import TERMINAL, Job, Jobs, key

STARTING_SECONDS = 1.0
MOST_RESTARTS = 3
OUT_OF_TIME = {"max_runtime": "MaxRuntimeExceeded", "max_wait": "MaxWaitTimeExceeded"}
BROKEN = "InternalServerError: We encountered an internal error. Please try again."


class Runner:
    """One clock thread for simulated jobs, a small pool for real ones."""

    def __init__(
        self,
        jobs: Jobs,
        objects: Objects,
        streams: Streams,
        gatekeeper: Gatekeeper,
        folder: Path,
        *,
        scale: float,
        parallel: int,
    ) -> None:
        self.jobs, self.objects, self.streams, self.gatekeeper = jobs, objects, streams, gatekeeper
        self.folder, self.scale = folder, scale
        self.pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="training")
        self.containers: dict[str, Container] = {}
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._due = threading.Condition()
        self.closing = False
        jobs.on_created, jobs.on_stop = self.start, self.stop
        threading.Thread(target=self._tick, name="clock", daemon=True).start()

    def recover(self) -> None:
        """After a restart: simulated jobs go on; a script whose process is gone is run again, a few times at most."""
        for job in self.jobs.open():
            ran = job.get("TrainingStartTime") is not None and not self._simulated(job)
            if job["TrainingJobStatus"] == "Stopping":
                self.jobs.move(job, "Stopped", "Stopped")
            elif ran and job.get("_restarts", 0) >= MOST_RESTARTS:
                self.jobs.move(job, "Failed", "Failed", FailureReason=BROKEN)
            else:
                if ran:
                    self.jobs.note(job, _restarts=job.get("_restarts", 0) + 1, TrainingStartTime=None)
                    self.jobs.move(job, "InProgress", "Restarting")
                self.start(job)

    def start(self, job: Job) -> None:
        """Begin a job that is Starting."""
        if self._simulated(job) is not None:
            self._later(STARTING_SECONDS * self.scale, lambda: self._simulate(job))
        else:
            self._later(STARTING_SECONDS * self.scale, lambda: self.pool.submit(self._run, job))
        if job.get("EnableManagedSpotTraining"):
            self._later(job["StoppingCondition"]["MaxWaitTimeInSeconds"], lambda: self._lose_patience(job))

    def _lose_patience(self, job: Job) -> None:
        """A spot job ends when it has waited and run for as long as it was given in all."""
        if job["TrainingJobStatus"] == "InProgress":
            container = self.containers.get(key(job))
            if container:
                container.end("max_wait")
            else:
                self.jobs.move(job, "Stopped", "MaxWaitTimeExceeded")

    def stop(self, job: Job) -> None:
        """End a job that was asked to stop."""
        container = self.containers.get(key(job))
        if container:
            container.stop()
        elif self._simulated(job) is not None or job.get("TrainingStartTime") is None:
            self._later(0.05, lambda: self.jobs.move(job, "Stopped", "Stopped"))

    def close(self) -> None:
        """Stop every process; open jobs are dealt with at the next start."""
        self.closing = True
        for container in list(self.containers.values()):
            container.kill()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def _simulated(self, job: Job) -> float | None:
        text = job.get("Environment", {}).get("LOCAL_SIMULATE_SECONDS", "")
        is_number = text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit()
        seconds = float(text) if is_number else self.gatekeeper.switches.simulate
        return seconds if seconds > 0 else None

    def _later(self, seconds: float, action: Callable[[], Any]) -> None:
        with self._due:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._order), action))
            self._due.notify()

    def _tick(self) -> None:
        while not self.closing:
            with self._due:
                now = time.monotonic()
                wait = self._heap[0][0] - now if self._heap else 1.0
                if wait > 0:
                    self._due.wait(min(wait, 1.0))
                    continue
                _, _, action = heapq.heappop(self._heap)
            action()

    def _simulate(self, job: Job) -> None:
        if job["TrainingJobStatus"] != "InProgress":
            return
        seconds = self._simulated(job) or 1.0
        if job["SecondaryStatus"] == "Starting":
            self.jobs.move(job, "InProgress", "Downloading")
            self._later(0.1 * seconds, lambda: self._simulate(job))
        elif job["SecondaryStatus"] == "Downloading":
            self.jobs.move(job, "InProgress", "Training", TrainingStartTime=time.time())
            self._later(min(0.8 * seconds, self._limit(job)), lambda: self._simulate(job))
        elif job["SecondaryStatus"] == "Training" and self._limit(job) < 0.8 * seconds:
            self.jobs.move(job, "Stopped", "MaxRuntimeExceeded", ModelArtifacts=_artifact(job))
        elif job["SecondaryStatus"] == "Training":
            self.jobs.move(job, "InProgress", "Uploading")
            self._later(0.1 * seconds, lambda: self._simulate(job))
        else:
            self._end_simulated(job)

    @staticmethod
    def _limit(job: Job) -> float:
        return float(job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86_400))

    def _end_simulated(self, job: Job) -> None:
        if self.gatekeeper.hits(self.gatekeeper.switches.simulate_failures):
            self.jobs.move(job, "Failed", "Failed", FailureReason="AlgorithmError: simulated failure, exit code: 1")
            return
        metrics = [
            {"MetricName": definition["Name"], "Value": 0.9, "Timestamp": time.time()}
            for definition in job["AlgorithmSpecification"].get("MetricDefinitions", [])
        ]
        self.jobs.move(job, "Completed", "Completed", FinalMetricDataList=metrics, ModelArtifacts=_artifact(job))

    def _run(self, job: Job) -> None:
        try:
            container = Container(job, self.folder / key(job), self.objects, self.streams, scale=self.scale)
            self.containers[key(job)] = container
            self._attempts(job, container)
        except Exception as error:
            if not self.closing:
                self.jobs.move(job, "Failed", "Failed", FailureReason=f"ClientError: {error}"[:1024])
        finally:
            self.containers.pop(key(job), None)

    def _attempts(self, job: Job, container: Container) -> None:
        while job["TrainingJobStatus"] == "InProgress":
            self.jobs.move(job, "InProgress", "Downloading")
            container.prepare()
            if job["TrainingJobStatus"] != "InProgress":
                break
            started = {} if job.get("TrainingStartTime") else {"TrainingStartTime": time.time()}
            self.jobs.move(job, "InProgress", "Training", **started)
            interrupt = bool(job.get("EnableManagedSpotTraining")) and not job.get("_interrupted")
            interrupt = interrupt and self.gatekeeper.hits(self.gatekeeper.switches.spot_interrupt_rate)
            outcome = container.run(interrupt_after=1.0 if interrupt else None)
            if outcome != "interrupted":
                break
            self.jobs.note(job, _interrupted=True)
            self.jobs.move(job, "InProgress", "Interrupted")
            self.jobs.move(job, "InProgress", "Starting")
        if not self.closing and job["TrainingJobStatus"] not in TERMINAL:
            self._finish(job, container)

    def _finish(self, job: Job, container: Container) -> None:
        status = job["TrainingJobStatus"]
        if status == "InProgress" and container.outcome in ("completed", "max_runtime"):
            self.jobs.move(job, "InProgress", "Uploading")
        kept: dict[str, Any] = {"FinalMetricDataList": container.final_metrics()}
        if container.upload():
            kept["ModelArtifacts"] = _artifact(job)
        if status == "Stopping" or container.outcome == "stopped":
            self.jobs.move(job, "Stopped", "Stopped", **kept)
        elif container.outcome in OUT_OF_TIME:
            self.jobs.move(job, "Stopped", OUT_OF_TIME[container.outcome], **kept)
        elif container.outcome == "completed":
            self.jobs.move(job, "Completed", "Completed", **kept)
        else:
            self.jobs.move(job, "Failed", "Failed", FailureReason=container.failure_reason(), **kept)


def _artifact(job: Job) -> dict[str, str]:
    base = job["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    return {"S3ModelArtifacts": f"{base}/{job['TrainingJobName']}/output/model.tar.gz"}
