"""WSJF and RICE: two ways of ordering work that stand beside the reviewers' score. Pure.

Nothing is asked a second time: every input comes from the intake's answers or from the reviewers' means, and is shown
with where it came from. What is not known makes a figure unknown, never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

DAYS_OF_A_MONTH, DAYS_OF_A_QUARTER = 30.4, 91
IMPACTS = (0.25, 0.5, 1.0, 2.0, 3.0)  # minimal, low, medium, high, massive: Intercom's scale
JOB_SIZES = ((1, 1), (3, 2), (6, 3), (12, 5), (24, 8), (48, 13))  # person-months up to → size, as in planning poker
LARGEST_JOB = 20
URGENCIES = ((3, 5), (6, 4), (12, 3), (24, 2))  # pays within so many months → time criticality


@dataclass(frozen=True)
class Input:
    """One figure that goes into a formula, and where it was found; ``value`` is None when it is not known."""

    name: str
    value: float | None
    source: str


@dataclass(frozen=True)
class Priority:
    """One formula's figure; None when an input is unknown, which ``lacks`` then names."""

    name: str
    figure: float | None
    formula: str
    inputs: tuple[Input, ...]

    @property
    def lacks(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.inputs if item.value is None)


def wsjf(value: float, criticality: float, opportunity: float, size: float) -> float:
    """Weighted shortest job first: cost of delay ÷ job size.

    Cost of delay = user and business value + time criticality + risk reduction and opportunity enablement, all relative
    numbers. Source: Reinertsen, *The Principles of Product Development Flow* (2009), as the Scaled Agile Framework
    writes it ("WSJF"). ``size`` is above zero.
    """
    return (value + criticality + opportunity) / size


def rice(reach: float, impact: float, confidence: float, effort: float) -> float:
    """Reach × impact × confidence ÷ effort.

    Reach: events a quarter; impact: 0.25 to 3; confidence: 0 to 1; effort: person-months, above zero. Source: Sean
    McBride, "RICE: Simple prioritization for product managers", Intercom (2016).
    """
    return reach * impact * confidence / effort


def priorities(means: Mapping[str, float], answers: Mapping[str, Mapping[str, Any]], people: int) -> list[Priority]:
    """Both figures with their inputs.

    Args:
        means: the reviewers' mean of each dimension; empty before anybody has reviewed.
        answers: the intake's answers by question.
        people: how many are in the team.
    """
    effort = Input("Effort in person-months", person_months(answers.get("feasible", {}), people), "plan × team size")
    return [_wsjf(means, answers, effort), _rice(means, answers, effort)]


def _wsjf(means: Mapping[str, float], answers: Mapping[str, Mapping[str, Any]], effort: Input) -> Priority:
    value = answers.get("value", {})
    kind = value.get("kind")
    reduces = None if kind is None else 5.0 if kind == "risk_reduction" else 1.0
    inputs = (
        Input("Business value, 1 to 5", means.get("value"), "reviewers' mean"),
        Input("Time criticality, 1 to 5", criticality(value.get("months_to_value")), "months until it pays"),
        Input("Risk reduction, 1 or 5", reduces, "kind of value"),
        Input("Job size, 1 to 20", job_size(effort.value), "effort in person-months"),
    )
    known = [item.value for item in inputs if item.value is not None]
    figure = wsjf(*known) if len(known) == len(inputs) else None
    return Priority("WSJF", figure, "(value + time criticality + risk reduction) ÷ job size", inputs)


def _rice(means: Mapping[str, float], answers: Mapping[str, Mapping[str, Any]], effort: Input) -> Priority:
    volume = answers.get("users", {}).get("volume_per_day")
    both = [means[name] for name in ("feasibility", "data_readiness") if name in means]
    inputs = (
        Input("Reach, predictions a quarter", None if volume is None else float(volume) * DAYS_OF_A_QUARTER, "users"),
        Input("Impact, 0.25 to 3", impact(means.get("value")), "reviewers' mean of value"),
        Input("Confidence, 0.2 to 1", sum(both) / 10 if len(both) == 2 else None, "means of feasibility and data"),
        effort,
    )
    known = [item.value for item in inputs if item.value is not None]
    figure = rice(*known) if len(known) == len(inputs) else None
    return Priority("RICE", figure, "reach × impact × confidence ÷ effort", inputs)


def person_months(plan: Mapping[str, Any], people: int) -> float | None:
    """Length of the plan in months × people; None without both dates. A plan takes a day at least."""
    try:
        starts, ends = (date.fromisoformat(str(plan[name])) for name in ("starts_on", "ends_on"))
    except (KeyError, ValueError):
        return None
    return max((ends - starts).days, 1) / DAYS_OF_A_MONTH * max(people, 1)


def job_size(months: float | None) -> float | None:
    """Relative size of a job of so many person-months; larger steps for larger jobs, because estimates get vaguer."""
    if months is None:
        return None
    return float(next((size for limit, size in JOB_SIZES if months <= limit), LARGEST_JOB))


def criticality(months_to_value: Any) -> float | None:
    """How much waiting costs, 1 to 5: what pays soon loses most by a delay."""
    if not isinstance(months_to_value, int | float):
        return None
    return float(next((score for limit, score in URGENCIES if months_to_value <= limit), 1))


def impact(score: float | None) -> float | None:
    """A score from 1 to 5 on Intercom's scale of impact, in straight lines between its five marks."""
    if score is None:
        return None
    below = min(int(score), len(IMPACTS) - 1)
    share = score - below
    return IMPACTS[below - 1] + share * (IMPACTS[below] - IMPACTS[below - 1])
