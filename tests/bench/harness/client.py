"""A caller of the REST API with one kept connection."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body (parsed JSON) and how long it took, in seconds."""

    status: int
    body: Any
    seconds: float


class Api:
    """One client with one token. Not for use from two threads at once."""

    def __init__(self, url: str, token: str) -> None:
        self._host = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection(self._host, timeout=60)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self._ask("POST", path, json.dumps(body), headers)

    def every(self, path: str) -> list[Any]:
        """All rows of a list, page by page."""
        rows: list[Any] = []
        while path:
            page = self.get(path).body
            rows += page["results"]
            link = urlsplit(page["next"] or "")
            path = f"{link.path}?{link.query}" if page["next"] else ""
        return rows

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        started = time.perf_counter()
        self._connection.request(method, path, body, {**self._headers, **headers})
        answer = self._connection.getresponse()
        raw = answer.read()
        if answer.will_close:
            self._connection.close()
        return Answer(answer.status, json.loads(raw) if raw else None, time.perf_counter() - started)
