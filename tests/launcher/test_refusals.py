"""What can be wrong around the portal: each is one sentence that says how to mend it, never a traceback."""

import socket
import sys
from pathlib import Path

import pytest

from tests.journeys.stack import free_port
from tests.launcher.conftest import ROOT, Said, run

UP = [sys.executable, "-m", "coe_portal.launcher", "up"]


def up(var: Path, **env: str) -> Said:
    return run(UP, ROOT, **{"VAR_DIR": str(var), "PORT": str(free_port()), **env})


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1", "80.5", "²", "８０００"])
def test_a_bad_port(tmp_path: Path, port: str) -> None:
    assert up(tmp_path, PORT=port).sentence().startswith(f"PORT is “{port}”, which is not a port number.")


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = up(tmp_path, PORT=str(port)).sentence()
    assert said == f"Port {port} is taken by another program. Stop it, or choose another: PORT=8001 ./portal up"


def test_an_unknown_aws(tmp_path: Path) -> None:
    assert up(tmp_path, AWS="azure").sentence().startswith("AWS is “azure”.")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://127.0.0.1/x", "is not an address of the form postgres://"),
        ("postgres://127.0.0.1:port/x", "is not an address of the form postgres://"),
        ("postgres://127.0.0.1:1", "names no database"),
        ("postgres://me:hush@127.0.0.1:1/x", "does not lead to a PostgreSQL database"),
    ],
)
def test_a_database_that_is_not_there(tmp_path: Path, url: str, sentence: str) -> None:
    said = up(tmp_path, DATABASE_URL=url).sentence()
    assert sentence in said and said.startswith("DATABASE_URL (") and "hush" not in said


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1", "is not an address of the form redis://"),
        ("redis://:hush@127.0.0.1:1/0", "does not lead to a Redis or Valkey server"),
        ("redis://127.0.0.1:1/first", "does not lead to a Redis or Valkey server"),
    ],
)
def test_a_broker_that_is_not_there(tmp_path: Path, url: str, sentence: str) -> None:
    said = run([*UP[:-1], "showmigrations"], ROOT, VAR_DIR=str(tmp_path), REDIS_URL=url).sentence()
    assert sentence in said and said.startswith("REDIS_URL (") and "hush" not in said


def test_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    assert up(tmp_path / "var").sentence().startswith(f"The portal cannot write to {tmp_path / 'var'} (")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    env = {"VAR_DIR": str(tmp_path / "var"), "PORT": str(free_port())}
    said = run(UP, ROOT, ordinary_user=True, **env).sentence()
    assert said.startswith(f"The portal cannot write to {tmp_path / 'var'} (Permission denied).")


def test_a_database_whose_password_is_gone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    assert "postgres.secret is missing" in up(tmp_path).sentence()


def test_no_way_to_run_the_embedded_servers(copy: Path, tmp_path: Path) -> None:
    bare = [sys.executable, "-I", "-S", "-c"]  # a Python without any package
    start = "import sys; sys.path.insert(0, '.'); from coe_portal.launcher.commands import main; sys.exit(main(['up']))"
    said = run([*bare, start], copy, VAR_DIR=str(tmp_path / "var"), PORT=str(free_port())).sentence()
    assert said.startswith("The embedded servers are not installed") and "DATABASE_URL and REDIS_URL" in said


def test_an_embedded_postgresql_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").write_text("in the way")
    said = up(tmp_path).sentence()
    assert said.startswith("The embedded PostgreSQL cannot be made: initdb: ") and "DATABASE_URL" in said
