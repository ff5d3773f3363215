"""Copies of the front door that are cheap to set up: the real script and launcher, nothing to install."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from coe_portal.launcher import unprivileged

ROOT = Path(__file__).resolve().parents[2]
BASE_PYTHON = Path(getattr(sys, "_base_executable", sys.executable))


@dataclass
class Said:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    def sentence(self) -> str:
        """The refusal: one paragraph on standard error, nothing else, and no traceback."""
        assert self.status == 1, self
        assert self.out == ""
        assert "Traceback" not in self.err
        assert len(self.err.strip().splitlines()) == 1, self.err
        return self.err.strip()


def run(command: list[str], cwd: Path, *, ordinary_user: bool = False, **env: str) -> Said:
    """Run with an environment that holds nothing of the tests' own servers."""
    leave_root: Callable[[], None] | None = None
    if ordinary_user and os.geteuid() == 0:
        leave_root = partial(unprivileged.leave_root, in_namespace=True)
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd), **env}
    done = subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=120, check=False, preexec_fn=leave_root
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A clone in which every requirements file is empty, so that setting up takes seconds."""
    folder = tmp_path / "a clone"
    (folder / "coe_portal").mkdir(parents=True)
    (folder / "requirements").mkdir()
    shutil.copy(ROOT / "portal", folder / "portal")
    for name in ("__init__.py", "env.py", "demo_people.py"):
        shutil.copy(ROOT / "coe_portal" / name, folder / "coe_portal" / name)
    shutil.copytree(
        ROOT / "coe_portal" / "launcher",
        folder / "coe_portal" / "launcher",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("base", "embedded", "test", "browser"):
        (folder / "requirements" / f"{name}.txt").write_text("# nothing\n")
    return folder
