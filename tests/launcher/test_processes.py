"""Processes, locks and what a start leaves out: the launcher's own rooms, with real processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psycopg2
import pytest

from coe_portal.launcher import assets, places, unprivileged
from coe_portal.launcher.embedded import Postgres
from coe_portal.launcher.environment import local_aws_environment, portal_environment, without_foreign_aws
from coe_portal.launcher.given import is_empty
from coe_portal.launcher.lock import is_held, only_one
from coe_portal.launcher.places import Places
from coe_portal.launcher.processes import Child
from coe_portal.launcher.trouble import Trouble
from coe_portal.launcher.watching import Watcher


@pytest.fixture
def here(tmp_path: Path) -> Places:
    for name in ("log", "run"):
        (tmp_path / name).mkdir()
    return Places(tmp_path)


def child(here: Places, *command: str) -> Child:
    return Child(command[0], command, here.var / "log" / "child.log")


def settle(one: Child, *, running: bool) -> None:
    end = time.monotonic() + 5
    while one.is_running != running:
        assert time.monotonic() < end
        time.sleep(0.01)


def killed_portal(here: Places, program: str) -> "subprocess.Popen[bytes]":
    """A launcher that holds the folder, starts one program and is waiting to be killed."""
    text = f"""
    import sys, time
    from pathlib import Path
    from coe_portal.launcher.lock import only_one
    from coe_portal.launcher.places import Places
    from coe_portal.launcher.processes import Child
    here = Places(Path({str(here.var)!r}))
    with only_one(here, wait=False) as lock:
        Child("child", [sys.executable, "-c", {program!r}], here.var / "log" / "child.log", keep=(lock,)).start()
        while not (here.var / "child").exists():
            time.sleep(0.01)
        print("ready", flush=True)
        time.sleep(60)
    """
    portal = subprocess.Popen([sys.executable, "-c", textwrap.dedent(text)], stdout=subprocess.PIPE)
    assert portal.stdout is not None
    assert portal.stdout.readline() == b"ready\n"
    return portal


STAYS = """
import os, pathlib, signal, time
here = pathlib.Path({folder!r})
def end(*_):
    time.sleep(1)
    (here / "ended").touch()
    os._exit(0)
