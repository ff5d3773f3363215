"""Whether a criterion can be answered at all: its fields can be drawn, filled in and kept. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

Problem = tuple[list[Any], str]
TYPES = ("string", "number", "integer")


def answers(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Every criterion has a real schema whose fields people can fill in."""
    for index, criterion in enumerate(document["criteria"]):
        path, schema = ["criteria", index, "answer_schema"], criterion["answer_schema"]
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            yield path, f"Not a JSON Schema: {error.message}"
        else:
            yield from _schema(schema, path)


def _schema(schema: Mapping[str, Any], path: list[Any]) -> Iterator[Problem]:
    fields = schema["properties"]
    if schema["type"] != "object":
        yield [*path, "type"], "An answer is made of fields, so its type is “object”."
    if "$ref" in schema:
        yield [*path, "$ref"], "A policy says everything itself: write out what this refers to."
    if not isinstance(schema.get("x-order", []), list):
        yield [*path, "x-order"], "The order is a list of the names of fields."
    if not fields:
        yield [*path, "properties"], "Nobody can answer a question without a field."
    for name, rule in fields.items():
        yield from _field(str(name), rule, [*path, "properties", name])
    branches = schema.get("anyOf", ())
    wanted = [*schema.get("required", ()), *(name for branch in branches for name in branch.get("required", ()))]
    place = "required" if "required" in schema else "anyOf"
    for name in wanted:
        if name not in fields:
            yield (
                [*path, place],
                f"“{name}” is required and no field, so nobody could answer. Fields: {_all(fields)}.",
            )


def _field(name: str, rule: Any, path: list[Any]) -> Iterator[Problem]:
    if name.startswith("_"):
        yield path, f"The name “{name}” begins with an underscore, which is kept for the portal; choose another."
    if not isinstance(rule, Mapping):
        yield path, "A field has a type and a title."
    elif "enum" in rule:
        yield from _choices(rule, path)
    elif rule.get("type") == "array":
        if not isinstance(rule.get("items"), Mapping) or rule["items"].get("format") != "dataset":
            yield path, "Only data sets are chosen as a list: give its items the format “dataset”."
    elif rule.get("type") not in TYPES:
        yield path, f"A field is one of {', '.join(TYPES)}, a choice with “enum”, or a list of data sets."


def _choices(rule: Mapping[str, Any], path: list[Any]) -> Iterator[Problem]:
    if any(isinstance(value, bool) for value in rule["enum"]):
        yield [*path, "enum"], "Write yes and no in quotes: without them YAML reads true and false."
    elif not all(isinstance(value, str) for value in rule["enum"]) or rule.get("type", "string") != "string":
        yield [*path, "enum"], "Choices are texts: put them in quotes, and the type is “string”."


def _all(fields: Mapping[str, Any]) -> str:
    return ", ".join(map(str, fields))
