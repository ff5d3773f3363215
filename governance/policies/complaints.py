"""What the schema of policies refuses, as sentences with the place that is meant. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import ValidationError

Complaint = tuple[list[Any], str]


def of(error: ValidationError) -> Iterator[Complaint]:
    """The places and sentences of one refusal: a misspelt key is named itself, not what it stands in."""
    path, found = list(error.absolute_path), error.instance
    limit: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(found, Mapping):
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        for name in found:
            if name not in known:
                yield [*path, name], f"“{str(name)[:60]}” is not known here. Known: {', '.join(known)}."
    elif error.validator == "required":
        missing = [name for name in limit if isinstance(found, Mapping) and name not in found]
        yield path, f"Missing: {', '.join(missing)}."
    elif error.validator == "oneOf" and (named := _alternatives(limit)):
        given = [name for name in named if isinstance(found, Mapping) and name in found]
        which = f"; this names {', '.join(given)}" if given else ""
        yield path, f"Name exactly one of {', '.join(named)}{which}."
    else:
        yield path, error.message[:300]


def _alternatives(branches: Any) -> list[str]:
    """The keys of which exactly one is wanted; empty when the schema says something else."""
    if not all(isinstance(branch, Mapping) and set(branch) == {"required"} for branch in branches):
        return []
    return [name for branch in branches for name in branch["required"]]
