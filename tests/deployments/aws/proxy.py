"""A proxy before an implementation of AWS: it writes down and checks every request, and lets things go wrong.

The checks are not the portal's own: the model comes from botocore by way of the local AWS, the rest is written out here
from AWS's documentation. What AWS would refuse is kept in ``refused``.
"""

import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from deployments.local import model
from deployments.local.wire import AwsError

SERVICES = {"SageMaker": "sagemaker", "AmazonSQS": "sqs", "Logs_20140328": "logs"}
LIMITS = {"Create": 2.0, "Describe": 10.0, "List": 2.0, "Search": 2.0, "Stop": 2.0}
TEXT = "application/x-amz-json-1.1"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
S3_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\x21-\x7e\u0080-\uffff ]*)?")
SESSION = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
EXTERNAL = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")


@dataclass
class Faults:
    """Shares from 0 to 1 of the calls that go wrong, seconds of latency, and whether AWS's rates hold."""

    latency: float = 0.0
    throttled: float = 0.0
    broken: float = 0.0
    reset: float = 0.0
    truncated: float = 0.0
    lost: set[str] = field(default_factory=set)
    limits: bool = False


class Proxy:
    """``target`` is the address of the other side. Everything it has seen can be read from its lists."""

    def __init__(self, target: str) -> None:
        self.target, self.faults = urlsplit(target), Faults()
        self.calls: Counter[str] = Counter()
        self.refused: list[str] = []
        self.struck: Counter[str] = Counter()
        self.chance = random.Random(7)  # noqa: S311  faults, not secrets
        self.lock = threading.Lock()
        self.buckets: dict[str, tuple[float, float]] = {}
        handler = type("BoundHandler", (_Handler,), {"proxy": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def hits(self, fault: str) -> bool:
        """Whether this fault strikes now; counted."""
        with self.lock:
            struck = self.chance.random() < getattr(self.faults, fault)
            self.struck[fault] += struck
            return struck

    def over_limit(self, operation: str) -> bool:
        family = next((name for name in LIMITS if operation.startswith(name)), "")
        if not (self.faults.limits and family):
            return False
        with self.lock:
            now, (tokens, at) = time.monotonic(), self.buckets.get(family, (LIMITS[family], time.monotonic()))
            tokens = min(LIMITS[family], tokens + (now - at) * LIMITS[family])
            self.buckets[family] = (tokens - 1, now) if tokens >= 1 else (tokens, now)
            self.struck["limits"] += tokens < 1
            return tokens < 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def log_message(self, *_: Any) -> None:
        """Not in the tests' output."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        service, operation = self._note(body)
        faults, proxy = self.proxy.faults, self.proxy
        time.sleep(faults.latency)
        if proxy.hits("reset"):
            self.close_connection = True
            return
        if proxy.hits("broken"):
            self._answer(proxy.chance.choice([500, 503]), {"Content-Type": "text/html"}, b"<html>broken</html>")
            return
        if service == "sagemaker" and (proxy.over_limit(operation) or proxy.hits("throttled")):
            told = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"})
            self._answer(400, {"Content-Type": TEXT}, told.encode())
            return
        status, headers, answer = self._forward(body)
        if operation in faults.lost:
            faults.lost.discard(operation)
            proxy.struck["lost"] += 1
            self.close_connection = True
            return
        if service != "s3" and answer and proxy.hits("truncated"):
            answer = answer[: len(answer) // 2]
        self._answer(status, headers, answer)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        other = http.client.HTTPConnection(str(self.proxy.target.hostname), int(self.proxy.target.port or 80))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "expect")}
        other.request(self.command, self.path, body or None, headers)
        answer = other.getresponse()
        hidden = ("transfer-encoding", "connection", "content-length", "server", "date")
        told = {name: value for name, value in answer.getheaders() if name.lower() not in hidden}
        if self.command == "HEAD" and answer.getheader("content-length"):
            told["Content-Length"] = str(answer.getheader("content-length"))
        content = answer.read()
        other.close()
        return answer.status, told, content

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _note(self, body: bytes) -> tuple[str, str]:
        """Which operation this is; what AWS would refuse about it is kept."""
        target, _, operation = self.headers.get("x-amz-target", "").partition(".")
        if target:
            service = SERVICES.get(target, target)
            problems = _json_problems(service, operation, json.loads(body or b"{}"))
        elif self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            service, operation = "sts", form.get("Action", "")
            problems = _sts_problems(form)
        else:
            service, operation = "s3", f"{self.command.title()}Object"
            problems = _s3_problems(unquote(urlsplit(self.path).path))
        with self.proxy.lock:
            self.proxy.calls[operation] += 1
            self.proxy.refused += [f"{operation}: {problem}" for problem in problems]
        return service, operation


def _json_problems(service: str, operation: str, params: dict[str, Any]) -> list[str]:
    try:
        model.check(service, operation, params)
    except AwsError as error:
        return [error.message]
    return _training_problems(params) if operation == "CreateTrainingJob" else _sqs_problems(operation, params)


def _training_problems(params: dict[str, Any]) -> list[str]:
    """Beyond the model: API reference of CreateTrainingJob and its types."""
    stopping, tags = params["StoppingCondition"], params.get("Tags", [])
    longest, wait = stopping["MaxRuntimeInSeconds"], stopping.get("MaxWaitTimeInSeconds")
    channels = params.get("InputDataConfig", [])
    uris = [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in channels]
    uris += [
        params["OutputDataConfig"]["S3OutputPath"],
        *filter(None, [params.get("CheckpointConfig", {}).get("S3Uri")]),
    ]
    rules = {
        "hyperparameters hold line breaks": all("\n" not in value for value in params["HyperParameters"].values()),
        "a tag's key stands twice": len({tag["Key"] for tag in tags}) == len(tags),
        "a tag holds a tab or a line break": not any(set("\t\n\r") & set(tag["Value"] + tag["Key"]) for tag in tags),
        "a tag's key is AWS's own": not any(tag["Key"].lower().startswith("aws:") for tag in tags),
        "the runtime is longer than 28 days": longest <= 2_419_200,
        "the waiting time does not fit spot": bool(params.get("EnableManagedSpotTraining")) == (wait is not None),
        "the waiting time is shorter than the runtime": wait is None or longest <= wait <= 2_419_200,
        "there is no machine or no disk": min(params["ResourceConfig"][n] for n in ("InstanceCount", "VolumeSizeInGB"))
        > 0,
        "a channel's name stands twice": len({c["ChannelName"] for c in channels}) == len(channels),
        f"a location is none: {uris}": all(S3_URI.fullmatch(uri) for uri in uris),
    }
    return [told for told, holds in rules.items() if not holds]


def _sqs_problems(operation: str, params: dict[str, Any]) -> list[str]:
    entries = params.get("Entries", [])
    rules = {
        "WaitTimeSeconds": 0 <= params.get("WaitTimeSeconds", 0) <= 20,
        "MaxNumberOfMessages": 1 <= params.get("MaxNumberOfMessages", 1) <= 10,
        "VisibilityTimeout": 0 <= params.get("VisibilityTimeout", 0) <= 43_200,
        "Entries": operation != "DeleteMessageBatch" or 1 <= len(entries) <= 10,
        "Ids": len({entry["Id"] for entry in entries}) == len(entries),
    }
    return [told for told, holds in rules.items() if not holds]


def _sts_problems(form: dict[str, str]) -> list[str]:
    if form.get("Action") != "AssumeRole":
        return []
    rules = {
        "RoleSessionName": SESSION.fullmatch(form["RoleSessionName"]),
        "ExternalId": "ExternalId" not in form or EXTERNAL.fullmatch(form["ExternalId"]),
        "DurationSeconds": 900 <= int(form.get("DurationSeconds", 3600)) <= 3600,
        "RoleArn": 20 <= len(form["RoleArn"]) <= 2048,
    }
    return [told for told, holds in rules.items() if not holds]


def _s3_problems(path: str) -> list[str]:
    bucket, _, key = path.lstrip("/").partition("/")
    rules = {"Bucket": BUCKET.fullmatch(bucket), "Key": len(key.encode()) <= 1024}
    return [told for told, holds in rules.items() if not holds]