signal.signal(signal.SIGTERM, end)
(here / "child").touch()
time.sleep(60)
"""


def test_a_folder_has_one_portal_and_it_is_free_afterwards(here: Places) -> None:
    with only_one(here, wait=False):
        assert is_held(here)
        with pytest.raises(Trouble, match="Another portal uses"), only_one(here, wait=False):
            pass
    assert not is_held(here)


def test_what_a_killed_portal_left_ends_and_the_next_start_waits_for_it(here: Places) -> None:
    portal = killed_portal(here, STAYS.format(folder=str(here.var)))
    portal.kill()
    os.waitid(os.P_PID, portal.pid, os.WEXITED | os.WNOWAIT)  # dead, and its parent has not asked yet
    assert not (here.var / "ended").exists()
    assert not is_held(here), "nobody who could be asked holds it"
    with only_one(here, wait=False):
        assert (here.var / "ended").exists()
    portal.wait()


def test_a_process_that_ends_is_started_again_and_later_each_time(here: Places) -> None:
    dying, living = child(here, "false").start(), child(here, "sleep", "60").start()
    watcher, starts, end = Watcher(), [dying.started_at], time.monotonic() + 2.2
    while time.monotonic() < end:
        watcher.look([dying, living])
        if dying.started_at != starts[-1]:
            starts.append(dying.started_at)
        time.sleep(0.01)
    gaps = [round(later - earlier, 1) for earlier, later in pairwise(starts)]
    assert len(gaps) == 2 and 0.5 <= gaps[0] < gaps[1]
    assert living.is_running
    living.stop()


def test_one_that_keeps_ending_holds_up_no_other(here: Places) -> None:
    dying, other = child(here, "false").start(), child(here, "sleep", "60").start()
    watcher = Watcher(delays={"false": 30.0})
    settle(dying, running=False)
    watcher.look([dying, other])
    assert other.process is not None
    other.process.kill()
    settle(other, running=False)
    end = time.monotonic() + 5
    while not other.is_running:
        watcher.look([dying, other])
        assert time.monotonic() < end
        time.sleep(0.01)
    other.stop()


def test_one_that_lived_well_comes_back_at_once(here: Places) -> None:
    dying = child(here, "false").start()
    settle(dying, running=False)
    dying.started_at -= 3600
    watcher = Watcher(delays={"false": 30.0})
    watcher.look([dying])
    assert watcher.due["false"] - time.monotonic() <= 0.5


def test_one_that_does_not_listen_is_ended_with_all_it_started(here: Places) -> None:
    stubborn = child(here, "sh", "-c", "trap '' TERM; sleep 60 & echo $!; wait; sleep 60").start()
    end = time.monotonic() + 5
    while not stubborn.last_words():
        assert time.monotonic() < end
        time.sleep(0.01)
    stubborn.stop(patience=0.2)
    end = time.monotonic() + 5
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < end:
            os.kill(int(stubborn.last_words()), 0)
            time.sleep(0.05)


def test_a_long_log_is_put_aside(here: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coe_portal.launcher.processes.LONGEST_LOG", 10)
    chatty = child(here, "echo", "long words")
    for _ in range(2):
        chatty.start()
        settle(chatty, running=False)
    assert (here.var / "log" / "child.old.log").read_text() == chatty.log.read_text() == "long words\n"


def test_static_files_are_collected_again_when_one_changes(
    here: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    for name in ("static/a.css", "requirements/base.txt", "coe_portal/settings.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("old")
    (here.var / "static").mkdir()
    monkeypatch.setattr(assets, "ROOT", root)
    assert not assets.are_collected(here)
    for name in ("static/a.css", "requirements/base.txt", "coe_portal/settings.py"):
        assets.note_collected(here)
        assert assets.are_collected(here)
        (root / name).write_text("newer")
        assert not assets.are_collected(here)


def test_a_persons_own_aws_cannot_lead_the_portal_away_from_the_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "intranet")
    mine = {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL_S3": "http://elsewhere", "AWS_CREATE_RATE": "1", "PATH": "/bin"}
    assert without_foreign_aws(mine) == {"AWS_CREATE_RATE": "1", "PATH": "/bin"}
    made = local_aws_environment("http://127.0.0.1:1")
    assert made["AWS_CONFIG_FILE"] == made["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert made["no_proxy"] == made["NO_PROXY"] == "intranet,127.0.0.1,localhost"


def test_secrets_are_made_once_for_their_owner_only_and_what_a_person_sets_wins(
    here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("DEMO_PASSWORD", "my own")
    first, second = portal_environment(here, port=8000), portal_environment(here, port=8000)
    assert first["SECRET_KEY"] == second["SECRET_KEY"] and len(first["SECRET_KEY"]) >= 50
    assert "DEMO_PASSWORD" not in first
    assert {path.stat().st_mode & 0o777 for path in (here.var / "run").glob("secret-key")} == {0o600}


def test_a_port_that_cannot_be_read_is_chosen_anew(here: Places) -> None:
    (here.var / "run" / "postgres.port").write_text("not a number")
    assert places.is_free(here.port("postgres"))


@pytest.fixture(params=["in a user namespace", "as nobody"])
def postgres(here: Places, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """The embedded PostgreSQL as root starts it; an ordinary user starts it plainly both times."""
    here.var.chmod(0o700)
    if request.param == "as nobody":
        monkeypatch.setattr(unprivileged, "namespaces_work", lambda: False)
    server = Postgres(here, durable=False)
    yield server
    server.stop()


def test_postgresql_runs_whatever_the_system_allows_and_keeps_its_rows(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.start()
    assert is_empty(postgres.url)
    _execute(postgres.url, "CREATE TABLE django_migrations (id int)")
    postgres.stop()
    monkeypatch.undo()  # the next start may find another system than the last
    postgres.start()
    assert not is_empty(postgres.url)


def test_postgresql_asks_for_its_password(postgres: Postgres) -> None:
    postgres.start()
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(postgres.url.replace(postgres.password, "wrong"))


def test_postgresql_that_was_killed_comes_back_with_its_rows(postgres: Postgres) -> None:
    postgres.durable = True
    postgres.start()
    _execute(postgres.url, "CREATE TABLE django_migrations (id int)")
    assert postgres.child is not None and postgres.child.process is not None
    os.killpg(postgres.child.process.pid, signal.SIGKILL)
    postgres.child.process.wait()
    postgres.start()
    assert not is_empty(postgres.url)


def _execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
