"""What ``./portal`` understands."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from coe_portal.launcher.embedded import Servers
from coe_portal.launcher.environment import portal_environment
from coe_portal.launcher.places import ROOT, Places
from coe_portal.launcher.supervisor import Supervisor, only_one, running_environment
from coe_portal.launcher.trouble import Trouble

HELP = """CoE Portal

  ./portal up            set everything up and start the portal (Ctrl-C stops it, nothing is lost)
  ./portal test [ARGS]   set everything up and run every test; ARGS go to pytest
  ./portal bench NAME    measure, such as: watch --runs 200; prints one line a figure
  ./portal COMMAND …     run a management command on the same data, whether or not the portal is running:
                           ./portal create_token USER --scope read --scope write [--days N]
                           ./portal migrate · ./portal check · ./portal lifecycles · ./portal help_commands
  ./portal help          this text

Variables:
  PORT=8000              where the portal answers          VAR_DIR=var   where its state is kept
  DATABASE_URL=…         a PostgreSQL server of your own   REDIS_URL=…   a Redis or Valkey server of your own
  AWS=external           the AWS that boto3's own configuration names, in place of the local one; with
                         COE_EXTERNAL_BUCKET, COE_EXTERNAL_EXECUTION_ROLE_ARN and COE_EXTERNAL_QUEUE_URL
                         an environment named "external" is made from them
  PORTAL_PYTHON=…        the Python to use (3.12 or newer)
"""


def main(arguments: list[str]) -> int:
    """Run one command and return the exit status. Trouble is told in a sentence, never as a traceback."""
    command, *rest = arguments or ["help"]
    if command in ("help", "-h", "--help"):
        print(HELP)
        return 0
    own: dict[str, Callable[[], int]] = {"up": up, "test": partial(test, rest), "bench": partial(bench, rest)}
    of_django = partial(manage, ["help"] if command == "help_commands" else arguments)
    try:
        return own.get(command, of_django)()
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130 if command != "up" else 0


def _port() -> int:
    raw = os.environ.get("PORT", "8000")
    if not raw.isdigit() or not 1 <= int(raw) <= 65535:
        raise Trouble(f"PORT is “{raw}”, which is not a port number. Use one from 1024 to 65535.")
    return int(raw)


def up() -> int:
    """Start the portal and stay until it is stopped."""
    places = Places.find()
    with only_one(places, wait=False):
        Supervisor(places, _port()).run()
    return 0


def test(arguments: list[str]) -> int:
    """Run the tests; the pytest plugin starts the servers they need."""
    has_workers = any(argument.startswith(("-n", "--numprocesses", "-p")) for argument in arguments)
    command = [sys.executable, "-m", "pytest", *([] if has_workers else ["-n", "2", "--dist", "loadgroup"]), *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def bench(names: list[str]) -> int:
    """Run benchmarks by name, or list them."""
    folder = ROOT / "tests" / "bench"
    known = sorted(path.stem for path in folder.glob("[a-z]*.py")) if folder.exists() else []
    if not names or names[0] not in known:
        raise Trouble(f"Name a benchmark: {', '.join(known) or 'there is none yet'}.")
    return subprocess.run(
        [sys.executable, "-m", f"tests.bench.{names[0]}", *names[1:]], cwd=ROOT, check=False
    ).returncode


def manage(arguments: list[str]) -> int:
    """Run a management command with the running portal's servers, or with its own for as long as it takes."""
    places = Places.find()
    running = running_environment(places)
    if running is not None:
        return _django(arguments, running)
    with only_one(places, wait=True):
        servers = Servers(places)
        try:
            return _django(arguments, portal_environment(places, port=_port()) | servers.start())
        finally:
            servers.stop()


def _django(arguments: list[str], env: dict[str, str]) -> int:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env={**os.environ, **env}, check=False).returncode


def find_chromium() -> str:
    """Path of an installed Chromium or Chrome, empty when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    apps = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
    return next((path for path in [*map(shutil.which, names), *filter(os.path.exists, apps)] if path), "")
