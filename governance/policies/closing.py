"""What a project owes at its end, and which findings close which gates: two optional parts of a policy. Pure.

A document that says nothing of them asks for no lesson, and no finding of it closes a gate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LessonRule:
    """Which ends owe lessons.

    Attributes:
        ends: stages that end a project.
        after: the project owes something only when it came from one of these stages.
        kinds: kinds of lessons, one of each.
        days: until when they are written.
    """

    ends: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    days: int = 14

    def is_owed(self, source: str, target: str) -> bool:
        """Whether moving from one stage to the other leaves lessons to be written."""
        return target in self.ends and source in self.after


@dataclass(frozen=True)
class FindingRule:
    """Open findings of these severities close these actions; with ``overdue`` only once their day is over."""

    severity: tuple[str, ...]
    actions: tuple[str, ...]
    overdue: bool = False

    def closes(self, action: str, severity: str, *, is_overdue: bool) -> bool:
        return action in self.actions and severity in self.severity and (is_overdue or not self.overdue)


def lesson_rule(document: Mapping[str, Any]) -> LessonRule:
    """The document's rule for lessons."""
    said = document.get("lessons")
    if said is None:
        return LessonRule()
    return LessonRule(tuple(said["ends"]), tuple(said["after"]), tuple(said["kinds"]), said.get("days", 14))


def finding_rules(document: Mapping[str, Any]) -> list[FindingRule]:
    """The document's rules for findings."""
    return [
        FindingRule(tuple(rule["severity"]), tuple(rule["actions"]), bool(rule.get("overdue", False)))
        for rule in document.get("findings", ())
    ]


def is_closed_by(rules: Iterable[FindingRule], action: str, severity: str, *, is_overdue: bool) -> bool:
    """Whether an open finding closes the action."""
    return any(rule.closes(action, severity, is_overdue=is_overdue) for rule in rules)


def schema(stages: Sequence[str], kinds: Sequence[str], severities: Sequence[str], actions: Sequence[str]) -> Any:
    """The two parts as properties of the policy's JSON Schema."""

    def some(of: Sequence[str]) -> dict[str, Any]:
        return {"type": "array", "items": {"enum": list(of)}, "minItems": 1, "uniqueItems": True}

    days = {"type": "integer", "minimum": 1, "maximum": 180}
    lessons = {"ends": some(stages), "after": some(stages), "kinds": some(kinds), "days": days}
    finding = {"severity": some(severities), "actions": some(("advance", *actions)), "overdue": {"type": "boolean"}}
    return {
        "lessons": {
            "type": "object",
            "additionalProperties": False,
            "required": ["ends", "after", "kinds"],
            "properties": lessons,
            "description": "What a project owes when it ends: at these ends, after these stages, one of each kind.",
        },
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["severity", "actions"],
                "properties": finding,
            },
            "description": "Open findings of these severities close these actions; with overdue only after their day.",
        },
    }
