"""What a set of decisions amounts to. Pure, and checked by property tests. No rule here knows the time."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

APPROVING = ("approve", "approve_with_conditions")
VERDICTS = (*APPROVING, "request_changes", "reject")


@dataclass(frozen=True)
class Vote:
    """One decision: who, for which step (by position), with which verdict, for which digest.

    Attributes:
        on_behalf_of: the person who holds the step when a delegate decided for them.
        fields_digest: of the parts of the specification that the step answers for.
    """

    person: int
    step: int
    verdict: str
    digest: str
    on_behalf_of: int | None = None
    fields_digest: str = ""

    @property
    def people(self) -> set[int]:
        """The decider and the person they decided for: together they are one voice."""
        return {self.person} if self.on_behalf_of is None else {self.person, self.on_behalf_of}


@dataclass(frozen=True)
class StepState:
    """One step as the rules see it: steps with the same ``order`` run in parallel, orders in sequence."""

    position: int
    needed: int
    order: int
    fields_digest: str = ""


@dataclass(frozen=True)
class Outcome:
    """Where the request stands: ``state`` is open, approved, rejected or changes_requested.

    ``open`` and ``done`` hold positions of steps; an approved request has no open one.
    """

    state: str
    open: tuple[int, ...] = ()
    done: tuple[int, ...] = ()


def barred(excluded: Collection[int], delegations: Iterable[tuple[int, int]]) -> set[int]:
    """Everybody who may never decide: the excluded and their delegates. ``delegations`` are (principal, delegate)."""
    return set(excluded) | {delegate for principal, delegate in delegations if principal in excluded}


def outcome(
    steps: Sequence[StepState],
    votes: Sequence[Vote],
    *,
    digest: str,
    excluded: Collection[int],
    delegations: Collection[tuple[int, int]] = (),
    distinct: bool = False,
) -> Outcome:
    """The request's state and its open steps.

    A vote counts when it is for the digest that is asked for (or, kept from an earlier request, for unchanged fields of
    its step), when neither the decider nor the person they stand for is barred, and once a voice and step. One
    ``reject`` in a group that is reached rejects, one ``request_changes`` sends back; a step is done when ``needed``
    voices approved it, and the next group opens when the whole group is done. Without a step nothing is ever approved.

    Args:
        distinct: a voice that decided one step decides no other, as for breaking the glass.
    """
    counted = _counted(steps, votes, digest, barred(excluded, delegations), distinct)
    done: list[int] = []
    for order in sorted({step.order for step in steps}):
        group = [step for step in steps if step.order == order]
        verdicts = [vote.verdict for step in group for vote in counted[step.position]]
        if "reject" in verdicts:
            return Outcome("rejected", done=tuple(done))
        if "request_changes" in verdicts:
            return Outcome("changes_requested", done=tuple(done))
        waiting = [step.position for step in group if len(counted[step.position]) < max(step.needed, 1)]
        done += [step.position for step in group if step.position not in waiting]
        if waiting:
            return Outcome("open", tuple(waiting), tuple(done))
    return Outcome("approved", done=tuple(done)) if steps else Outcome("open")


def _counted(
    steps: Sequence[StepState], votes: Sequence[Vote], digest: str, never: set[int], distinct: bool
) -> dict[int, list[Vote]]:
    """The votes that count, by position; in the order in which they were given."""
    by_position = {step.position: step for step in steps}
    counted: dict[int, list[Vote]] = {position: [] for position in by_position}
    spoken: set[tuple[int, int]] = set()
    for vote in votes:
        step = by_position.get(vote.step)
        if step is None or vote.verdict not in VERDICTS or vote.people & never or not _is_for(vote, step, digest):
            continue
        voices = {(person, 0 if distinct else step.position) for person in vote.people}
        if not voices & spoken:
            spoken |= voices
            counted[step.position].append(vote)
    return counted


def _is_for(vote: Vote, step: StepState, digest: str) -> bool:
    return vote.digest == digest or bool(step.fields_digest and vote.fields_digest == step.fields_digest)
