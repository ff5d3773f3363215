"""The whole product on free ports, started as a person starts it, with embedded servers of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"ready: (http://127\.0\.0\.1:\d+)")


@dataclass
class Stack:
    """A running portal: its address, its folder and the environment that commands need to reach it."""

    url: str
    var: Path
    env: dict[str, str]
    process: "subprocess.Popen[str]"

    @property
    def password(self) -> str:
        return (self.var / "demo-password").read_text().strip()

    def portal(self, *arguments: str) -> str:
        """Run ``./portal …`` against this portal and return what it printed."""
        command = [sys.executable, "-m", "coe_portal.launcher", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def token(self, user: str, *scopes: str) -> str:
        wanted = [word for scope in scopes for word in ("--scope", scope)]
        return self.portal("create_token", user, *wanted).splitlines()[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_portal(**extra: str) -> Iterator[Stack]:
    """Start the portal, wait until it is ready, stop it at the end and check that it stopped cleanly."""
    with tempfile.TemporaryDirectory(prefix="coe-journey-") as folder:
        hidden = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY", "ALLOWED_HOSTS", "INSECURE_HTTP")
        env = {name: value for name, value in os.environ.items() if name not in hidden}
        env |= {"PORT": str(free_port()), "VAR_DIR": folder, "LOG_LEVEL": "WARNING", **extra}
        command = [sys.executable, "-m", "coe_portal.launcher", "up"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield Stack(_wait_until_ready(process), Path(folder), env, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait_until_ready(process: "subprocess.Popen[str]") -> str:
    said, end = "", time.monotonic() + 120
    assert process.stdout is not None
    while time.monotonic() < end and (line := process.stdout.readline()):
        said += line
        if found := READY.search(line):
            return found[1]
    raise AssertionError(f"the portal did not start:\n{said}")
