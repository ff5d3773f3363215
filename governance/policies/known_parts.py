"""What people approve, and the parts of what they then read: a rule that speaks of anything else would do nothing.

A misspelt action is asked of nobody, and a step that answers for a misspelt part never sees it change, so both are
refused. Pure; tests compare the lists with what the services really ask for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from governance.policies.schema import ACTIONS, ENVIRONMENT_KINDS

Problem = tuple[list[Any], str]
ADVANCE, BREAK_GLASS, WAIVE = "advance", "break_glass", "waive"
_PROJECT = (
    "key", "name", "summary", "risk_tier", "data_classification", "currency", "policy_version", "business_unit",
    "owner", "sponsor", "deploy_authority", "poc", "answers", "team",
)  # fmt: skip
# For each kind of action the parts of its specification.
PARTS: Mapping[str, tuple[str, ...]] = {
    ADVANCE: _PROJECT,
    BREAK_GLASS: ("key", "action", "environment", "hours", "reason", "asked_by"),
    "extend_poc": (
        "key", "ended_on", "would_end_on", "budget", "would_be_budget", "extensions_before", "reason", "achieved",
        "asked_by",
    ),
    "grant_data": (
        "key", "dataset", "classification", "owner", "location", "purpose", "pattern", "columns", "days", "environment",
        "copy_location", "asked_by",
    ),
    WAIVE: ("key", "question", "until", "reason", "asked_by"),
}  # fmt: skip
POC = ("starts_on", "ends_on", "budget")
OPENED = (ACTIONS, ENVIRONMENT_KINDS)  # what a broken glass opens, and where


def known(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Rules are for what is asked, and steps answer for parts that exist."""
    for index, gate in enumerate(document["gates"]):
        yield from _fields(gate["approvals"], ADVANCE, document, ["gates", index, "approvals"])
    for index, rule in enumerate(document.get("approvals", ())):
        path, kind = ["approvals", index], rule["action"].partition(":")[0]
        if reason := wrong_action(rule["action"], [item["code"] for item in document["criteria"]]):
            yield [*path, "action"], reason
        else:
            yield from _fields(rule["steps"], kind, document, [*path, "steps"])


def wrong_action(action: str, criteria: list[str]) -> str:
    """Why nobody would ever ask for this action; empty when somebody may. Gates are looked at elsewhere."""
    kind, *rest = action.split(":")
    if kind not in PARTS:
        return f"Nobody asks for “{action}”. Known: {', '.join(PARTS)}."
    if kind == WAIVE and (rest and (len(rest) > 1 or rest[0] not in criteria)):
        return f"No criterion has the code “{':'.join(rest)}”, so nobody would ask to waive it."
    if kind == BREAK_GLASS and not _opens(rest):
        what, where = (", ".join(names) for names in OPENED)
        return f"After “{kind}:” stands one of {what}, and after another “:” one of {where}."
    if kind not in (ADVANCE, WAIVE, BREAK_GLASS) and rest:
        return f"“{kind}” has no kinds: leave “:{':'.join(rest)}” out."
    return ""


def _opens(rest: list[str]) -> bool:
    """Whether this is an action that a broken glass opens, perhaps with a kind of environment."""
    return len(rest) <= 2 and all(part in names for part, names in zip(rest, OPENED, strict=False))


def _fields(
    steps: list[Mapping[str, Any]], kind: str, document: Mapping[str, Any], path: list[Any]
) -> Iterator[Problem]:
    for index, step in enumerate(steps):
        for number, field in enumerate(step.get("fields", ())):
            if reason := _wrong_part(field.split("."), kind, document):
                yield [*path, index, "fields", number], reason


def _wrong_part(parts: list[str], kind: str, document: Mapping[str, Any]) -> str:
    """Why no specification of this kind has such a part; empty when it has."""
    first, rest = parts[0], parts[1:]
    if first not in PARTS[kind]:
        return f"What is approved has no part “{first}”. Known: {', '.join(PARTS[kind])}."
    if kind == ADVANCE and first == "answers" and rest:
        return _wrong_answer(rest, document)
    if kind == ADVANCE and first == "poc" and rest and (len(rest) > 1 or rest[0] not in POC):
        return f"The plan has no part “{'.'.join(rest)}”. Known: {', '.join(POC)}."
    return "" if not rest or (kind, first) in ((ADVANCE, "team"), (ADVANCE, "poc")) else f"“{first}” has no parts."


def _wrong_answer(rest: list[str], document: Mapping[str, Any]) -> str:
    fields = {item["code"]: item["answer_schema"]["properties"] for item in document["criteria"]}
    if rest[0] not in fields:
        return f"No criterion has the code “{rest[0]}”. Known: {', '.join(fields)}."
    if len(rest) > 2 or (len(rest) == 2 and rest[1] not in fields[rest[0]]):
        return f"“{rest[0]}” has no field “{'.'.join(rest[1:])}”. Known: {', '.join(fields[rest[0]])}."
    return ""
