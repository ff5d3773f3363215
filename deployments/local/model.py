"""AWS's own description of its services, as botocore ships it: requests are checked and answers shaped by it."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

import botocore.loaders
import botocore.model

from deployments.local.wire import AwsError

LETTERS = r"\p{L}"
SEPARATORS = "\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


@cache
def service(name: str) -> botocore.model.ServiceModel:
    """The service's model; loading SageMaker's takes about half a second, once."""
    description = botocore.loaders.Loader().load_service_model(name, "service-2")
    return botocore.model.ServiceModel(description, name)


def input_of(service_name: str, operation: str) -> Any:
    """The shape of the operation's request. Raises AwsError for an operation that AWS does not have."""
    try:
        return service(service_name).operation_model(operation).input_shape
    except botocore.model.OperationNotFoundError:
        raise AwsError("UnknownOperationException", f"{service_name} has no operation {operation}.") from None


def check(service_name: str, operation: str, params: dict[str, Any]) -> None:
    """Refuse what AWS would refuse: required, type, lengths, range, pattern, enum. Raises AwsError with every fault."""
    shape = input_of(service_name, operation)
    faults: list[str] = []
    if shape is not None:
        _walk(shape, params, "", faults)
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise AwsError("ValidationException", count + "; ".join(faults))


def _fault(faults: list[str], value: Any, path: str, constraint: str) -> None:
    faults.append(f"Value '{value}' at '{path or 'request'}' failed to satisfy constraint: Member must {constraint}")


def _walk(shape: Any, value: Any, path: str, faults: list[str]) -> None:
    walkers = {"structure": _structure, "list": _list, "map": _map, "string": _string}
    numbers: dict[str, Any] = {
        "integer": int,
        "long": int,
        "float": (int, float),
        "double": (int, float),
        "boolean": bool,
        "timestamp": (int, float),
    }
    if shape.type_name in walkers:
        walkers[shape.type_name](shape, value, path, faults)
    elif shape.type_name in numbers:
        wrong_bool = isinstance(value, bool) and shape.type_name != "boolean"
        if wrong_bool or not isinstance(value, numbers[shape.type_name]):
            raise AwsError("SerializationException", f"{path} must be of type {shape.type_name}.")
        _range(shape, value, value, path, faults, "have value")


def _structure(shape: Any, value: Any, path: str, faults: list[str]) -> None:
    if not isinstance(value, dict):
        raise AwsError("SerializationException", f"{path or 'The request'} must be an object.")
    for name in shape.required_members:
        if value.get(name) is None:
            _fault(faults, "null", _join(path, name), "not be null")
    for name, item in value.items():
        if name not in shape.members:
            raise AwsError("SerializationException", f"Unknown member {_join(path, name)}.")
        if item is not None:
            _walk(shape.members[name], item, _join(path, name), faults)


def _list(shape: Any, value: Any, path: str, faults: list[str]) -> None:
    if not isinstance(value, list):
        raise AwsError("SerializationException", f"{path} must be a list.")
    _range(shape, len(value), value, path, faults, "have length")
    for index, item in enumerate(value, 1):
        _walk(shape.member, item, f"{path}.{index}.member", faults)


def _map(shape: Any, value: Any, path: str, faults: list[str]) -> None:
    if not isinstance(value, dict):
        raise AwsError("SerializationException", f"{path} must be an object.")
    _range(shape, len(value), value, path, faults, "have length")
    for key, item in value.items():
        _walk(shape.key, key, f"{path}.{key}.key", faults)
        _walk(shape.value, item, f"{path}.{key}.member", faults)


def _string(shape: Any, value: Any, path: str, faults: list[str]) -> None:
    if not isinstance(value, str):
        raise AwsError("SerializationException", f"{path} must be a string.")
    _range(shape, len(value), value, path, faults, "have length")
    if shape.enum and value not in shape.enum:
        _fault(faults, value, path, f"satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    compiled = _pattern(pattern) if pattern else None
    if compiled and not compiled.fullmatch(value):
        _fault(faults, value, path, f"satisfy regular expression pattern: {pattern}")


def _range(shape: Any, size: float, value: Any, path: str, faults: list[str], verb: str) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        _fault(faults, value, path, f"{verb} greater than or equal to {low}")
    if high is not None and size > high:
        _fault(faults, value, path, f"{verb} less than or equal to {high}")


def _join(path: str, name: str) -> str:
    lowered = name[:1].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


@cache
def _pattern(java: str) -> re.Pattern[str] | None:
    """A pattern of Java's in Python's words; None for one that has no words in Python, which is not checked.

    Letters and numbers of every script are ``\\w``; the underscore in it AWS allows wherever it allows those.
    """
    flags = 0 if LETTERS in java else re.ASCII
    for name, python in {LETTERS: r"\w", r"\p{Z}": SEPARATORS, r"\p{N}": "", r"\p{Alnum}": "a-zA-Z0-9"}.items():
        java = java.replace(name, python)
    try:
        return re.compile(java, flags)
    except re.error:
        return None


def shaped(service_name: str, operation: str, value: dict[str, Any]) -> dict[str, Any]:
    """Only what the operation's answer has: unknown members are dropped, times become epoch seconds."""
    output = service(service_name).operation_model(operation).output_shape
    return _shape(output, value) if output is not None else {}


def _shape(shape: Any, value: Any) -> Any:
    if value is None:
        return None
    if shape.type_name == "structure":
        items = {name: _shape(member, value.get(name)) for name, member in shape.members.items()}
        return {name: item for name, item in items.items() if item is not None}
    if shape.type_name == "list":
        return [_shape(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: _shape(shape.value, item) for key, item in value.items()}
    return value.timestamp() if isinstance(value, datetime) else value
