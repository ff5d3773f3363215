"""Gives the tests a database and a broker before Django's settings are read.

Loaded with ``-p`` in ``pyproject.toml``. Servers named by DATABASE_URL and REDIS_URL are used as they are; otherwise
throw-away ones run for as long as the tests.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from coe_portal.launcher.embedded import Servers
from coe_portal.launcher.places import Places
from coe_portal.launcher.trouble import Trouble


def _start_servers() -> None:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    folder = Path(tempfile.mkdtemp(prefix="coe-tests-"))
    for name in ("log", "run"):
        (folder / name).mkdir()
    servers = Servers(Places(folder), durable=False)

    def clean_up() -> None:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clean_up)
    try:
        os.environ.update(servers.start())
    except Trouble as trouble:
        clean_up()
        raise pytest.UsageError(f"The tests need a database and a broker. {trouble}") from None


_start_servers()
