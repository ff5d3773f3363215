"""Which approvals of an earlier request still hold when something is asked again. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from governance.policies.rules import Holder, covers


@dataclass(frozen=True)
class Part:
    """One step with what it answers for: the digest is that of its ``fields`` in its request's specification."""

    position: int
    name: str
    holder: Holder
    fields: tuple[str, ...]
    fields_digest: str


def kept(before: Sequence[Part], now: Sequence[Part], changed: Collection[str]) -> Mapping[int, int]:
    """Positions of the steps whose approvals hold, to the positions of the earlier steps that were approved.

    A step is kept when the same holder approved the same fields. Nothing is kept when a place changed that no step
    which is asked again answers for, or when nobody would be asked at all: somebody reads every change.

    Args:
        changed: dotted places at which the two specifications differ.
    """
    same = {(part.name, part.holder, part.fields, part.fields_digest): part.position for part in before if part.fields}
    found = {
        part.position: same[key]
        for part in now
        if (key := (part.name, part.holder, part.fields, part.fields_digest)) in same
    }
    asked = [part for part in now if part.position not in found]
    everything_is_read = all(any(covers(part.fields, place) for part in asked) for place in changed)
    return found if asked and everything_is_read else {}
