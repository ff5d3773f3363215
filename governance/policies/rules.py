"""Approval rules: for an action and what is known about it, who must agree. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

HOLDERS = ("site_role", "group", "person", "project_role", "accountable")


@dataclass(frozen=True)
class Holder:
    """Who may decide: ``kind`` is one of HOLDERS, ``value`` the role, group, place in the project or area of work."""

    kind: str
    value: str


@dataclass(frozen=True)
class Facts:
    """What is known when somebody asks. An empty value is unknown and meets every condition: unknown is strict."""

    amount: Decimal | None = None
    risk_tier: str = ""
    data_classification: str = ""
    environment_kind: str = ""


@dataclass(frozen=True)
class StepRule:
    """One approval step: who holds it, how many are needed, in how many days.

    Attributes:
        order: steps with the same number run in parallel, numbers in sequence.
        remind: whether the holders are reminded at half time.
        escalate_to: who may decide it too when the time is over; None for nobody.
        fallback: who decides when too few of the holders may; None leaves it to the policy's fallback approver.
        fields: dotted paths into the specification that this step answers for; empty for all of it.
    """

    name: str
    holder: Holder
    needed: int
    order: int
    days: int
    remind: bool = True
    escalate_to: Holder | None = None
    fallback: Holder | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """The steps for one action, in order, and after how many days an unanswered request expires (0 for never)."""

    steps: tuple[StepRule, ...]
    expires_after_days: int = 0


# Breaking the glass is possible under every policy, also under those that were published before it existed.
BREAK_GLASS = {
    "action": "break_glass",
    "steps": [
        {"name": "CoE lead", "site_role": "coe_lead", "needed": 1, "order": 1, "days": 1},
        {"name": "Security", "group": "security", "needed": 1, "order": 1, "days": 1},
    ],
}
# So is asking for data: its owner decides, and security with them where the data is restricted or nobody knows.
GRANT_DATA = {
    "action": "grant_data",
    "steps": [
        {"name": "Data owner", "person": "data_owner", "needed": 1, "order": 1, "days": 5},
        {
            "name": "Security",
            "group": "security",
            "needed": 1,
            "order": 1,
            "days": 5,
            "when": {"data_classification": ["restricted"]},
        },
    ],
}
ALWAYS = (BREAK_GLASS, GRANT_DATA)


def steps_for(document: Mapping[str, Any], action: str, facts: Facts) -> Route:
    """Who must agree to ``action``: the gate's own approvals and every rule whose conditions are met.

    A holder that two sources name is asked once, with the stricter demand. An action without any rule has no step, and
    without a step nothing is approved.
    """
    sources = [rule for rule in [*_gates(document, action), *_rules(document, action)] if _meets(rule, facts)]
    route = _route(sources, facts)
    return route if route.steps else _route([rule for rule in ALWAYS if _is_for(rule["action"], action)], facts)


def _route(sources: Iterable[Mapping[str, Any]], facts: Facts) -> Route:
    found: list[StepRule] = []
    days: list[int] = []
    for source in sources:
        found = _merged(
            found, [step_of(rule, number) for number, rule in enumerate(source["steps"], 1) if _meets(rule, facts)]
        )
        days += [source["expires_after_days"]] if "expires_after_days" in source else []
    return Route(tuple(sorted(found, key=lambda step: step.order)), min(days, default=0))


def _gates(document: Mapping[str, Any], action: str) -> list[Mapping[str, Any]]:
    kind, _, target = action.partition(":")
    gates = document["gates"] if kind == "advance" else []
    return [{**gate, "steps": gate["approvals"]} for gate in gates if gate["to"] == target]


def _rules(document: Mapping[str, Any], action: str) -> list[Mapping[str, Any]]:
    return [rule for rule in document.get("approvals", ()) if _is_for(rule["action"], action)]


def _is_for(wanted: Any, action: str) -> bool:
    return action == wanted or action.startswith(f"{wanted}:")


def _meets(rule: Mapping[str, Any], facts: Facts) -> bool:
    condition = rule.get("when", {})
    amount = condition.get("amount", {})
    if facts.amount is not None and not amount.get("min", 0) <= facts.amount <= amount.get("max", facts.amount):
        return False
    named = ("risk_tier", "data_classification", "environment_kind")
    known = {name: getattr(facts, name) for name in named if name in condition}
    return all(not fact or fact in condition[name] for name, fact in known.items())


def step_of(rule: Mapping[str, Any], number: int) -> StepRule:
    """One step as it is written; without an order it takes its place in the list."""
    return StepRule(
        name=rule["name"],
        holder=holder_of(rule),
        needed=rule["needed"],
        order=rule.get("order", number),
        days=rule["days"],
        remind=rule.get("remind", True),
        escalate_to=holder_of(rule["escalate_to"]) if "escalate_to" in rule else None,
        fallback=holder_of(rule["fallback"]) if "fallback" in rule else None,
        fields=tuple(rule.get("fields", ())),
    )


def holder_of(rule: Mapping[str, Any]) -> Holder:
    """The holder that a step, an escalation or a fallback names."""
    kind = next(kind for kind in HOLDERS if kind in rule)
    return Holder(kind, rule[kind])


def _merged(known: list[StepRule], more: Iterable[StepRule]) -> list[StepRule]:
    by_holder = {step.holder: number for number, step in reversed(list(enumerate(known)))}
    merged = list(known)
    for step in more:
        number = by_holder.get(step.holder)
        if number is None:
            merged.append(step)
        else:
            merged[number] = _stricter(merged[number], step)
    return merged


def _stricter(one: StepRule, other: StepRule) -> StepRule:
    return replace(
        one,
        needed=max(one.needed, other.needed),
        order=min(one.order, other.order),
        days=min(one.days, other.days),
        escalate_to=one.escalate_to or other.escalate_to,
        fallback=one.fallback or other.fallback,
        fields=tuple(dict.fromkeys((*one.fields, *other.fields))) if one.fields and other.fields else (),
    )


def part_of(specification: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """The parts of a specification at dotted paths; a path that leads nowhere is None."""
    return {path: _at(specification, path.split(".")) for path in fields}


def _at(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def covers(fields: Iterable[str], path: str) -> bool:
    """Whether a step with these fields answers for the dotted ``path``; no fields mean everything."""
    wanted = list(fields)
    return not wanted or any(_is_under(path, field) or _is_under(field, path) for field in wanted)


def _is_under(path: str, field: str) -> bool:
    return path == field or path.startswith(f"{field}.")
