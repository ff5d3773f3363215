"""Checking a request as AWS would, before it is sent.

botocore itself checks only what is required, types and minimum lengths; AWS also refuses what is too long, does not
match a pattern or is not in an enumeration. All of that is in botocore's service models, so it is checked here from the
same source.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.model import Shape
from botocore.validate import ParamValidator

from deployments.aws.errors import AwsError, ErrorKind

# Java's character classes that occur in AWS's patterns, as Python spells them inside […].
_JAVA_CLASSES = {
    r"\p{Alnum}": "A-Za-z0-9",
    r"\p{Alpha}": "A-Za-z",
    r"\p{Digit}": "0-9",
}
_TAG_CLASSES = r"\p{L}\p{Z}\p{N}_"
# Letters and numbers of every script, and separators (Zs, Zl, Zp); a tab or a line feed is none.
_SEPARATORS = "\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
TAG_CHARACTERS = rf"\w{_SEPARATORS}.:/=+\-@"


LONGEST_RUN = 28 * 24 * 3600  # StoppingCondition, "maximum 28 days"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that AWS would refuse; ``field`` is its path in the request, such as ``Tags[2].Value``."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


@lru_cache(maxsize=8)
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


def problems(service: str, operation: str, params: Mapping[str, Any]) -> list[Problem]:
    """Everything in ``params`` that AWS would refuse by its published model; empty when the request is sound."""
    shape = _service(service).operation_model(operation).input_shape
    if shape is None:
        return []
    report = ParamValidator().validate(dict(params), shape)
    missing = [Problem(operation, report.generate_report())] if report.has_errors() else []
    beyond = _training_job(params) if operation == "CreateTrainingJob" else iter(())
    return missing + list(_walk(shape, params, "")) + list(beyond)


def _training_job(params: Mapping[str, Any]) -> Iterator[Problem]:
    """What AWS refuses although the model allows it (API reference of CreateTrainingJob, StoppingCondition and Tag)."""
    stopping, machines = params.get("StoppingCondition") or {}, params.get("ResourceConfig") or {}
    longest, wait = stopping.get("MaxRuntimeInSeconds", 86_400), stopping.get("MaxWaitTimeInSeconds")
    keys = [tag.get("Key", "") for tag in params.get("Tags") or []]
    spot = params.get("EnableManagedSpotTraining", False)
    limits = {
        "StoppingCondition.MaxRuntimeInSeconds": longest > LONGEST_RUN and f"at most {LONGEST_RUN} seconds (28 days).",
        "StoppingCondition.MaxWaitTimeInSeconds": (spot != (wait is not None) and "is given for spot, and only then.")
        or (wait is not None and not longest <= wait <= LONGEST_RUN and "is at least MaxRuntime and at most 28 days."),
        "ResourceConfig.InstanceCount": machines.get("InstanceCount", 1) < 1 and "at least 1 machine is needed.",
        "ResourceConfig.VolumeSizeInGB": machines.get("VolumeSizeInGB", 1) < 1 and "at least 1 GB is needed.",
        "Tags": (len(keys) != len(set(keys)) and "a key stands twice.")
        or (any(key.lower().startswith("aws:") for key in keys) and "keys that start with aws: are AWS's own."),
    }
    yield from (Problem(field, told) for field, told in limits.items() if told)


def require_valid(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Raise AwsError (INVALID) that names every field AWS would refuse."""
    found = problems(service, operation, params)
    if found:
        told = "; ".join(str(problem) for problem in found)
        raise AwsError(ErrorKind.INVALID, f"The request is not one that AWS accepts. {told}", "ValidationException")


def _walk(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    if value is None:
        return
    yield from _own(shape, value, path)
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name, member in shape.members.items():  # type: ignore[attr-defined]
            yield from _walk(member, value.get(name), f"{path}.{name}" if path else name)
    elif shape.type_name == "list" and isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from _walk(shape.member, item, f"{path}[{position}]")  # type: ignore[attr-defined]
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(shape.key, key, f"{path} (key {str(key)[:40]!r})")  # type: ignore[attr-defined]
            yield from _walk(shape.value, item, f"{path}[{str(key)[:40]!r}]")  # type: ignore[attr-defined]


def _own(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    """Largest size, pattern and enumeration of one value; the smallest is botocore's own check."""
    most = shape.metadata.get("max")
    size = value if isinstance(value, int | float) else len(value) if hasattr(value, "__len__") else 0
    if most is not None and size > most:
        unit = {"string": " characters", "list": " entries", "map": " entries"}.get(shape.type_name, "")
        yield Problem(path, f"at most {most}{unit} are allowed, this has {size}.")
    if shape.type_name != "string" or not isinstance(value, str):
        return
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield Problem(path, f"“{value[:60]}” is not one of the values that AWS knows.")
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield Problem(path, f"“{value[:60]}” does not match {pattern}.")


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern as Python reads it; None for one that cannot be said in Python, which is then not checked."""
    if _TAG_CLASSES in pattern:
        return re.compile(pattern.replace(_TAG_CLASSES, rf"\w{_SEPARATORS}"))
    for java, python in _JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern, re.ASCII)  # \\d and \\w mean ASCII in Java
    except re.error:
        return None
