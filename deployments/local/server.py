"""The HTTP side: one loopback port for every service."""

from __future__ import annotations

import re
import socket
import traceback
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from deployments.local.faults import Gatekeeper, LostResponse
from deployments.local.wire import AwsError, Request, Response, Service, json_error, json_response, query_error

SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
TARGETS = {"SageMaker": "sagemaker", "AmazonSQS": "sqs", "Logs_20140328": "logs"}
HOSTS = frozenset({"127.0.0.1", "localhost"})
HOME_ACCOUNT = "000000000000"


def account_of(access_key: str) -> str:
    """Keys of an assumed role carry their account; all others belong to the home account."""
    found = re.match(r"ASIA(\d{12})", access_key)
    return found[1] if found else HOME_ACCOUNT


class Cloud:
    """All services behind one port."""

    def __init__(self, services: dict[str, Service], gatekeeper: Gatekeeper) -> None:
        self.services, self.gatekeeper = services, gatekeeper

    def answer(self, request: Request, service_name: str) -> Response:
        """Hand the request to its service; whatever goes wrong becomes an AWS error document."""
        if request.path.startswith("/_local/"):
            return self._own(request)
        service = self.services.get(service_name)
        if service is None:
            error = AwsError("UnknownOperationException", f"The local AWS has no service “{service_name}”.")
            is_query = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
            return query_error(error) if is_query else json_error(error)
        try:
            self.gatekeeper.refuse_denied(service_name, request.headers.get("x-amz-target", ""))
            return service.handle(request)
        except AwsError as error:
            return service.error(error)
        except (LostResponse, ConnectionResetError):
            raise
        except Exception:
            traceback.print_exc()
            return service.error(AwsError("InternalFailure", "The local AWS broke; its log says how.", 500))

    def _own(self, request: Request) -> Response:
        if request.path == "/_local/control":
            if request.method == "POST":
                self.gatekeeper.switches.change(request.json())
            return json_response(self.gatekeeper.switches.as_json())
        if request.path == "/_local/counts":
            return json_response(self.gatekeeper.report(reset=request.method == "POST"))
        return json_response({"ok": request.path == "/_local/health"})


def _refuse_strangers(request: Request) -> None:
    """Programs of this machine only: no page in a browser, by whatever name it gets here."""
    host = urlsplit(request.base_url).hostname
    if host not in HOSTS or "origin" in request.headers:
        raise AwsError("AccessDeniedException", "The local AWS answers to programs on this machine only.", 403)


class Handler(BaseHTTPRequestHandler):
    """Keep-alive HTTP/1.1, answers in one write."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    cloud: Cloud

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: Any) -> None:
        """Calls are counted, not logged."""

    def do_GET(self) -> None:
        try:
            request, service = self._read()
            _refuse_strangers(request)
            response = self.cloud.answer(request, service)
        except AwsError as error:
            response = json_error(error)
        except (LostResponse, ConnectionResetError):
            self.close_connection = True
            return
        self._write(response)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _read(self) -> tuple[Request, str]:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(parts.query, keep_blank_values=True)
        body = self._body(headers)
        scope = SCOPE.search(headers.get("authorization", "")) or SCOPE.search(
            "Credential=" + (query.get("X-Amz-Credential", [""])[0])
        )
        key, region, service = scope.groups() if scope else ("", "us-east-1", "s3")
        target = headers.get("x-amz-target", "").partition(".")[0]
        request = Request(
            self.command, parts.path, query, headers, body, account_of(key), region, f"http://{headers.get('host', '')}"
        )
        return request, TARGETS.get(target, service)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.flush()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            raw = b"".join(iter(self._chunk, b""))
        else:
            raw = self.rfile.read(int(headers.get("content-length") or 0))
        if "aws-chunked" in headers.get("content-encoding", "") or "x-amz-decoded-content-length" in headers:
            return _aws_chunked(raw)
        return raw

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _write(self, response: Response) -> None:
        length = response.file[2] if response.file else len(response.body)
        self.send_response(response.status)
        headers = {"Content-Length": str(length), "x-amz-request-id": uuid.uuid4().hex, **response.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_content(response)
        self.wfile.flush()

    def _send_content(self, response: Response) -> None:
        if response.file is None:
            self.wfile.write(response.body)
            return
        path, offset, length = response.file
        with open(path, "rb") as source:  # noqa: PTH123  a path chosen by the store, not by the caller
            source.seek(offset)
            left = length
            while left and (piece := source.read(min(left, 1 << 20))):
                self.wfile.write(piece)
                left -= len(piece)


def _aws_chunked(raw: bytes) -> bytes:
    """Take the payload out of AWS's own chunks (signatures and trailers are dropped)."""
    parts, at = [], 0
    while at < len(raw):
        end = raw.index(b"\r\n", at)
        size = int(raw[at:end].split(b";")[0], 16)
        if size == 0:
            break
        parts.append(raw[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    return b"".join(parts)


class Server(ThreadingHTTPServer):
    """Threads do not keep the process alive; connections queue up rather than being refused."""

    daemon_threads = True
    request_queue_size = 256


def serve(cloud: Cloud, port: int) -> Server:
    """Bind to loopback only, whatever the caller wants."""
    handler = type("BoundHandler", (Handler,), {"cloud": cloud})
    return Server(("127.0.0.1", port), handler)
