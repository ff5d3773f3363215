"""A portal for one benchmark: servers of its own and the processes of production, all gone afterwards."""

import json
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coe_portal.launcher.embedded import Servers
from coe_portal.launcher.environment import local_aws_environment, portal_environment
from coe_portal.launcher.places import Places, is_free
from coe_portal.launcher.processes import Child, wait_until
from tests.bench.harness.figures import ROOT

BUCKET, QUEUE = "coe-local", "coe-portal-events"
# As in Dockerfile and docker-compose.yml.
WEB = ("--workers", "4", "--no-control-socket")
WORKER = ("--concurrency", "4")
EVERYTHING = ("worker", "scheduler", "consumer", "web")
# What the person who starts a benchmark has set for a portal of theirs must not reach this one.
FOREIGN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DEMO_PASSWORD", "STATIC_ROOT", "MEDIA_ROOT")
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class LocalAws:
    """The AWS side: switches, and what it counted."""

    url: str

    def control(self, **switches: Any) -> None:
        """Change switches while it runs, such as ``drop_event_rate=1``."""
        self._post("/_local/control", switches)

    def counts(self, *, reset: bool = False) -> tuple[dict[str, int], dict[str, int]]:
        """SageMaker calls, and throttled ones, by operation since the last reset."""
        if reset:
            told = self._post("/_local/counts", {})
        else:
            with _NO_PROXY.open(f"{self.url}/_local/counts", timeout=30) as answer:
                told = json.load(answer)
        return told["calls"], told["throttled"]

    def client(self, service: str) -> Any:
        """Plain boto3, for looking at what AWS has. Its calls are counted too, so count first."""
        import boto3  # only benchmarks that look at AWS pay for it

        return boto3.client(service, endpoint_url=self.url, region_name="eu-west-1")

    def _post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        with _NO_PROXY.open(request, timeout=30) as answer:
            return json.load(answer)


@dataclass
class Portal:
    """A running portal: its address, its AWS and its processes by name."""

    url: str
    aws: LocalAws
    places: Places
    env: dict[str, str]
    children: dict[str, Child] = field(default_factory=dict)

    def peak_mb(self, name: str) -> float:
        """The most resident memory that a process has had, without its children, in MB (10^6 bytes)."""
        process = self.children[name].process
        assert process is not None
        status = Path(f"/proc/{process.pid}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        return int(kilobytes) * 1024 / 1e6

    def manage(self, *arguments: str) -> None:
        """Run a management command to its end. Raises RuntimeError with its last words."""
        step = self._child("manage", str(ROOT / "manage.py"), *arguments).start()
        if step.process is None or step.process.wait() != 0:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{step.last_words(20)}")

    def start(self, name: str, *arguments: str) -> None:
        self.children[name] = self._child(name, *arguments).start()

    def stop(self) -> None:
        for child in reversed(self.children.values()):
            child.stop()

    def _child(self, name: str, *arguments: str) -> Child:
        return Child(name, [sys.executable, *arguments], self.places.var / "log" / f"{name}.log", env=self.env)


@contextmanager
def running(
    *,
    local_aws: Sequence[str] = (),
    processes: Sequence[str] = EVERYTHING,
    web: Sequence[str] = WEB,
    worker: Sequence[str] = WORKER,
    env: Mapping[str, str] | None = None,
) -> Iterator[Portal]:
    """Start a portal, and Django in this process on the same database, for arranging what is to be measured.

    Args:
        local_aws: options of the local AWS, such as ``("--simulate", "20", "--limits", "aws_like")``.
        processes: which of worker, scheduler, consumer and web to start.
        web, worker: options of gunicorn and of the Celery worker.
        env: further variables of the portal, such as ``{"AWS_CREATE_RATE": "2"}``.
    """
    for name in FOREIGN:
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="coe-bench-"))
    places = _places(folder)
    servers = Servers(places)
    here: Portal | None = None
    try:
        say("starting servers")
        here = _prepare(places, servers, local_aws, env or {})
        _start_processes(here, processes, web, worker)
        say("ready")
        yield here
    finally:
        if here:
            here.stop()
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _places(folder: Path) -> Places:
    for name in ("log", "run", "media"):
        (folder / name).mkdir()
    return Places(folder)


def _prepare(places: Places, servers: Servers, local_aws: Sequence[str], env: Mapping[str, str]) -> Portal:
    aws_url = f"http://127.0.0.1:{places.port('local-aws')}"
    port = places.port("web")
    made = portal_environment(places, port=port) | local_aws_environment(aws_url) | servers.start()
    made |= {"LOG_LEVEL": "WARNING", "LOG_FORMAT": "json", **env}
    made.pop("DEMO_PASSWORD")  # an organisation of its own instead of the demo's
    here = Portal(f"http://127.0.0.1:{port}", LocalAws(aws_url), places, made)
    here.start("local-aws", *_local_aws_command(places, aws_url), *local_aws)
    here.manage("collectstatic", "--noinput", "-v0")
    here.manage("setup")
    os.environ.update(made)
    import django  # its settings read the environment, which is complete only now

    django.setup()
    return here


def _local_aws_command(places: Places, url: str) -> list[str]:
    data, port = str(places.var / "aws"), url.rsplit(":", 1)[1]
    return ["-m", "deployments.local", "--data", data, "--port", port, "--bucket", BUCKET, "--queue", QUEUE]


def _start_processes(here: Portal, names: Sequence[str], web: Sequence[str], worker: Sequence[str]) -> None:
    celery = ("-m", "celery", "-A", "coe_portal.celery")
    schedule = str(here.places.var / "run" / "beat-schedule")
    address = here.url.removeprefix("http://")
    commands: dict[str, tuple[str, ...]] = {
        "worker": (*celery, "worker", "--without-gossip", "--without-mingle", *worker),
        "scheduler": (*celery, "beat", "--schedule", schedule, "--pidfile="),
        "consumer": (str(ROOT / "manage.py"), "run_event_consumer"),
        "web": ("-m", "gunicorn", "coe_portal.wsgi", "--bind", address, *web),
    }
    for name in names:
        here.start(name, *commands[name])
    aws_port = int(here.aws.url.rsplit(":", 1)[1])
    wait_until(lambda: not is_free(aws_port), here.children["local-aws"], "The local AWS")
    _wait_for_processes(here, names)


def _wait_for_processes(here: Portal, names: Sequence[str]) -> None:
    from coe_portal.celery import app
    from coe_portal.core.services import system

    if "web" in names:
        wait_until(lambda: _is_ready(here.url), here.children["web"], "The web", patience=60)
    if "worker" in names:
        app.send_task("core.heartbeat")
        wait_until(lambda: system.last_seen(system.WORKER) is not None, here.children["worker"], "The worker", 60)
    if "consumer" in names:
        wait_until(lambda: system.last_seen(system.CONSUMER) is not None, here.children["consumer"], "The consumer", 60)


def _is_ready(url: str) -> bool:
    try:
        with _NO_PROXY.open(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


_STARTED = time.monotonic()


def say(what: str) -> None:
    """Progress goes to standard error, so that standard output holds figures only."""
    print(f"[{time.monotonic() - _STARTED:6.1f} s] {what}", file=sys.stderr, flush=True)
