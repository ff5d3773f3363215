"""What a policy's schema cannot say: unique and known codes, one gate a stage, approval rules that can be met. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from governance.policies.scoring import DIMENSIONS
from projects.models.project import ENDED

Problem = tuple[list[Any], str]
# The way of a project: the stage after each that a gate leaves.
NEXT = {
    "qualification": "poc",
    "poc": "production_ready",
    "production_ready": "production",
    "production": "retired",
}
NEEDED = ("qualification", "poc", "production_ready")
ADVANCE, DATA_OWNER, GRANT_DATA = "advance", "data_owner", "grant_data"
_NEVER_ASKED = "Every step has a condition, so there are projects that nobody could approve: add a step without “when”."
_AT_LEAST_TWO = "Breaking the glass needs two people: name steps that need two or more in all, without conditions."


def criteria(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Codes are unique."""
    codes = [criterion["code"] for criterion in document["criteria"]]
    for index, criterion in enumerate(document["criteria"]):
        if codes.index(criterion["code"]) != index:
            yield ["criteria", index], f"The code “{criterion['code']}” is used twice."


def gates(document: Mapping[str, Any]) -> Iterator[Problem]:
    """A gate needs known criteria, one gate leaves a stage, and it leads to the stage that comes next."""
    codes = {criterion["code"] for criterion in document["criteria"]}
    sources: list[str] = []
    for index, gate in enumerate(document["gates"]):
        path = ["gates", index]
        unknown = [code for code in gate["criteria"] if code not in codes]
        if unknown:
            yield [*path, "criteria"], f"Unknown criteria: {', '.join(unknown)}."
        if gate["from"] in sources:
            yield path, f"A second gate leaves “{gate['from']}”."
        elif gate["to"] != NEXT.get(gate["from"]):
            yield [*path, "to"], _wrong_way(gate["from"])
        sources.append(gate["from"])
        if not _is_always_asked(gate, document):
            yield [*path, "approvals"], _NEVER_ASKED
        yield from _steps(gate["approvals"], [*path, "approvals"])
    for stage in NEEDED:
        if stage not in sources:
            yield ["gates"], f"No gate leaves “{stage}”, so projects would stay there for ever."


def _is_always_asked(gate: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether somebody approves the gate whatever the facts: a step, or a rule for it, without conditions."""
    names = (ADVANCE, f"{ADVANCE}:{gate['to']}")
    rules = [rule for rule in document.get("approvals", ()) if rule["action"] in names and "when" not in rule]
    steps = [*gate["approvals"], *(step for rule in rules for step in rule["steps"])]
    return any("when" not in step for step in steps)


def _wrong_way(source: str) -> str:
    if source in NEXT:
        return f"The gate that leaves “{source}” leads to “{NEXT[source]}”."
    return f"No gate leaves “{source}”. Gates leave {', '.join(NEXT)}."


def endings(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Lessons are owed at the ends of a project, and after stages that go on before."""
    for index, stage in enumerate(document.get("lessons", {}).get("ends", ())):
        if stage not in ENDED:
            yield ["lessons", "ends", index], f"A project in “{stage}” has not ended. Ends: {', '.join(ENDED)}."


def approvals(document: Mapping[str, Any]) -> Iterator[Problem]:
    """A rule is for a gate that exists, its conditions can be met, and the glass is broken by two people."""
    targets = {gate["to"] for gate in document["gates"]}
    for index, rule in enumerate(document.get("approvals", ())):
        path = ["approvals", index]
        kind, _, target = rule["action"].partition(":")
        if kind == ADVANCE and target and target not in targets:
            yield [*path, "action"], f"No gate leads to “{target}”."
        if kind == "break_glass" and sum(step["needed"] for step in rule["steps"] if "when" not in step) < 2:
            yield [*path, "steps"], _AT_LEAST_TWO
        yield from _amount(rule, path)
        yield from _steps(rule["steps"], [*path, "steps"], has_data=rule["action"] == GRANT_DATA)


def team(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Gaps close gates that exist."""
    known = [gate["name"] for gate in document["gates"]]
    for name in document.get("team", {}).get("gates", {}):
        if name not in known:
            yield ["team", "gates", name], f"There is no gate “{name}”. Known: {', '.join(known)}."


def _steps(steps: list[Mapping[str, Any]], path: list[Any], *, has_data: bool = False) -> Iterator[Problem]:
    ordered = ["order" in step for step in steps]
    if any(ordered) and not all(ordered):
        yield [*path, ordered.index(False)], "Either every step has an order or none: here it is missing."
    for index, step in enumerate(steps):
        if ("person" in step or "accountable" in step) and step["needed"] > 1:
            yield [*path, index, "needed"], "One person gives one approval."
        yield from _data_owner(step, [*path, index], has_data=has_data)
        yield from _amount(step, [*path, index])


def _data_owner(step: Mapping[str, Any], path: list[Any], *, has_data: bool) -> Iterator[Problem]:
    """Only a request for data has a data owner, who is asked first and not in somebody's place."""
    if step.get("person") == DATA_OWNER and not has_data:
        yield [*path, "person"], f"Only rules for {GRANT_DATA} know a data owner."
    for name in ("escalate_to", "fallback"):
        if step.get(name, {}).get("person") == DATA_OWNER:
            yield [*path, name], "The data owner is asked by a step of their own; name somebody else here."


def _amount(rule: Mapping[str, Any], path: list[Any]) -> Iterator[Problem]:
    amount = rule.get("when", {}).get("amount", {})
    if "min" in amount and "max" in amount and amount["min"] > amount["max"]:
        yield [*path, "when", "amount"], "The smallest amount is above the largest, so this would never apply."


def intake(document: Mapping[str, Any]) -> Iterator[Problem]:
    """The concept asks known questions, every dimension has one scale, and their weights make 100."""
    rules = document.get("intake")
    if rules is None:
        return
    codes = {criterion["code"] for criterion in document["criteria"]}
    unknown = [code for code in rules.get("concept_questions", ()) if code not in codes]
    if unknown:
        yield ["intake", "concept_questions"], f"Unknown criteria: {', '.join(unknown)}."
    if sorted(scale["code"] for scale in rules["scales"]) != sorted(DIMENSIONS):
        yield ["intake", "scales"], "Every dimension needs exactly one scale."
    whole = sum(scale["weight"] for scale in rules["scales"])
    if whole != 100:
        yield ["intake", "scales"], f"The weights together need to be 100; these are {whole}."


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
