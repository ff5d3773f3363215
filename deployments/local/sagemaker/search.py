"""Search's expressions over training jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from deployments.local.wire import AwsError

Compare = Callable[[str, str], bool]
OPERATORS: dict[str, Compare] = {
    "Equals": lambda held, wanted: held == wanted,
    "NotEquals": lambda held, wanted: held != wanted,
    "Contains": lambda held, wanted: wanted in held,
    "In": lambda held, wanted: held in [item.strip() for item in wanted.split(",")],
    "GreaterThan": lambda held, wanted: _number(held) > _number(wanted),
    "GreaterThanOrEqualTo": lambda held, wanted: _number(held) >= _number(wanted),
    "LessThan": lambda held, wanted: _number(held) < _number(wanted),
    "LessThanOrEqualTo": lambda held, wanted: _number(held) <= _number(wanted),
}


def matches(job: dict[str, Any], expression: dict[str, Any]) -> bool:
    """Whether the job fits all (or, with ``Operator: Or``, any) of the filters and sub-expressions."""
    results = [_fits(job, item) for item in expression.get("Filters", [])]
    results += [matches(job, inner) for inner in expression.get("SubExpressions", [])]
    if not results:
        return True
    return any(results) if expression.get("Operator") == "Or" else all(results)


def _fits(job: dict[str, Any], item: dict[str, Any]) -> bool:
    name, operator = item["Name"], item.get("Operator", "Equals")
    if name.startswith("Tags."):
        held = next((tag["Value"] for tag in job["_tags"] if tag["Key"] == name[5:]), None)
    else:
        held = job.get(name)
    if operator in ("Exists", "NotExists"):
        return bool((held is not None) == (operator == "Exists"))
    try:
        return held is not None and OPERATORS[operator](str(held), item.get("Value", ""))
    except ValueError:
        sentence = f"{item.get('Value', '')} cannot be compared with {name} by {operator}."
        raise AwsError("ValidationException", sentence) from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
