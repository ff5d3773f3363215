"""Gives the tests a database and a broker before Django's settings are read.

Loaded with ``-p`` in ``pyproject.toml``. Servers named by DATABASE_URL and REDIS_URL are used as they are; otherwise
throw-away ones run for as long as the tests. Workers that test at the same time have a database each in both; while
they collect their tests, ``tests/prepared.py`` migrates the one that theirs are copied from.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from coe_portal.launcher.embedded import Servers
from coe_portal.launcher.places import ROOT, Places
from coe_portal.launcher.processes import Child
from coe_portal.launcher.trouble import Trouble

PREPARED = "COE_TESTS_PREPARED"  # names the folder of what is prepared
REDIS_DATABASES = 16  # what Redis and Valkey have unless told otherwise


def _start_servers() -> None:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    folder = Path(tempfile.mkdtemp(prefix="coe-tests-"))
    for name in ("log", "run"):
        (folder / name).mkdir()
    servers, preparation = Servers(Places(folder), durable=False), _preparation(folder / "prepared")

    def clean_up() -> None:
        preparation.stop()
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clean_up)
    try:
        os.environ.update(servers.start())
    except Trouble as trouble:
        clean_up()
        raise pytest.UsageError(f"The tests need a database and a broker. {trouble}") from None
    if servers.postgres:
        os.environ[PREPARED] = str(folder / "prepared")
        preparation.start()


def _preparation(folder: Path) -> Child:
    folder.mkdir()
    own = {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    return Child("preparation", [sys.executable, "-m", "tests.prepared"], folder / "log", env=own)


def database_of_worker(redis_url: str, worker: str) -> str:
    """The URL with a database of the worker's own (``gw0``, ``gw1`` …; empty without workers: the URL as it is)."""
    if not worker:
        return redis_url
    number, parts = 1 + int(worker.removeprefix("gw")) % (REDIS_DATABASES - 1), urlsplit(redis_url)
    if parts.scheme == "unix":
        return f"unix://{parts.netloc}{parts.path}?{urlencode(dict(parse_qsl(parts.query)) | {'db': number})}"
    return parts._replace(path=f"/{number}").geturl()


_start_servers()
os.environ["REDIS_URL"] = database_of_worker(os.environ["REDIS_URL"], os.environ.get("PYTEST_XDIST_WORKER", ""))
