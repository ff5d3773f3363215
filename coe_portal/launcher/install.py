"""Keeps ``.venv`` up to date. Runs with the Python that ``./portal`` found, before anything is installed."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from coe_portal.launcher.places import ROOT
from coe_portal.launcher.trouble import Trouble

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
# Settings of a person's pip that would put the packages elsewhere.
ELSEWHERE = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")


def main(arguments: list[str]) -> int:
    """Install the requirements file of that name, unless that is done. Returns the exit status."""
    try:
        with _one_at_a_time():
            _bring_up_to_date(arguments[0])
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped while installing. The next ./portal starts that again.", file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands in two terminals install one after the other."""
    try:
        if not os.access(ROOT, os.W_OK):
            raise PermissionError
        lock = (ROOT / "requirements" / "base.txt").open("r+")
    except PermissionError:
        raise Trouble(
            f"The portal cannot write to {ROOT}. Give yourself write permission to this folder, or clone it elsewhere."
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bring_up_to_date(name: str) -> None:
    wanted, stamp = (ROOT / "requirements" / f"{name}.txt").read_bytes(), VENV / f".installed-{name}"
    sound = _is_sound() and not UNFINISHED.exists()
    if sound and stamp.exists() and stamp.read_bytes() == wanted:
        return
    print(f"Installing what the portal needs ({name}) …", file=sys.stderr, flush=True)
    try:
        if not sound:
            _make()
        UNFINISHED.touch()
        _install(name)
        stamp.write_bytes(wanted)
        UNFINISHED.unlink()
    except OSError as error:
        raise Trouble(
            f"The portal cannot write to {VENV} ({error.strerror}). Free space or permissions there."
        ) from None


def _is_sound() -> bool:
    """Whether .venv holds a Python of its own that is new enough and able to install.

    Without its pyvenv.cfg the same program is the Python behind it, and installing would change that one.
    """
    question = "import sys, pip; sys.exit(sys.version_info < (3, 12) or sys.prefix == sys.base_prefix)"
    with contextlib.suppress(OSError):
        return subprocess.run([str(PYTHON), "-c", question], capture_output=True, check=False).returncode == 0
    return False


def _make() -> None:
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, check=False)
    if done.returncode != 0 or not _is_sound():
        told = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise Trouble(
            f"Python could not make .venv ({told[-1] if told else 'without a reason'}). "
            "On Debian and Ubuntu, install the package python3-venv; a full disk has the same effect."
        )


def _install(name: str) -> None:
    """With uv where it is there, else with pip. What they say goes to the terminal."""
    environment = {key: value for key, value in os.environ.items() if key not in ELSEWHERE}
    file = f"requirements/{name}.txt"
    if shutil.which("uv"):
        command = ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    else:
        command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "-r", file]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise Trouble(
            "The packages could not be installed; the lines above say why (often: no network, or a full disk). "
            "Mend that and start the same command again."
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
