"""The script ``./portal`` itself: finding a Python, making .venv, saying what is wrong in a sentence."""

import subprocess
from pathlib import Path

import pytest

from tests.launcher.conftest import BASE_PYTHON, Said, run

REFUSED = {"AWS": "azure"}  # makes the launcher say a sentence at once, which proves that it was reached


def portal(folder: Path, *arguments: str, **env: str) -> Said:
    return run(["sh", "portal", *arguments], folder, **{"PORTAL_PYTHON": str(BASE_PYTHON), **env})


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_help_needs_nothing_installed_and_installs_nothing(copy: Path) -> None:
    for arguments in ((), ("help",), ("--help",)):
        said = portal(copy, *arguments)
        assert said.status == 0 and "./portal up" in said.out and "DATABASE_URL" in said.out
    assert not (copy / ".venv").exists()


def test_an_old_python_is_refused_by_name(copy: Path, tmp_path: Path) -> None:
    old = program(tmp_path / "bin" / "python3", "echo False")
    said = portal(copy, "up", PORTAL_PYTHON=str(old)).sentence()
    assert "is not a Python 3.12 or newer" in said and str(old) in said


def test_without_any_python_the_script_says_which_one_it_needs(copy: Path, tmp_path: Path) -> None:
    text = (copy / "portal").read_text()
    for place in ("/opt/homebrew", "/usr/local", "/usr", "/Library"):
        text = text.replace(f" {place}/", " /nowhere/")
    (copy / "portal").write_text(text)
    program(tmp_path / "bin" / "dirname", 'exec /usr/bin/dirname "$@"')
    program(tmp_path / "bin" / "python3", 'if [ "$1" = --version ]; then echo Python 3.9.18; else echo False; fi')
    said = run(["/bin/sh", "portal", "up"], copy, PATH=str(tmp_path / "bin")).sentence()
    assert said.startswith("The portal needs Python 3.12 or newer and found Python 3.9.18.")


def test_a_name_that_lies_is_passed_over(copy: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin" / "python3.13", "echo pyenv: version not installed >&2; exit 127")
    program(tmp_path / "bin" / "python3.14", f'exec "{BASE_PYTHON}" "$@"')
    said = run(["sh", "portal", "help"], copy, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert said.status == 0 and "./portal up" in said.out


def test_the_first_command_makes_the_environment_and_the_second_does_not(copy: Path) -> None:
    first = portal(copy, "up", **REFUSED)
    assert "Installing what the portal needs (embedded)" in first.err and "AWS is “azure”" in first.err
    second = portal(copy, "up", **REFUSED).sentence()
    assert second == "AWS is “azure”. Use AWS=external for your own AWS, or unset it for the local one."
    (copy / "requirements" / "embedded.txt").write_text("# changed\n")
    assert "Installing" in portal(copy, "up", **REFUSED).err


@pytest.mark.parametrize("damage", ["no installer", "interrupted", "no python", "no mark of its own", "a file"])
def test_a_half_made_environment_is_made_again(copy: Path, damage: str) -> None:
    venv = copy / ".venv"
    if damage == "a file":
        venv.write_text("")
        assert "could not make .venv" in portal(copy, "up", **REFUSED).err
        return
    without_pip = [str(BASE_PYTHON), "-m", "venv", "--without-pip", str(venv)]
    subprocess.run(without_pip, check=True)
    if damage == "interrupted":
        (venv / ".installed-embedded").write_bytes((copy / "requirements" / "embedded.txt").read_bytes())
        (venv / ".unfinished").touch()
    if damage == "no python":
        (venv / "bin" / "python").unlink()
        (venv / "bin" / "python").symlink_to("/nowhere/python3")
    if damage == "no mark of its own":
        subprocess.run([str(BASE_PYTHON), "-m", "venv", "--clear", str(venv)], check=True)
        (venv / ".installed-embedded").write_bytes((copy / "requirements" / "embedded.txt").read_bytes())
        (venv / "pyvenv.cfg").unlink()
    said = portal(copy, "up", **REFUSED)
    assert "Installing" in said.err and "AWS is “azure”" in said.err and "Traceback" not in said.err
    assert not (venv / ".unfinished").exists() and (venv / "pyvenv.cfg").exists()
    assert portal(copy, "up", **REFUSED).sentence()


def test_a_package_that_cannot_be_had_is_said_and_tried_again_next_time(copy: Path) -> None:
    wheel = "nothing-of-this-name-exists==1 --hash=sha256:" + "0" * 64
    (copy / "requirements" / "embedded.txt").write_text(wheel)
    said = portal(copy, "up", PIP_NO_INDEX="1", **REFUSED)
    assert said.status == 1 and "could not be installed" in said.err and "Traceback" not in said.err
    (copy / "requirements" / "embedded.txt").write_text("# nothing\n")
    assert "AWS is “azure”" in portal(copy, "up", **REFUSED).err


def test_a_folder_that_cannot_be_written_is_said(copy: Path) -> None:
    copy.chmod(0o555)
    try:
        said = run(["sh", "portal", "up"], copy, ordinary_user=True, PORTAL_PYTHON=str(BASE_PYTHON)).sentence()
    finally:
        copy.chmod(0o755)
    assert said.startswith(f"The portal cannot write to {copy}.")


def test_it_may_be_started_from_another_folder(copy: Path, tmp_path: Path) -> None:
    said = run(["sh", str(copy / "portal"), "help"], tmp_path, PORTAL_PYTHON=str(BASE_PYTHON), CDPATH=str(tmp_path))
    assert said.status == 0 and said.out.startswith("CoE Portal")
