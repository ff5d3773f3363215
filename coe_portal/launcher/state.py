"""How a command in another terminal finds the servers of the portal that runs."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from coe_portal.launcher.lock import is_held
from coe_portal.launcher.places import Places

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
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "COE_EXTERNAL_BUCKET",
    "COE_EXTERNAL_EXECUTION_ROLE_ARN",
    "COE_EXTERNAL_QUEUE_URL",
    "COE_EXTERNAL_REGION",
)
STARTING_PATIENCE = 60.0


def begin(places: Places) -> None:
    """A portal is starting: commands wait for its servers."""
    _path(places).unlink(missing_ok=True)
    _starting(places).touch()


def publish(places: Places, environment: Mapping[str, str]) -> None:
    """The servers answer: commands may use this environment. It holds passwords, so only its owner reads it."""
    path = _path(places)
    path.touch(mode=0o600)
    given = {name: os.environ[name] for name in GIVEN if os.environ.get(name)}
    path.write_text(json.dumps(given | dict(environment)))
    _starting(places).unlink(missing_ok=True)


def clear(places: Places) -> None:
    """The portal stops."""
    _starting(places).unlink(missing_ok=True)
    _path(places).unlink(missing_ok=True)


def running_environment(places: Places) -> dict[str, str] | None:
    """The environment of the portal that runs on this folder, or None when none does.

    Waits for one that is starting; None also when another command has the folder.
    """
    end = time.monotonic() + STARTING_PATIENCE
    while is_held(places):
        if not _starting(places).exists() or time.monotonic() > end:
            return _read(places)
        time.sleep(0.2)
    return None


def _read(places: Places) -> dict[str, str] | None:
    try:
        state: dict[str, str] = json.loads(_path(places).read_text())
    except (OSError, ValueError):
        return None
    return state


def _path(places: Places) -> Path:
    return places.var / "run" / "environment.json"


def _starting(places: Places) -> Path:
    return places.var / "run" / "starting"
