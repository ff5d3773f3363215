"""What a draft would change for the projects that are under way, counted and said in sentences. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 100
# kind → (sentence for one, sentence for many); {n} is the number, {what} what it is about.
SENTENCES: Mapping[str, tuple[str, str]] = {
    "criterion_gained": ("1 project would gain the criterion {what}.", "{n} projects would gain the criterion {what}."),
    "criterion_lost": (
        "1 project would no longer be asked {what}; its answer is kept.",
        "{n} projects would no longer be asked {what}; their answers are kept.",
    ),
    "answer_reopened": (
        "1 answer to {what} would not fit any more and be open again.",
        "{n} answers to {what} would not fit any more and be open again.",
    ),
    "answer_judged_again": (
        "1 accepted answer to {what} would have to be accepted again.",
        "{n} accepted answers to {what} would have to be accepted again.",
    ),
    "approval_gained": ("1 approval would need {what}.", "{n} approvals would need {what}."),
    "approval_lost": ("1 approval would no longer need {what}.", "{n} approvals would no longer need {what}."),
    "gate_gained": (
        "The next gate of 1 project would need {what}.",
        "The next gates of {n} projects would need {what}.",
    ),
    "gate_lost": (
        "The next gate of 1 project would no longer need {what}.",
        "The next gates of {n} projects would no longer need {what}.",
    ),
    "demand_gained": (
        "The next gate of 1 project would also ask for {what}.",
        "The next gates of {n} projects would also ask for {what}.",
    ),
    "demand_lost": (
        "The next gate of 1 project would no longer ask for {what}.",
        "The next gates of {n} projects would no longer ask for {what}.",
    ),
    "risk_changed": ("1 project would be in the risk tier {what}.", "{n} projects would be in the risk tier {what}."),
    "risk_asked": (
        "1 project would have to answer the risk questionnaire {what}.",
        "{n} projects would have to answer the risk questionnaire {what}.",
    ),
}


@dataclass
class Effect:
    """One kind of change, of whom and how often; the first hundred are named."""

    kind: str
    what: str
    count: int = 0
    subjects: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        one, many = SENTENCES[self.kind]
        return (one if self.count == 1 else many).format(n=f"{self.count:,}", what=self.what)

    @property
    def is_more(self) -> bool:
        return self.kind.endswith("_gained")

    @property
    def is_less(self) -> bool:
        return self.kind.endswith("_lost")

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "what": self.what,
            "sentence": self.sentence,
            "count": self.count,
            "subjects": self.subjects,
            "left_off": self.count - len(self.subjects),
        }


class Tally:
    """Effects, counted as they are found."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Effect] = {}

    def add(self, kind: str, what: str, subject: str) -> None:
        """One more of this; ``subject`` is a key such as PRJ-12 or APR-4."""
        effect = self._found.setdefault((kind, what), Effect(kind, what))
        effect.count += 1
        if len(effect.subjects) < EXAMPLES:
            effect.subjects.append(subject)

    def difference(self, kind: str, before: Iterable[str], after: Iterable[str], subject: str) -> None:
        """What is only in one of two lists, as ``…_gained`` and ``…_lost``."""
        was, now = list(before), list(after)
        for what in now:
            if what not in was:
                self.add(f"{kind}_gained", what, subject)
        for what in was:
            if what not in now:
                self.add(f"{kind}_lost", what, subject)

    @property
    def effects(self) -> list[Effect]:
        """In the order of the sentences, the most frequent first."""
        order = list(SENTENCES)
        return sorted(self._found.values(), key=lambda effect: (order.index(effect.kind), -effect.count, effect.what))
