"""Checkpoints: brought from S3 before a script starts, and kept there while it runs."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.local.s3.objects import Objects
from deployments.local.sagemaker.jobs import Job

EVERY_SECONDS = 2.0
ROOT = "/opt/ml/"


class Checkpoints:
    """The folder that a job's CheckpointConfig names, and its place in S3; without one, only the folder."""

    def __init__(self, job: Job, folder: Path, objects: Objects) -> None:
        config = job.get("CheckpointConfig") or {}
        path = config.get("LocalPath") or f"{ROOT}checkpoints"
        inside = path.removeprefix(ROOT) if path.startswith(ROOT) and ".." not in path else "checkpoints"
        self.folder, self.objects = folder / inside, objects
        self.bucket, _, prefix = config.get("S3Uri", "").removeprefix("s3://").partition("/")
        self.prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        self._kept: dict[str, tuple[int, int]] = {}

    def fetch(self) -> None:
        """What an earlier run of the job, or another job, left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for stored in self.objects.list(self.bucket, prefix=self.prefix) if self.bucket else []:
            path = (self.folder / stored.key[len(self.prefix) :]).resolve()
            if path.is_relative_to(self.folder.resolve()) and not stored.key.endswith("/"):
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(stored.file, path)

    def save(self) -> None:
        """Put every file to S3 that is new or has changed."""
        if not (self.bucket and self.objects.has_bucket(self.bucket)):
            return
        for path in sorted(self.folder.rglob("*")):
            if not path.is_file() or path.is_symlink():
                continue
            state = (path.stat().st_mtime_ns, path.stat().st_size)
            name = str(path.relative_to(self.folder))
            if self._kept.get(name) != state:
                self.objects.put(self.bucket, f"{self.prefix}{name}", path.read_bytes())
                self._kept[name] = state

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Save from time to time, and once at the end, however the script ends."""
        done = threading.Event()

        def keep() -> None:
            while not done.wait(EVERY_SECONDS):
                self._save_what_is_there()

        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
            self.save()

    def _save_what_is_there(self) -> None:
        try:
            self.save()
        except FileNotFoundError:
            return  # the script has just replaced a file; the next round sees the new one
