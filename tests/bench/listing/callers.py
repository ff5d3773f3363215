"""Callers over plain sockets: cheap enough not to be what is measured on a machine with two processors."""

import re
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

TICKS = 100  # of /proc's processor times, in a second (USER_HZ of Linux)


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took in seconds."""

    status: int
    head: str
    body: bytes
    seconds: float


@dataclass
class Visitor:
    """One browser or program: sends the same headers with every request and keeps its cookies."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, b"", headers)

    def sign_in(self, username: str, password: str) -> None:
        """Sign in through the page that people use. Raises RuntimeError when it refuses."""
        page = self.get("/accounts/login/").body.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        form = {"login": username, "password": password, "csrfmiddlewaretoken": token[1] if token else ""}
        answer = self._ask("POST", "/accounts/login/", urlencode(form).encode(), {})
        if answer.status != 302:
            raise RuntimeError(f"{username} cannot sign in: {answer.status}")

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        where = urlsplit(self.url)
        sent = {"Host": where.netloc, "Connection": "close", **self.headers, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body:
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        started = time.perf_counter()
        raw = _exchange(
            where.hostname or "", where.port or 80, f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
        )
        seconds = time.perf_counter() - started
        answered, _, content = raw.partition(b"\r\n\r\n")
        text = answered.decode("latin-1")
        self.cookies |= dict(re.findall(r"(?i)set-cookie: ([^=;]+)=([^;]*)", text))
        return Answer(int(text.split(" ", 2)[1]), text, content, seconds)


def _exchange(host: str, port: int, request: bytes) -> bytes:
    with socket.create_connection((host, port), 60) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(262_144):
            parts.append(part)
    return b"".join(parts)


@dataclass(frozen=True)
class Load:
    """What a group of callers got done: answers, seconds, and the longest times in order."""

    answers: int
    seconds: float
    times: list[float]


def load(visitors: Sequence[Visitor], path: str, seconds: float) -> Load:
    """Let every visitor ask for ``path`` again and again. Raises RuntimeError on anything but 200."""
    times: list[float] = []
    wrong: list[int] = []
    end = time.perf_counter() + seconds

    def work(visitor: Visitor) -> None:
        while time.perf_counter() < end and not wrong:
            answer = visitor.get(path)
            times.append(answer.seconds)
            if answer.status != 200:
                wrong.append(answer.status)

    threads = [threading.Thread(target=work, args=(visitor,)) for visitor in visitors]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(f"{path} answered {wrong[0]}")
    return Load(len(times), time.perf_counter() - started, times)


def processor_seconds(pid: int) -> float:
    """User and system time of a process and all its children so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _own_seconds(pid) + sum(processor_seconds(int(child)) for child in children)


def _own_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
