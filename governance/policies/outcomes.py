"""What a set of decisions amounts to. Pure, and checked by property tests."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

APPROVING = ("approve", "approve_with_conditions")
VERDICTS = (*APPROVING, "request_changes", "reject")


@dataclass(frozen=True)
class Vote:
    """One decision: who, for which step (by position), with which verdict, for which digest."""

    person: int
    step: int
    verdict: str
    digest: str


@dataclass(frozen=True)
class StepState:
    """One step as the rules see it."""

    position: int
    needed: int


def outcome(
    steps: Sequence[StepState], votes: Sequence[Vote], *, digest: str, excluded: Collection[int]
) -> tuple[str, int | None]:
    """The request's state and the position of the step that is open.

    Steps are taken in order. A vote counts when it is for the digest that is asked for, by somebody who is not
    excluded, once a person and step. One ``reject`` rejects, one ``request_changes`` sends back; a step is done when
    ``needed`` different people approved it; the request is approved when every step is done.

    Returns:
        (``open``, position), (``approved``, None), (``rejected``, None) or (``changes_requested``, None). Without a
        step nothing is ever approved.
    """
    counted: dict[tuple[int, int], str] = {}
    for vote in votes:
        if vote.digest == digest and vote.person not in excluded and vote.verdict in VERDICTS:
            counted.setdefault((vote.person, vote.step), vote.verdict)
    for step in sorted(steps, key=lambda step: step.position):
        verdicts = [verdict for (_, position), verdict in counted.items() if position == step.position]
        if "reject" in verdicts:
            return "rejected", None
        if "request_changes" in verdicts:
            return "changes_requested", None
        if sum(verdict in APPROVING for verdict in verdicts) < max(step.needed, 1):
            return "open", step.position
    return ("approved", None) if steps else ("open", None)
