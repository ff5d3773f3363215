"""``./portal up``: starts every process, watches them, stops them in order."""

import os
import signal
import sys
import time
import urllib.request
from types import FrameType

from coe_portal import env
from coe_portal.launcher import assets, state
from coe_portal.launcher.embedded import Servers
from coe_portal.launcher.environment import local_aws_environment, portal_environment, without_foreign_aws
from coe_portal.launcher.places import ROOT, Places, is_free
from coe_portal.launcher.processes import Child, wait_until
from coe_portal.launcher.trouble import Trouble
from coe_portal.launcher.watching import Watcher

# All that the local AWS gets: it runs people's scripts, so it knows none of the portal's secrets.
OF_NO_SECRET = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"})
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
BUCKET, QUEUE = "coe-local", "coe-portal-events"
STOP_PATIENCE = 5.0


class Supervisor:
    """All processes of one laptop portal."""

    def __init__(self, places: Places, port: int, *, external_aws: bool, lock: int) -> None:
        self.places, self.port, self.external_aws, self.lock = places, port, external_aws, lock
        self.servers = Servers(places, keep=(lock,))
        self.env = portal_environment(places, port=port)
        self.children: list[Child] = []
        self.stopping = False

    def child(self, name: str, *command: str) -> Child:
        return Child(name, command, self.places.var / "log" / f"{name}.log", env=self.env, keep=(self.lock,))

    def run(self) -> None:
        """Start, watch until a signal comes, stop. Raises Trouble when something cannot start."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._on_signal)
        state.begin(self.places)
        try:
            self._start()
            self._announce()
            self._watch()
        except KeyboardInterrupt:
            print("\nStopping …", flush=True)
            self._stop()
            print("Stopped. Everything is kept for the next start.", flush=True)
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if not self.stopping:
            self.stopping = True
            raise KeyboardInterrupt

    def _start(self) -> None:
        self.env |= self.servers.start()
        if not self.external_aws:
            self._start_local_aws()
        self._check_environment()
        if not assets.are_collected(self.places):
            self._manage("collectstatic", "--noinput", "--clear", "-v0")
            assets.note_collected(self.places)
        self._manage("setup")
        state.publish(self.places, self.env)
        for child in self._portal_processes():
            self.children.append(child.start())
        web = self.children[-1]
        wait_until(self._is_ready, web, "The portal", patience=60)

    def _check_environment(self) -> None:
        """What the processes would refuse to start with is told here, once and in the terminal."""
        try:
            env.read({**os.environ, **self.env})
        except env.EnvError as error:
            raise Trouble(str(error)) from None

    def _start_local_aws(self) -> None:
        port = self.places.port("local-aws")
        url = f"http://127.0.0.1:{port}"
        for name in set(os.environ) - set(without_foreign_aws(os.environ)):
            del os.environ[name]
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
            knows=OF_NO_SECRET,
            keep=(self.lock,),
        ).start()
        self.children.append(aws)
        wait_until(lambda: not is_free(port), aws, "The local AWS")
        self.env |= local_aws_environment(url)

    def _portal_processes(self) -> list[Child]:
        celery = [sys.executable, "-m", "celery", "-A", "coe_portal.celery"]
        schedule = str(self.places.var / "run" / "beat-schedule")
        web = [sys.executable, "-m", "gunicorn", "coe_portal.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        web += ["--workers", "2", "--threads", "4", "--graceful-timeout", "3", "--preload", "--no-control-socket"]
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

    def _is_ready(self) -> bool:
        try:
            with NO_PROXY.open(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _announce(self) -> None:
        from coe_portal.demo_people import DEMO_PEOPLE

        print(f"\nCoE Portal is ready: http://127.0.0.1:{self.port}\n", flush=True)
        password = os.environ.get("DEMO_PASSWORD") or self.env["DEMO_PASSWORD"]
        print(f"Demo people, all with the password {password}")
        for person in DEMO_PEOPLE:
            print(f"  {person.username:<13} {person.display_name:<18} {person.role}")
        print(f"\nLogs: {self.places.var / 'log'}   Stop: Ctrl-C (everything is kept)\n", flush=True)

    def _watch(self) -> None:
        watcher = Watcher()
        while True:
            time.sleep(0.25)
            watcher.look([*self.servers.children(), *self.children])

    def _stop(self) -> None:
        self.stopping = True
        state.clear(self.places)
        for child in reversed(self.children):
            if child.process and child.is_running:
                child.process.send_signal(child.stop_signal)
        end = time.monotonic() + STOP_PATIENCE
        for child in reversed(self.children):
            child.stop(patience=max(0.1, end - time.monotonic()))
        self.servers.stop()
