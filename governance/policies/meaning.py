"""What a policy's schema cannot say: unique and known codes, one gate a stage, approval rules that can be met. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

Problem = tuple[list[Any], str]
_AT_LEAST_TWO = "Breaking the glass needs two people: name steps that need two or more in all, without conditions."


def criteria(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Codes are unique and answer schemas are real ones."""
    codes = [criterion["code"] for criterion in document["criteria"]]
    for index, criterion in enumerate(document["criteria"]):
        path = ["criteria", index]
        if codes.index(criterion["code"]) != index:
            yield path, f"The code “{criterion['code']}” is used twice."
        try:
            Draft202012Validator.check_schema(criterion["answer_schema"])
        except SchemaError as error:
            yield [*path, "answer_schema"], f"Not a JSON Schema: {error.message}"


def gates(document: Mapping[str, Any]) -> Iterator[Problem]:
    """A gate needs known criteria, and one gate leaves a stage."""
    codes = {criterion["code"] for criterion in document["criteria"]}
    sources: list[str] = []
    for index, gate in enumerate(document["gates"]):
        path = ["gates", index]
        unknown = [code for code in gate["criteria"] if code not in codes]
        if unknown:
            yield [*path, "criteria"], f"Unknown criteria: {', '.join(unknown)}."
        if gate["from"] in sources:
            yield path, f"A second gate leaves “{gate['from']}”."
        sources.append(gate["from"])
        yield from _steps(gate["approvals"], [*path, "approvals"])


def approvals(document: Mapping[str, Any]) -> Iterator[Problem]:
    """A rule is for a gate that exists, its conditions can be met, and the glass is broken by two people."""
    targets = {gate["to"] for gate in document["gates"]}
    for index, rule in enumerate(document.get("approvals", ())):
        path = ["approvals", index]
        kind, _, target = rule["action"].partition(":")
        if kind == "advance" and target not in targets:
            yield [*path, "action"], f"No gate leads to “{target}”."
        if kind == "break_glass" and sum(step["needed"] for step in rule["steps"] if "when" not in step) < 2:
            yield [*path, "steps"], _AT_LEAST_TWO
        yield from _amount(rule, path)
        yield from _steps(rule["steps"], [*path, "steps"])


def team(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Gaps close gates that exist."""
    known = [gate["name"] for gate in document["gates"]]
    for name in document.get("team", {}).get("gates", {}):
        if name not in known:
            yield ["team", "gates", name], f"There is no gate “{name}”. Known: {', '.join(known)}."


def _steps(steps: list[Mapping[str, Any]], path: list[Any]) -> Iterator[Problem]:
    ordered = ["order" in step for step in steps]
    if any(ordered) and not all(ordered):
        yield [*path, ordered.index(False)], "Either every step has an order or none: here it is missing."
    for index, step in enumerate(steps):
        if ("person" in step or "accountable" in step) and step["needed"] > 1:
            yield [*path, index, "needed"], "One person gives one approval."
        yield from _amount(step, [*path, index])


def _amount(rule: Mapping[str, Any], path: list[Any]) -> Iterator[Problem]:
    amount = rule.get("when", {}).get("amount", {})
    if "min" in amount and "max" in amount and amount["min"] > amount["max"]:
        yield [*path, "when", "amount"], "The smallest amount is above the largest, so this would never apply."


def references(document: Mapping[str, Any]) -> Iterator[Problem]:
    """A pointer leads to a source that the policy names."""
    sources = [source["code"] for source in document.get("references", ())]
    for index, code in enumerate(sources):
        if sources.index(code) != index:
            yield ["references", index, "code"], f"The source “{code}” is named twice."
    for path, holder in _pointing(document):
        for index, pointer in enumerate(holder.get("references", ())):
            if pointer["to"] not in sources:
                yield [*path, "references", index, "to"], f"“{pointer['to']}” is not among the policy's references."


def _pointing(document: Mapping[str, Any]) -> Iterator[tuple[list[Any], Mapping[str, Any]]]:
    for index, criterion in enumerate(document["criteria"]):
        yield ["criteria", index], criterion
    for index, question in enumerate(document.get("risk", {}).get("questions", ())):
        path = ["risk", "questions", index]
        yield path, question
        for number, option in enumerate(question["options"]):
            yield [*path, "options", number], option
