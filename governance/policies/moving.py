"""What it means for a project to leave one policy for another. Pure.

Rules: an answer stays as long as the new question takes it. When the question or its answer changed, an acceptance of
the old one does not count for the new one, and a waiver ends. What does not fit is taken out field by field and kept in
the record of the move; the criterion is open again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.policies.document import Policy
from governance.policies.rules import Facts, StepRule
from projects import checklists
from projects.models import CriterionStatus

Document = Mapping[str, Any]
_ASKS = ("question", "answer_schema")


@dataclass(frozen=True)
class Held:
    """What a project holds under one code: its answer and how far it is."""

    answer: Mapping[str, Any]
    status: str


@dataclass(frozen=True)
class Change:
    """One criterion that both policies ask, differently.

    Attributes:
        parts: which of its keys differ.
        answer: the answer that is kept; without the fields that do not fit.
        lost: the fields that do not fit, as they were.
        problems: why, by field, and which required fields are missing now.
        status, status_after: how far it is, before and afterwards.
    """

    code: str
    short: str
    parts: tuple[str, ...]
    answer: Mapping[str, Any]
    lost: Mapping[str, Any]
    problems: Mapping[str, list[str]]
    status: str
    status_after: str

    @property
    def reopens(self) -> bool:
        return self.status != self.status_after

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "short": self.short,
            "parts": list(self.parts),
            "lost": dict(self.lost),
            "problems": dict(self.problems),
            "status": self.status,
            "status_after": self.status_after,
        }


_LISTS = ("criteria_added", "criteria_removed", "steps_added", "steps_removed", "gaps_added", "gaps_removed")


@dataclass(frozen=True)
class GateChange:
    """A gate that is still ahead, and what it asks more or less: criteria, approvers, gaps that close it.

    ``also_asks`` and ``no_longer_asks`` are criteria of both policies, in words: those that are new or gone are told of
    once, not at each gate.
    """

    gate: str
    title: str
    criteria_added: tuple[str, ...]
    criteria_removed: tuple[str, ...]
    steps_added: tuple[str, ...]
    steps_removed: tuple[str, ...]
    gaps_added: tuple[str, ...] = ()
    gaps_removed: tuple[str, ...] = ()
    also_asks: tuple[str, ...] = ()
    no_longer_asks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"gate": self.gate, "title": self.title, **{name: list(getattr(self, name)) for name in _LISTS}}


@dataclass(frozen=True)
class Plan:
    """What a move adds, removes and changes for one project. ``added`` and ``removed`` are criteria of the policies."""

    added: tuple[Document, ...]
    removed: tuple[Document, ...]
    changed: tuple[Change, ...]
    kept: int
    gates: tuple[GateChange, ...] = field(default=())

    @property
    def reopened(self) -> tuple[Change, ...]:
        """Changed criteria that somebody has to answer or accept again."""
        return tuple(change for change in self.changed if change.reopens)

    @property
    def demanding(self) -> tuple[Change, ...]:
        """Changed criteria that somebody has to look at, because of their status or because a part does not fit."""
        return tuple(change for change in self.changed if change.reopens or change.lost)

    @property
    def harmless(self) -> tuple[Change, ...]:
        """Changed criteria whose answers and verdicts stay as they are."""
        return tuple(change for change in self.changed if not (change.reopens or change.lost))

    def as_json(self) -> dict[str, Any]:
        named = {"added": self.added, "removed": self.removed}
        return {
            **{name: [{"code": row["code"], "short": row["short"]} for row in rows] for name, rows in named.items()},
            "changed": [change.as_json() for change in self.changed],
            "kept": self.kept,
            "gates": [change.as_json() for change in self.gates],
        }


def plan(old: Policy, new: Policy, held: Mapping[str, Held], stage: str, facts: Facts) -> Plan:
    """What moving from ``old`` to ``new`` means for a project that holds these answers in this stage."""
    before = {row["code"]: row for row in old.criteria}
    after = {row["code"]: row for row in new.criteria}
    both = [code for code in after if code in before]
    changes = [change for code in both if (change := _change(before[code], after[code], held.get(code)))]
    return Plan(
        added=tuple(after[code] for code in after if code not in before),
        removed=tuple(before[code] for code in before if code not in after),
        changed=tuple(changes),
        kept=sum(bool(held[code].answer) for code in both if code in held) - sum(bool(row.lost) for row in changes),
        gates=tuple(gate_changes(old, new, stage, facts)),
    )


def _change(before: Document, after: Document, held: Held | None) -> Change | None:
    parts = tuple(key for key in dict.fromkeys([*before, *after]) if before.get(key) != after.get(key))
    if not parts:
        return None
    held = held or Held({}, CriterionStatus.OPEN)
    return fitted(after, held, parts)


def fitted(criterion: Document, held: Held, parts: Iterable[str]) -> Change:
    """What is left of an answer under a criterion of which these parts are new."""
    parts = tuple(parts)
    code, schema = criterion["code"], criterion["answer_schema"]
    wrong = checklists.problems(code, schema, held.answer) if held.answer else {}
    kept = {name: value for name, value in held.answer.items() if name not in wrong}
    complete = bool(kept) and checklists.is_complete(code, schema, kept)
    asks = any(part in _ASKS for part in parts)
    missing = {} if complete or not held.answer else {"": checklists.missing_fields(schema, kept)}
    return Change(
        code=code,
        short=criterion["short"],
        parts=parts,
        answer=kept,
        lost={name: value for name, value in held.answer.items() if name in wrong},
        problems=wrong | {name: [f"Missing now: {', '.join(titles)}."] for name, titles in missing.items() if titles},
        status=held.status,
        status_after=_status_after(held.status, complete) if asks else held.status,
    )


def _status_after(status: str, complete: bool) -> str:
    if not complete:
        return CriterionStatus.OPEN
    return status if status in (CriterionStatus.REJECTED, CriterionStatus.EXPIRED) else CriterionStatus.ANSWERED


def gate_changes(old: Policy, new: Policy, stage: str, facts: Facts) -> list[GateChange]:
    """How the gates that are still ahead of this stage differ."""
    found, both = [], names_of_both(old, new)
    for gate in new.gates_after(stage):
        before = old.gate_to(gate.target)
        pairs = (
            (before.criteria if before else (), gate.criteria),
            (_steps(old, gate.target, facts), _steps(new, gate.target, facts)),
            (old.team.closing(before.name) if before else (), new.team.closing(gate.name)),
        )
        lists = [part for was, now in pairs for part in (_without(now, was), _without(was, now))]
        if any(lists):
            words = ([both[code] for code in codes if code in both] for codes in lists[:2])
            found.append(GateChange(gate.name, gate.title, *lists, *map(tuple, words)))
    return found


def names_of_both(old: Policy, new: Policy) -> dict[str, str]:
    """What the criteria are called that both policies have, by code."""
    known = {row["code"] for row in old.criteria}
    return {row["code"]: row["short"] for row in new.criteria if row["code"] in known}


def _without(items: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    left_out = set(others)
    return tuple(item for item in items if item not in left_out)


def _steps(policy: Policy, target: str, facts: Facts) -> list[str]:
    return [step_words(step) for step in policy.steps_for(f"advance:{target}", facts).steps]


def step_words(step: StepRule) -> str:
    """A step in a few words: its name, and how many people it needs when it is more than one."""
    return step.name if step.needed == 1 else f"{step.name} ({step.needed} people)"
