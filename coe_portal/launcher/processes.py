"""Child processes that never outlive the one that started them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coe_portal.launcher.trouble import Trouble

PR_SET_PDEATHSIG = 1
LONGEST_LOG = 20_000_000


def _die_with_parent(stop_signal: int) -> None:
    """On Linux the kernel sends ``stop_signal`` when the starter dies, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)


def before_exec(stop_signal: int, first: Callable[[], None] | None = None) -> Callable[[], None]:
    """What runs in the child between fork and exec."""
    starter = os.getpid()

    def prepare() -> None:
        os.setsid()
        if first:
            first()
        _die_with_parent(stop_signal)
        if os.getppid() != starter:
            os._exit(1)  # the starter died before the kernel knew that we want to hear of it

    return prepare


@dataclass
class Child:
    """One process, its log file and how it is stopped. ``knows``: what of our environment it gets, None is all."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    knows: frozenset[str] | None = None
    stop_signal: int = signal.SIGTERM
    first: Callable[[], None] | None = None  # runs in the child before its program
    stdin: bytes = b""
    keep: Sequence[int] = ()  # file descriptors it inherits
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0

    def start(self) -> "Child":
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        self.started_at = time.monotonic()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                list(self.command),
                env={name: value for name, value in os.environ.items() if self.knows is None or name in self.knows}
                | dict(self.env),
                stdin=subprocess.PIPE if self.stdin else subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=self.keep,
                preexec_fn=before_exec(self.stop_signal, self.first),
            )
        if self.stdin and self.process.stdin:
            self.process.stdin.write(self.stdin)
            self.process.stdin.close()
        return self

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, patience: float = 8.0) -> None:
        """Ask it to stop; after ``patience`` seconds end it and whatever it started."""
        if self.process is None:
            return
        if self.is_running:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self._kill_group()
        self.process.wait()

    def _kill_group(self) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, to be shown when it died."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def wait_until(ready: Callable[[], bool], child: Child, what: str, patience: float = 30.0) -> None:
    """Wait until ``ready``. Raises Trouble with the end of the log when the child dies or takes too long."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if ready():
            return
        if not child.is_running:
            raise Trouble(f"{what} did not start. The end of {child.log}:\n{child.last_words()}")
        time.sleep(0.05)
    child.stop()
    raise Trouble(f"{what} did not answer within {patience:.0f} s. The end of {child.log}:\n{child.last_words()}")
