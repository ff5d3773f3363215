"""What ``./portal`` understands."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from coe_portal.launcher.embedded import Servers
from coe_portal.launcher.environment import portal_environment, without_foreign_aws
from coe_portal.launcher.given import is_empty
from coe_portal.launcher.lock import only_one
from coe_portal.launcher.places import ROOT, Places, is_free
from coe_portal.launcher.state import running_environment
from coe_portal.launcher.supervisor import Supervisor
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
                         (two copies side by side need a PORT and a VAR_DIR each)
  DATABASE_URL=…         a PostgreSQL server of your own   REDIS_URL=…   a Redis or Valkey server of your own
  AWS=external           the AWS that boto3's own configuration names, in place of the local one; with
                         COE_EXTERNAL_BUCKET, COE_EXTERNAL_EXECUTION_ROLE_ARN and COE_EXTERNAL_QUEUE_URL
                         an environment named "external" is made from them
  PORTAL_PYTHON=…        the Python to use (3.12 or newer)
"""

# Commands that need no data, or are there to make it.
ON_CODE_ALONE = ("check", "help", "lifecycles", "makemigrations", "migrate", "setup", "spectacular", "version")


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
    raw = os.environ.get("PORT") or "8000"
    if not (raw.isascii() and raw.isdecimal() and 1 <= int(raw) <= 65535):
        raise Trouble(f"PORT is “{raw}”, which is not a port number. Use one from 1024 to 65535.")
    return int(raw)


def _free_port() -> int:
    port = _port()
    try:
        free = is_free(port)
    except PermissionError:
        raise Trouble(f"Only root may use port {port}. Choose one from 1024 to 65535: PORT=8001 ./portal up") from None
    if not free:
        raise Trouble(f"Port {port} is taken by another program. Stop it, or choose another: PORT=8001 ./portal up")
    return port


def _external_aws() -> bool:
    raw = os.environ.get("AWS") or "local"
    if raw not in ("local", "external"):
        raise Trouble(f"AWS is “{raw}”. Use AWS=external for your own AWS, or unset it for the local one.")
    return raw == "external"


def up() -> int:
    """Start the portal and stay until it is stopped."""
    external_aws, places = _external_aws(), Places.find()
    with only_one(places, wait=False) as lock:
        Supervisor(places, _free_port(), external_aws=external_aws, lock=lock).run()
    return 0


def test(arguments: list[str]) -> int:
    """Run the tests; the pytest plugin starts the servers they need.

    Three workers keep two cores busy: the journeys through several processes often wait.
    """
    has_workers = any(argument.startswith(("-n", "--numprocesses", "-p")) for argument in arguments)
    command = [sys.executable, "-m", "pytest", *([] if has_workers else ["-n", "3"]), *arguments]
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
    with only_one(places, wait=True) as lock:
        servers = Servers(places, keep=(lock,))
        try:
            env = portal_environment(places, port=_port()) | servers.start()
            if arguments[0] not in ON_CODE_ALONE and is_empty(env.get("DATABASE_URL") or os.environ["DATABASE_URL"]):
                print(f"{places.var} holds no data yet; setting it up first …", file=sys.stderr, flush=True)
                set_up = _django(["setup"], env, stdout=subprocess.DEVNULL)  # a script reads the command's own output
                if set_up != 0:
                    return set_up
            return _django(arguments, env)
        finally:
            servers.stop()


def _django(arguments: list[str], env: dict[str, str], stdout: int | None = None) -> int:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    own = without_foreign_aws(os.environ) if env.get("LOCAL_AWS_URL") else os.environ
    return subprocess.run(command, env={**own, **env}, stdout=stdout, check=False).returncode


def find_chromium() -> str:
    """Path of an installed Chromium or Chrome, empty when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    apps = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
    return next((path for path in [*map(shutil.which, names), *filter(os.path.exists, apps)] if path), "")
