"""The journey of seven steps as one project walks it: computed from facts, never ticked by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

STEPS = (
    (1, "Establishing culture", "Sponsor and business outcome"),
    (2, "Enabling teams", "Core team and responsibilities"),
    (3, "Data strategy", "Data ready, access granted"),
    (4, "Proof of concept", "Metric met in time and budget"),
    (5, "Repeatability", "Pipeline, registry, lineage"),
    (6, "Scale", "Safe deployment, monitoring"),
    (7, "Completing the journey", "Outcome proven, lessons shared"),
)
_PASSED = {"production_ready": 4, "production": 5, "retired": 7}


class CriterionFacts(Protocol):
    """What a step needs to know of a criterion."""

    @property
    def step(self) -> int: ...
    @property
    def status(self) -> str: ...


@dataclass(frozen=True)
class JourneyStep:
    """One step: ``state`` is done, current or todo; ``note`` says what it is about or how far it is."""

    number: int
    name: str
    state: str
    note: str


def journey(stage: str, criteria: Iterable[CriterionFacts]) -> list[JourneyStep]:
    """The seven steps. A step is done when its criteria are met and, from step 4 on, when the stage lies behind it."""
    by_step: dict[int, list[str]] = {}
    for criterion in criteria:
        by_step.setdefault(criterion.step, []).append(criterion.status)
    done = {number for number, _, _ in STEPS if _is_done(number, stage, by_step.get(number, []))}
    current = next((number for number, _, _ in STEPS if number not in done), 0)
    steps = []
    for number, name, about in STEPS:
        state = "done" if number in done else "current" if number == current else "todo"
        steps.append(JourneyStep(number, name, state, _note(about, by_step.get(number, []))))
    return steps


def _is_done(number: int, stage: str, statuses: list[str]) -> bool:
    if number >= 4:
        return number <= _PASSED.get(stage, 0)
    return bool(statuses) and all(status in ("accepted", "waived") for status in statuses)


def _note(about: str, statuses: list[str]) -> str:
    if not statuses:
        return about
    met = sum(status in ("accepted", "waived") for status in statuses)
    if met == len(statuses):
        return about
    answered = sum(status in ("answered", "accepted", "waived") for status in statuses)
    return f"{answered} of {len(statuses)} answered"
