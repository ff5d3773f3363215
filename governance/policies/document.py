"""What a checked policy document says, with names instead of keys."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from governance.policies.poc_clock import ClockRule
from governance.policies.risk import Questionnaire
from governance.policies.rules import Facts, Holder, Route, holder_of, steps_for
from projects.checklists import Demands, demands_of


@dataclass(frozen=True)
class GateRule:
    """What stands between two stages."""

    name: str
    title: str
    source: str
    target: str
    criteria: tuple[str, ...]
    approvals: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class TeamRule:
    """What a team must be: the most areas of one person (None where the policy is silent), gaps by name of a gate."""

    most_areas: int | None
    gates: Mapping[str, list[str]]

    def closing(self, gate: str) -> tuple[str, ...]:
        """The codes of gaps that close this gate."""
        return tuple(self.gates.get(gate, ()))


@dataclass(frozen=True)
class ActionRule:
    """In which stages and by which roles something may be done."""

    stages: tuple[str, ...]
    stages_by_environment: Mapping[str, list[str]]
    roles: tuple[str, ...]
    within_poc_dates: bool

    def stages_in(self, environment_kind: str) -> tuple[str, ...]:
        return tuple(self.stages_by_environment.get(environment_kind, self.stages))


@dataclass(frozen=True)
class IntakeRule:
    """How ideas are looked at before the first gate.

    Attributes:
        concept: whether an idea is sent as a short concept first: off, optional or required.
        concept_questions: codes of the criteria that a concept answers.
        explain_similar_from: similarity from which a team says why it does not join; None asks nothing.
        scales: code, title, question, weight and five anchors of each dimension.
    """

    concept: str
    concept_questions: tuple[str, ...]
    explain_similar_from: float | None
    scales: tuple[Mapping[str, Any], ...]

    @property
    def weights(self) -> dict[str, int]:
        return {scale["code"]: scale["weight"] for scale in self.scales}

    def for_checklists(self) -> dict[str, Any]:
        """What projects need to know of it."""
        return {
            "concept": self.concept,
            "concept_questions": list(self.concept_questions),
            "explain_similar_from": self.explain_similar_from,
        }


class Policy:
    """A checked document. Nothing here looks at the database."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @property
    def criteria(self) -> list[dict[str, Any]]:
        return list(self.document["criteria"])

    @property
    def intake(self) -> IntakeRule:
        """How ideas are looked at before the first gate; a document that says nothing has no concept and no scales."""
        rules = self.document.get("intake", {})
        return IntakeRule(
            rules.get("concept", "off"),
            tuple(rules.get("concept_questions", ())),
            rules.get("explain_similar_from"),
            tuple(rules.get("scales", ())),
        )

    @property
    def poc_clock(self) -> ClockRule:
        """When the clock of a proof of concept rings, and how long a decision holds after its end."""
        rule = self.document.get("poc_clock", {})
        usual = ClockRule()
        warn_at = Decimal(rule["warn_at_percent"]) / 100 if "warn_at_percent" in rule else usual.warn_at
        return ClockRule(warn_at, rule.get("decision_holds_days", usual.holds_days))

    def demands(self) -> dict[str, Demands]:
        """What each criterion asks besides its answer, by code."""
        return {criterion["code"]: demands_of(criterion) for criterion in self.criteria}

    @property
    def author_may_not_decide(self) -> bool:
        return "author" in self.document["separation_of_duties"]

    @property
    def fallback(self) -> Holder | None:
        """Who decides a step when too few of its holders may, or None when the policy names nobody."""
        rule = self.document.get("fallback_approver")
        return holder_of(rule) if rule else None

    @property
    def rules(self) -> list[Mapping[str, Any]]:
        """The approval rules besides those of the gates."""
        return list(self.document.get("approvals", ()))

    @property
    def risk(self) -> Questionnaire | None:
        """The risk questionnaire, or None when the policy has none."""
        found = self.document.get("risk")
        return Questionnaire(found) if found else None

    def asked_by(self, gate: GateRule, risk_tier: str) -> list[str]:
        """The gate's criteria that it asks of a project of this risk tier; of an unknown tier, every one."""
        limited = {row["code"]: row["only_for"] for row in self.criteria if "only_for" in row}
        return [code for code in gate.criteria if not risk_tier or risk_tier in limited.get(code, [risk_tier])]

    def gates_after(self, stage: str) -> list[GateRule]:
        """The gates that are still ahead of a stage, in their order."""
        found: list[GateRule] = []
        while (gate := self.gate_from("qualification" if stage == "intake" else stage)) and gate not in found:
            found.append(gate)
            stage = gate.target
        return found

    def steps_for(self, action: str, facts: Facts) -> Route:
        """Who must agree to ``action`` when these facts are known."""
        return steps_for(self.document, action, facts)

    @property
    def team(self) -> TeamRule:
        """What the policy says about teams; older policies say nothing."""
        rule = self.document.get("team", {})
        return TeamRule(rule.get("most_areas"), rule.get("gates", {}))

    @property
    def gates(self) -> list[GateRule]:
        return [
            GateRule(
                gate["name"],
                gate["title"],
                gate["from"],
                gate["to"],
                tuple(gate["criteria"]),
                tuple(gate["approvals"]),
            )
            for gate in self.document["gates"]
        ]

    def gate_from(self, stage: str) -> GateRule | None:
        """The gate that leaves this stage, or None at an end of the journey."""
        return next((gate for gate in self.gates if gate.source == stage), None)

    def gate_to(self, stage: str) -> GateRule | None:
        """The gate that leads to this stage, or None when none does."""
        return next((gate for gate in self.gates if gate.target == stage), None)

    def action(self, name: str) -> ActionRule | None:
        """The rule of an action, or None when the policy does not know it."""
        rule = self.document["actions"].get(name)
        if rule is None:
            return None
        return ActionRule(
            tuple(rule["stages"]),
            rule.get("stages_by_environment", {}),
            tuple(rule["roles"]),
            bool(rule.get("within_poc_dates", False)),
        )


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the same content is the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON: what an approval is bound to."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
