"""``./portal up``: starts every process, watches them, stops them in order."""

import fcntl
import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from coe_portal.launcher.embedded import Servers
from coe_portal.launcher.environment import local_aws_environment, portal_environment
from coe_portal.launcher.places import ROOT, Places, is_free
from coe_portal.launcher.processes import Child, wait_until
from coe_portal.launcher.trouble import Trouble

# What the person may have set themselves; a command in another terminal needs the same.
GIVEN: tuple[str, ...] = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DEMO_PASSWORD",
    "AWS_ENDPOINT_URL",
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_DEFAULT_REGION",
    "COE_EXTERNAL_BUCKET",
    "COE_EXTERNAL_EXECUTION_ROLE_ARN",
    "COE_EXTERNAL_QUEUE_URL",
    "COE_EXTERNAL_REGION",
)
# All that the local AWS gets: it runs people's scripts, so it knows none of the portal's secrets.
OF_NO_SECRET = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"})
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
BUCKET, QUEUE = "coe-local", "coe-portal-events"
MAX_RESTART_DELAY = 30.0
STARTING_PATIENCE, STOP_PATIENCE = 60.0, 5.0


@contextmanager
def only_one(places: Places, *, wait: bool) -> Iterator[IO[str]]:
    """Hold the folder for this process. Raises Trouble when another portal has it and ``wait`` is false."""
    path = places.var / "run" / "portal.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise Trouble(
                    f"Another portal uses {places.var} already (or a ./portal command is still running). "
                    "Stop it, or set VAR_DIR and PORT for a second one."
                ) from None
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def running_environment(places: Places) -> dict[str, str] | None:
    """The environment of the portal that runs on this folder, or None when none does."""
    path = places.var / "run" / "portal.lock"
    if not path.exists():
        return None
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _wait_for_state(places)
        fcntl.flock(lock, fcntl.LOCK_UN)
    return None


def _state_path(places: Places) -> Path:
    return places.var / "run" / "environment.json"


def _wait_for_state(places: Places) -> dict[str, str] | None:
    """A portal that is starting writes its state once its servers answer; None when another command has the folder."""
    end = time.monotonic() + STARTING_PATIENCE
    while (places.var / "run" / "starting").exists() and time.monotonic() < end:
        time.sleep(0.2)
    return _read_state(places)


def _read_state(places: Places) -> dict[str, str] | None:
    try:
        state: dict[str, str] = json.loads(_state_path(places).read_text())
    except (OSError, ValueError):
        return None
    return state


class Supervisor:
    """All processes of one laptop portal."""

    def __init__(self, places: Places, port: int) -> None:
        self.places, self.port = places, port
        self.servers = Servers(places)
        self.env = portal_environment(places, port=port)
        self.children: list[Child] = []
        self.stopping = False

    def child(self, name: str, *command: str) -> Child:
        return Child(name, command, self.places.var / "log" / f"{name}.log", env=self.env)

    def run(self) -> None:
        """Start, watch until a signal comes, stop. Raises Trouble when something cannot start."""
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._on_signal)
        starting = self.places.var / "run" / "starting"
        try:
            _state_path(self.places).unlink(missing_ok=True)
            starting.touch()
            self._start()
            starting.unlink()
            self._announce()
            self._watch()
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if not self.stopping:
            self.stopping = True
            raise KeyboardInterrupt

    def _start(self) -> None:
        if not is_free(self.port):
            raise Trouble(
                f"Port {self.port} is taken by another program. Stop it, or choose another: PORT=8001 ./portal up"
            )
        self.env |= self.servers.start()
        if os.environ.get("AWS") != "external":
            self._start_local_aws()
        self._manage("collectstatic", "--noinput", "-v0")
        self._manage("setup")
        self._write_state()
        for child in self._portal_processes():
            self.children.append(child.start())
        web = self.children[-1]
        wait_until(self._is_ready, web, "The portal", patience=60)

    def _start_local_aws(self) -> None:
        port = self.places.port("local-aws")
        url = f"http://127.0.0.1:{port}"
        command = [
            sys.executable,
            "-m",
            "deployments.local",
            "--data",
            str(self.places.var / "aws"),
            "--port",
            str(port),
        ]
        aws = Child(
            "local-aws",
            [*command, "--bucket", BUCKET, "--queue", QUEUE],
            self.places.var / "log" / "local-aws.log",
            keep=OF_NO_SECRET,
        ).start()
        self.children.append(aws)
        wait_until(lambda: not is_free(port), aws, "The local AWS")
        self.env |= local_aws_environment(url)

    def _portal_processes(self) -> list[Child]:
        celery = [sys.executable, "-m", "celery", "-A", "coe_portal.celery"]
        schedule = str(self.places.var / "run" / "beat-schedule")
        web = [sys.executable, "-m", "gunicorn", "coe_portal.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        web += ["--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--preload", "--no-control-socket"]
        return [
            self.child("worker", *celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"),
            self.child("scheduler", *celery, "beat", "--schedule", schedule, "--pidfile="),
            self.child("consumer", sys.executable, str(ROOT / "manage.py"), "run_event_consumer"),
            self.child("web", *web),
        ]

    def _manage(self, *arguments: str) -> None:
        step = self.child("setup", sys.executable, str(ROOT / "manage.py"), *arguments).start()
        if step.process is None or step.process.wait() != 0:
            raise Trouble(
                f"Setting up failed at “{' '.join(arguments)}”. The end of {step.log}:\n{step.last_words(12)}"
            )

    def _write_state(self) -> None:
        path = _state_path(self.places)
        path.touch(mode=0o600)
        given = {name: os.environ[name] for name in GIVEN if os.environ.get(name)}
        path.write_text(json.dumps(given | self.env))

    def _is_ready(self) -> bool:
        try:
            with NO_PROXY.open(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _announce(self) -> None:
        from coe_portal.demo_people import DEMO_PEOPLE

        print(f"\nCoE Portal is ready: http://127.0.0.1:{self.port}\n", flush=True)
        print(f"Demo people, all with the password {self.places.secret('demo-password')}")
        for person in DEMO_PEOPLE:
            print(f"  {person.username:<13} {person.display_name:<18} {person.role}")
        print(f"\nLogs: {self.places.var / 'log'}   Stop: Ctrl-C (everything is kept)\n", flush=True)

    def _watch(self) -> None:
        delays: dict[str, float] = {}
        while True:
            time.sleep(0.5)
            for child in [*self.children, *self.servers.children()]:
                if not child.is_running:
                    self._restart(child, delays)

    def _restart(self, child: Child, delays: dict[str, float]) -> None:
        delay = delays.get(child.name, 0.5)
        print(
            f"{child.name} ended; starting it again in {delay:.0f} s. Its last words:\n{child.last_words(3)}",
            flush=True,
        )
        time.sleep(delay)
        delays[child.name] = min(delay * 2, MAX_RESTART_DELAY)
        child.start()

    def _stop(self) -> None:
        self.stopping = True
        print("Stopping …", flush=True)
        (self.places.var / "run" / "starting").unlink(missing_ok=True)
        _state_path(self.places).unlink(missing_ok=True)
        for child in reversed(self.children):
            if child.process and child.is_running:
                child.process.send_signal(child.stop_signal)
        end = time.monotonic() + STOP_PATIENCE
        for child in reversed(self.children):
            child.stop(patience=max(0.1, end - time.monotonic()))
        self.servers.stop()
        print("Stopped. Everything is kept for the next start.", flush=True)
