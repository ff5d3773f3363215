"""What goes wrong on purpose, and AWS-like limits. Changed while running through ``/_local/control``."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import Any

from deployments.local.wire import AwsError

LOCAL_ROLE = "arn:aws:sts::000000000000:assumed-role/coe-portal/portal"
AWS_LIKE = {"Create": 2.0, "Describe": 10.0, "List": 2.0, "Search": 2.0, "Stop": 2.0}


@dataclass
class Switches:
    """Rates are shares from 0 to 1 of the calls (or events) they concern.

    ``failing`` and ``lacking`` name operations, separated by commas: the first break always, the second do not exist.
    ``denying`` names operations of any JSON service that answer as they do to a role without the right.
    """

    throttle_rate: float = 0.0
    error_rate: float = 0.0
    reset_rate: float = 0.0
    lost_response_rate: float = 0.0
    capacity_error_rate: float = 0.0
    spot_interrupt_rate: float = 0.0
    duplicate_event_rate: float = 0.0
    drop_event_rate: float = 0.0
    reorder_event_rate: float = 0.0
    text_number_rate: float = 0.0
    unknown_status: str = ""
    failing: str = ""
    lacking: str = ""
    denying: str = ""
    latency_ms: float = 0.0
    create_answer_ms: float = 0.0  # between carrying out a Create call and answering it
    limits: str = ""
    simulate: float = 0.0
    simulate_failures: float = 0.0

    def change(self, values: dict[str, Any]) -> None:
        """Set switches by name. Raises AwsError for an unknown one or a wrong type."""
        known = {item.name: type(getattr(self, item.name)) for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise AwsError("ValidationException", f"No switch is named {name}. Known: {', '.join(known)}.")
            setattr(self, name, known[name](value))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class LostResponse(Exception):
    """The call was carried out, its answer is not sent."""


class Gatekeeper:
    """Counts calls, applies limits and faults. Deterministic with a seed and one caller."""

    def __init__(self, switches: Switches, seed: int = 0) -> None:
        self.switches, self.chance = switches, random.Random(seed)  # noqa: S311  faults, not secrets
        self.calls: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def hits(self, rate: float) -> bool:
        """Whether a fault with this rate strikes now."""
        if rate <= 0:
            return False
        with self._lock:
            return self.chance.random() < rate

    def before(self, operation: str, account: str, region: str) -> None:
        """Called before a SageMaker operation runs. Raises AwsError or ConnectionResetError."""
        with self._lock:
            self.calls[operation] += 1
        if self.switches.latency_ms:
            time.sleep(self.switches.latency_ms / 1000)
        with self._lock:
            over = self._over_limit(operation, account, region)
        if over or self.hits(self.switches.throttle_rate):
            with self._lock:
                self.throttled[operation] += 1
            raise AwsError("ThrottlingException", "Rate exceeded")
        if self.hits(self.switches.reset_rate):
            raise ConnectionResetError("switched on")
        if operation in self.switches.lacking.split(","):
            raise AwsError("UnknownOperationException", "")
        if operation in self.switches.failing.split(",") or self.hits(self.switches.error_rate):
            raise AwsError("InternalFailure", "We encountered an internal error. Please try again.", 500)

    def refuse_denied(self, service: str, target: str) -> None:
        """Called before an operation of any JSON service; ``target`` is its header. Raises AwsError."""
        operation = target.rpartition(".")[2]
        if operation and operation in self.switches.denying.split(","):
            words = f"User: {LOCAL_ROLE} is not authorized to perform: {service}:{operation}"
            raise AwsError("AccessDeniedException", f"{words} because no identity-based policy allows it")

    def after(self, operation: str) -> None:
        """Called when the operation was carried out. Raises LostResponse when its answer is to be lost."""
        if operation.startswith("Create") and self.switches.create_answer_ms:
            time.sleep(self.switches.create_answer_ms / 1000)
        if self.hits(self.switches.lost_response_rate):
            raise LostResponse

    def _over_limit(self, operation: str, account: str, region: str) -> bool:
        if self.switches.limits != "aws_like":
            return False
        family = next((name for name in AWS_LIKE if operation.startswith(name)), "")
        if not family:
            return False
        rate, now, key = AWS_LIKE[family], time.monotonic(), (account, region, family)
        tokens, at = self._buckets.get(key, (rate, now))
        tokens = min(rate, tokens + (now - at) * rate)
        self._buckets[key] = (tokens - 1, now) if tokens >= 1 else (tokens, now)
        return tokens < 1

    def report(self, *, reset: bool = False) -> dict[str, Any]:
        """Calls and throttled calls by operation since the last reset."""
        with self._lock:
            told = {"calls": dict(self.calls), "throttled": dict(self.throttled)}
            if reset:
                self.calls.clear()
                self.throttled.clear()
        return told
