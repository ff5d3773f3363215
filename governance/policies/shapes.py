"""Shapes that the schemas of a policy's parts share."""

from typing import Any

CODE = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}


def object_of(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """A mapping with these keys and no others."""
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}
