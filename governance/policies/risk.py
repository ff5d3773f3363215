"""The risk questionnaire: which tier do these answers give? Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Answers = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Score:
    """What answers amount to.

    Attributes:
        reasons: sentences that say how the tier was reached.
        forbidden: whether nothing may be done in this tier.
    """

    points: int
    tier: str
    reasons: tuple[str, ...]
    forbidden: bool


class Questionnaire:
    """The ``risk`` part of a checked policy."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.title: str = document["title"]
        self.questions: list[Mapping[str, Any]] = list(document["questions"])
        self.tiers: list[Mapping[str, Any]] = list(document["tiers"])
        self.reopened_by: tuple[str, ...] = tuple(document.get("reopened_by", ()))
        self._required_for: list[str] | None = document.get("required_for")

    @property
    def names(self) -> list[str]:
        """The tiers, from the mildest upwards."""
        return [tier["tier"] for tier in self.tiers]

    def is_required_for(self, action: str) -> bool:
        """Whether this stays closed while the tier is not known. A policy that says nothing means everything."""
        return self._required_for is None or action in self._required_for

    def forbids(self, tier: str) -> bool:
        """Whether nothing may be done in the tier."""
        return any(found["tier"] == tier and found.get("forbidden", False) for found in self.tiers)

    def problems(self, answers: Answers) -> dict[str, list[str]]:
        """Sentences by question for what is missing or cannot be chosen; empty when the answers fit."""
        known = {question["code"] for question in self.questions}
        found = {code: ["There is no such question."] for code in answers if code not in known}
        for question in self.questions:
            sentence = _problem(question, answers.get(question["code"], ()))
            if sentence:
                found[question["code"]] = [sentence]
        return found

    def score(self, answers: Answers) -> Score:
        """Points of everything chosen, added; the tier they reach, or the strictest that a choice means at least."""
        chosen = [option for question in self.questions for option in _chosen(question, answers)]
        points = sum(option["points"] for option in chosen)
        reached = max(index for index, tier in enumerate(self.tiers) if tier["from"] <= points)
        means = [(self.names.index(option["tier"]), option) for option in chosen if "tier" in option]
        floor = max((index for index, _ in means), default=-1)
        tier = self.tiers[max(reached, floor)]
        reasons = [f"“{option['label']}” is at least {self.tiers[index]['title']}." for index, option in means]
        limit = self.tiers[reached]
        reasons.append(f"{points} points: {limit['title']} begins at {limit['from']}.")
        return Score(points, tier["tier"], tuple(reasons), self.forbids(tier["tier"]))


def _chosen(question: Mapping[str, Any], answers: Answers) -> list[Mapping[str, Any]]:
    wanted = answers.get(question["code"], ())
    return [option for option in question["options"] if option["value"] in wanted]


def _problem(question: Mapping[str, Any], values: Sequence[str]) -> str:
    options = {option["value"]: option for option in question["options"]}
    if not values:
        return "Choose an answer."
    if unknown := [value for value in values if value not in options]:
        return f"“{unknown[0]}” cannot be chosen. Choose of: {', '.join(options)}."
    if len(values) > 1 and not question.get("several"):
        return "Choose one answer."
    alone = [options[value]["label"] for value in values if options[value].get("alone")]
    return f"“{alone[0]}” cannot be chosen together with another answer." if alone and len(values) > 1 else ""
