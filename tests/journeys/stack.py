"""The whole product on free ports, started as a person starts it, with embedded servers of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import prepared

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"ready: (http://127\.0\.0\.1:\d+)")
HIDDEN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY", "ALLOWED_HOSTS", "INSECURE_HTTP")
LAUNCHER = [sys.executable, "-m", "coe_portal.launcher"]


@dataclass
class Stack:
    """A running portal: its address, its folder and the environment that commands need to reach it."""

    var: Path
    env: dict[str, str]
    url: str = ""
    process: "subprocess.Popen[str]" = field(init=False)
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def start(self, meanwhile: "Callable[[Stack], None] | None" = None) -> None:
        """Start it and wait until it is ready."""
        self.process = subprocess.Popen(
            [*LAUNCHER, "up"], cwd=ROOT, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            if meanwhile:
                meanwhile(self)
            self.url = _wait_until_ready(self.process)
        except BaseException:
            self.process.kill()
            raise

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it; by SIGTERM it says so and its exit status is 0."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=30)
        if number != signal.SIGKILL:
            assert said.rstrip().endswith("Stopped. Everything is kept for the next start."), said
            assert self.process.returncode == 0

    @property
    def password(self) -> str:
        return (self.var / "demo-password").read_text().strip()

    def portal(self, *arguments: str) -> str:
        """Run ``./portal …`` against this portal and return what it printed."""
        done = subprocess.run(
            [*LAUNCHER, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def token(self, user: str, *scopes: str) -> str:
        """A token of this person, made by the command once: each command starts a Django of its own."""
        if (user, *scopes) not in self.tokens:
            wanted = [word for scope in scopes for word in ("--scope", scope)]
            self.tokens[user, *scopes] = self.portal("create_token", user, *wanted).splitlines()[-1]
        return self.tokens[user, *scopes]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_portal(
    *, first_start: bool = False, meanwhile: Callable[[Stack], None] | None = None, **extra: str
) -> Iterator[Stack]:
    """Start the portal, wait until it is ready, stop it at the end and check that it stopped cleanly.

    ``first_start``: in an empty folder, as on a person's first day; else the folder holds a migrated database already.
    ``meanwhile`` is done while it starts.
    """
    with tempfile.TemporaryDirectory(prefix="coe-journey-") as folder:
        if not first_start:
            prepared.furnish(Path(folder))
        env = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        env |= {"PORT": str(free_port()), "VAR_DIR": folder, "LOG_LEVEL": "WARNING", **extra}
        stack = Stack(Path(folder), env)
        stack.start(meanwhile)
        try:
            yield stack
        finally:
            stack.stop()


def _wait_until_ready(process: "subprocess.Popen[str]") -> str:
    said, end = "", time.monotonic() + 180
    assert process.stdout is not None
    while time.monotonic() < end and (line := process.stdout.readline()):
        said += line
        if found := READY.search(line):
            return found[1]
    raise AssertionError(f"the portal did not start:\n{said}")
