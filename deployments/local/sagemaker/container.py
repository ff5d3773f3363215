"""The training contract: folders, variables, process, outputs. What a container sees on AWS, a subprocess sees here."""

from __future__ import annotations

import ctypes
import fnmatch
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

from deployments.local.logs.streams import Streams
from deployments.local.s3.objects import Objects
from deployments.local.sagemaker.checkpoints import Checkpoints
from deployments.local.sagemaker.jobs import Job
from deployments.local.sagemaker.variables import (
    input_data_config,
    resource_config,
    script_arguments,
    script_variables,
)

GROUP = "/aws/sagemaker/TrainingJobs"
RUNNABLE = ("*sagemaker-scikit-learn*", "*sagemaker-xgboost*", "*pytorch-training*", "local://python*")
GRACE_SECONDS = 120.0
MEMORY_BYTES = 8 << 30
MAX_CPU_SECONDS = 6 * 3600


class Container:
    """One run of one job's script. ``outcome``: completed, failed, stopped, interrupted, max_runtime or max_wait."""

    def __init__(self, job: Job, folder: Path, objects: Objects, streams: Streams, *, scale: float) -> None:
        self.job, self.folder, self.objects, self.streams = job, folder, objects, streams
        self.grace = max(1.0, GRACE_SECONDS * min(scale, 0.05))
        self.outcome, self.exit_code = "failed", 0
        self.process: subprocess.Popen[str] | None = None
        self.ended = False
        self.checkpoints = Checkpoints(job, folder, objects)
        self.metrics: dict[str, tuple[float, float]] = {}
        self.stream = f"{job['TrainingJobName']}/algo-1-{int(time.time())}"
        image = job["AlgorithmSpecification"].get("TrainingImage", "")
        if not any(fnmatch.fnmatch(image, pattern) for pattern in RUNNABLE):
            raise ValueError(f"The image {image} cannot be run locally. Use a scikit-learn, xgboost or pytorch image.")

    def prepare(self) -> None:
        """Lay out the folders of a new machine, fetch channels, code and checkpoints, write the configuration."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("input/config", "input/data", "model", "output/data", "output/intermediate", "code"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for channel in self.job.get("InputDataConfig", []):
            target = self.folder / "input" / "data" / channel["ChannelName"]
            target.mkdir(exist_ok=True)
            self._fetch(channel["DataSource"]["S3DataSource"]["S3Uri"], target)
        self.checkpoints.fetch()
        self._unpack_code()
        config = self.folder / "input" / "config"
        (config / "hyperparameters.json").write_text(json.dumps(self.job.get("HyperParameters", {})))
        (config / "resourceconfig.json").write_text(json.dumps(resource_config(self.job)))
        (config / "inputdataconfig.json").write_text(json.dumps(input_data_config(self.job)))

    def _fetch(self, uri: str, target: Path) -> None:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        found = self.objects.list(bucket, prefix=prefix)
        if not found:
            raise ValueError(f"Data download failed: no object matches {uri}")
        for stored in found:
            name = stored.key[len(prefix) :].lstrip("/") or stored.key.rsplit("/", 1)[-1]
            path = (target / name).resolve()
            if not path.is_relative_to(target.resolve()):
                raise ValueError(f"Data download failed: {stored.key} points out of its channel")
            if stored.key.endswith("/"):
                continue  # a folder's marker holds no data
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stored.file, path)

    def _unpack_code(self) -> None:
        uri = self._hyperparameter("sagemaker_submit_directory")
        if not uri:
            return
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        stored = self.objects.get(bucket, key)
        if stored is None:
            raise ValueError(f"The code package {uri} does not exist")
        with tarfile.open(stored.file) as archive:
            archive.extractall(self.folder / "code", filter="data")

    def _hyperparameter(self, name: str) -> str:
        value = self.job.get("HyperParameters", {}).get(name, "")
        try:
            decoded = json.loads(value)
        except ValueError:
            return str(value)
        return decoded if isinstance(decoded, str) else str(value)

    def run(self, *, interrupt_after: float | None = None) -> str:
        """Run the script to its end and return the outcome."""
        arguments = [self._hyperparameter("sagemaker_program") or "train.py", *script_arguments(self.job)]
        limit = self.job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86_400)
        self.process = subprocess.Popen(
            [sys.executable, "-u", *arguments],
            cwd=self.folder / "code",
            env=script_variables(self.job, self.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=_confine,
        )
        self.outcome = "failed"
        timers = [threading.Timer(limit, self.end, ["max_runtime"])]
        if interrupt_after is not None:
            timers.append(threading.Timer(interrupt_after, self.end, ["interrupted"]))
        for timer in timers:
            timer.daemon = True
            timer.start()
        self.ended = False
        with self.checkpoints.kept():
            self._follow()
            self.exit_code = self.process.wait()
        self.ended = True
        for timer in timers:
            timer.cancel()
        if self.outcome == "failed" and self.exit_code == 0:
            self.outcome = "completed"
        return self.outcome

    def _follow(self) -> None:
        definitions = [
            (item["Name"], re.compile(item["Regex"]))
            for item in self.job["AlgorithmSpecification"].get("MetricDefinitions", [])
        ]
        if self.process is None or self.process.stdout is None:
            return
        for line in self.process.stdout:
            text = line.rstrip("\n")
            self.streams.append(GROUP, self.stream, [text])
            for name, pattern in definitions:
                found = pattern.search(text)
                if found and found.groups():
                    try:
                        self.metrics[name] = (float(found[1]), time.time())
                    except ValueError:
                        continue

    def stop(self) -> None:
        """SIGTERM, after the grace period SIGKILL."""
        self.end("stopped")

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def end(self, outcome: str) -> None:
        """Have the script end with this outcome, by SIGTERM and, when it does not listen, by SIGKILL."""
        if self.process is not None and not self.ended:
            self.outcome = outcome
            self._signal(signal.SIGTERM)
            timer = threading.Timer(self.grace, self._signal, [signal.SIGKILL])
            timer.daemon = True
            timer.start()

    def _signal(self, number: int) -> None:
        if self.process is not None and not self.ended:
            # The group, not the process: a child of the script may hold its output after the script is gone.
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return

    def upload(self) -> bool:
        """Put model.tar.gz and output.tar.gz to S3; True when there is a model."""
        bucket, _, prefix = self.job["OutputDataConfig"]["S3OutputPath"].removeprefix("s3://").partition("/")
        base = f"{prefix.rstrip('/')}/{self.job['TrainingJobName']}/output".lstrip("/")
        if not self.objects.has_bucket(bucket):
            raise ValueError(f"Artifact upload failed: the bucket {bucket} does not exist")
        has_model = _holds_something(self.folder / "model")
        if has_model:
            self.objects.put(bucket, f"{base}/model.tar.gz", _packed(self.folder / "model"), "application/gzip")
        if _holds_something(self.folder / "output" / "data"):
            self.objects.put(
                bucket, f"{base}/output.tar.gz", _packed(self.folder / "output" / "data"), "application/gzip"
            )
        return has_model

    def final_metrics(self) -> list[dict[str, Any]]:
        """The last value of every metric that a line matched."""
        return [{"MetricName": name, "Value": value, "Timestamp": at} for name, (value, at) in self.metrics.items()]

    def failure_reason(self) -> str:
        """What the script wrote to output/failure, else its exit code."""
        failure = self.folder / "output" / "failure"
        told = failure.read_text(errors="replace").strip() if failure.exists() else ""
        return f"AlgorithmError: {told or 'the script failed'}, exit code: {self.exit_code}"[:1024]


def _confine() -> None:
    """In the child: own process group, limits, low priority, and never outliving the service."""
    os.setsid()
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _packed(folder: Path) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.add(path, arcname=str(path.relative_to(folder)))
    return target.getvalue()
