"""The journey of seven steps as one project walks it: computed from facts, never ticked by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

STEPS = (
    (1, "Establishing culture", "Sponsor agreed"),
    (2, "Enabling teams", "Core team"),
    (3, "Data strategy", "Data ready"),
    (4, "Proof of concept", "Metric met"),
    (5, "Repeatability", "Pipeline as code"),
    (6, "Scale", "Safe deployment"),
    (7, "Completing the journey", "Outcome proven"),
)
MET = ("accepted", "waived")
_PASSED = {"production_ready": 4, "production": 5, "retired": 7}


class CriterionFacts(Protocol):
    """What a step needs to know of a criterion."""

    @property
    def step(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def verdict_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Timebox:
    """When the proof of concept starts and ends, as far as it is planned."""

    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class JourneyStep:
    """One step: ``state`` is done, current or todo; ``note`` says what it is about or how far it is, ``on`` since when.

    ``on`` is the day of the last verdict of a step that is done.
    """

    number: int
    name: str
    state: str
    note: str
    on: date | None = None


def journey(
    stage: str, criteria: Iterable[CriterionFacts], timebox: Timebox = Timebox(), today: date | None = None
) -> list[JourneyStep]:
    """The seven steps. A step is done when its criteria are met and, from step 4 on, when the stage lies behind it."""
    by_step: dict[int, list[CriterionFacts]] = {}
    for criterion in criteria:
        by_step.setdefault(criterion.step, []).append(criterion)
    done = {number for number, _, _ in STEPS if _is_done(number, stage, by_step.get(number, []))}
    current = next((number for number, _, _ in STEPS if number not in done), 0)
    steps = []
    for number, name, about in STEPS:
        state = "done" if number in done else "current" if number == current else "todo"
        facts = by_step.get(number, [])
        weeks = weeks_of(timebox, today) if (number, stage, state) == (4, "poc", "current") else ""
        on = _met_on(facts) if state == "done" and number < 4 else None
        steps.append(JourneyStep(number, name, state, weeks or _note(about, facts), on))
    return steps


def weeks_of(timebox: Timebox, today: date | None) -> str:
    """How far a proof of concept is: ``Week 2 of 16``, or that it is over or not begun; empty without dates."""
    starts, ends = timebox.starts_on, timebox.ends_on
    if starts is None or ends is None or today is None:
        return ""
    if today > ends:
        return "Time is over"
    if today < starts:
        return "Not begun yet"
    weeks = -(-(ends - starts).days // 7)
    return f"Week {min((today - starts).days // 7 + 1, weeks)} of {weeks}"


def _is_done(number: int, stage: str, facts: Sequence[CriterionFacts]) -> bool:
    if number >= 4:
        return number <= _PASSED.get(stage, 0)
    return bool(facts) and all(fact.status in MET for fact in facts)


def _met_on(facts: Sequence[CriterionFacts]) -> date | None:
    days = [fact.verdict_at.date() for fact in facts if fact.verdict_at is not None]
    return max(days, default=None)


def _note(about: str, facts: Sequence[CriterionFacts]) -> str:
    if all(fact.status in MET for fact in facts):
        return about
    answered = sum(fact.status in ("answered", *MET) for fact in facts)
    return f"{answered} of {len(facts)} answered"
