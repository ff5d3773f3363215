"""What a service sees of HTTP: a request, an answer, an error as AWS words it."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Request:
    """One call: headers by lower-case name; ``account`` and ``region`` come from the signature's scope."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    account: str
    region: str
    base_url: str

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises AwsError when it is none."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise AwsError("SerializationException", "The body is not JSON.") from None
        if not isinstance(value, dict):
            raise AwsError("SerializationException", "The body is not a JSON object.")
        return value


@dataclass
class Response:
    """An answer; ``file`` is sent from disk instead of ``body`` when given as (path, offset, length)."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    file: tuple[str, int, int] | None = None


class AwsError(Exception):
    """An error with AWS's code and message."""

    def __init__(self, code: str, message: str, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.headers = code, message, status, dict(headers or {})


class Service(Protocol):
    """A service turns requests into answers and errors into its protocol's error document."""

    def handle(self, request: Request) -> Response: ...

    def error(self, error: AwsError) -> Response: ...


def json_response(value: Mapping[str, Any], *, version: str = "1.1") -> Response:
    """An answer of the AWS JSON protocol."""
    headers = {"Content-Type": f"application/x-amz-json-{version}", "x-amzn-RequestId": str(uuid.uuid4())}
    return Response(200, json.dumps(value).encode(), headers)


def json_error(error: AwsError, *, version: str = "1.1") -> Response:
    """An error of the AWS JSON protocol; both spellings of the message, as botocore reads either."""
    body = json.dumps({"__type": error.code, "Message": error.message, "message": error.message}).encode()
    headers = {
        "Content-Type": f"application/x-amz-json-{version}",
        "x-amzn-RequestId": str(uuid.uuid4()),
        "x-amzn-ErrorType": error.code,
        **error.headers,
    }
    return Response(error.status, body, headers)


def query_error(error: AwsError) -> Response:
    """An error of the query protocol, in XML."""
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{error.code}</Code>"
        f"<Message>{escape(error.message)}</Message></Error></ErrorResponse>"
    )
    return Response(error.status, body.encode(), {"Content-Type": "text/xml"})


def snake_case(operation: str) -> str:
    """``GetQueueUrl`` → ``get_queue_url``: AWS's names in Python's spelling."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
