"""Parameters of a template: filled with defaults and checked against its JSON Schema, in sentences."""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from deployments.services.awsnames import s3_location_problem

MAX_VALUE = 2500  # HyperParameterValue of CreateTrainingJob
_LINE_ENDS = re.compile("[\n\r\u0085\u2028\u2029]")  # its pattern is Java's .*

_formats = FormatChecker(formats=())


@_formats.checks("s3-location")
def _is_s3_location(value: object) -> bool:
    return not isinstance(value, str) or value == "" or not s3_location_problem(value)


def complete(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values with the schema's defaults for those that are absent, empty text or null.

    A whole number that came as ``3.0`` becomes ``3``: the script reads it from text.
    """
    specs = schema.get("properties", {})
    filled = {name: value for name, value in given.items() if value is not None and value != ""}
    for name, value in filled.items():
        whole = specs.get(name, {}).get("type") == "integer" and isinstance(value, float) and value.is_integer()
        filled[name] = int(value) if whole else value
    return {name: spec["default"] for name, spec in specs.items() if "default" in spec} | filled


def problems(schema: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the values: parameter name → sentences. Empty when all is well."""
    found: dict[str, list[str]] = {}
    validator = Draft202012Validator(dict(schema), format_checker=_formats)
    for error in sorted(validator.iter_errors(dict(values)), key=lambda each: list(map(str, each.absolute_path))):
        for name, sentence in _explain(schema, error):
            found.setdefault(name, []).append(sentence)
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if _LINE_ENDS.search(text):
            found.setdefault(name, []).append("Use a single line; SageMaker accepts no line breaks.")
        if len(text) > MAX_VALUE:
            found.setdefault(name, []).append(f"Use at most {MAX_VALUE} characters; SageMaker accepts no more.")
    return found


def _explain(schema: Mapping[str, Any], error: ValidationError) -> list[tuple[str, str]]:
    instance: Any = error.instance
    limit: Any = error.validator_value
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        sentence = f"The template has no such parameter. It has: {', '.join(known)}."
        return [(str(name), sentence) for name in instance if name not in known]
    if error.validator == "required":
        return [(name, "Give a value; it is required.") for name in limit if name not in instance]
    name = str(error.absolute_path[0]) if error.absolute_path else "parameters"
    return [(name, _sentence(error))]


def _sentence(error: ValidationError) -> str:
    limit, value = error.validator_value, error.instance
    sentences = {
        "type": f"Give {_TYPES.get(str(limit), str(limit))}, not {value!r}.",
        "minimum": f"Use {limit} or more; {value} is too small.",
        "maximum": f"Use {limit} or less; {value} is too large.",
        "exclusiveMinimum": f"Use more than {limit}; {value} is too small.",
        "exclusiveMaximum": f"Use less than {limit}; {value} is too large.",
        "minLength": f"Use at least {limit} character{'s' if limit != 1 else ''}.",
        "maxLength": f"Use at most {limit} characters.",
        "enum": f"Choose one of: {', '.join(map(str, limit)) if isinstance(limit, list) else limit}.",
        "format": s3_location_problem(str(value)) or "The format is not right.",
        "pattern": f"It must match the pattern {limit}.",
        "multipleOf": f"Use a multiple of {limit}.",
    }
    return sentences.get(str(error.validator), f"{error.message}.")


_TYPES = {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false"}


def from_text(spec: Mapping[str, Any], raw: str) -> Any:
    """Read what was typed into a form field as the schema's type. What cannot be read stays text, to be refused."""
    kind, text = spec.get("type"), raw.strip()
    if kind == "boolean":
        return {"true": True, "on": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if kind == "integer" and re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if kind == "number" and re.fullmatch(r"[+-]?(\d{1,18}\.?\d{0,18}|\.\d{1,18})([eE][+-]?\d{1,3})?", text):
        return float(text)
    return text
