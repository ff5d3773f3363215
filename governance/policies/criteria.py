"""When a gate counts a criterion as met. Pure."""

from collections.abc import Collection
from datetime import date
from typing import Protocol

from coe_portal.core.errors import Missing
from projects.checklists import Demands, Question, is_complete, unfinished

KIND_WORDS = {
    "file": "a file",
    "link": "a link",
    "note": "a note",
    "run_metric": "a metric of a run",
    "dataset": "a data set",
    "approval": "an approval",
}


class AskedQuestion(Question, Protocol):
    """What a gate needs to know of a criterion besides its answer."""

    @property
    def status(self) -> str: ...
    @property
    def verdict_comment(self) -> str: ...
    @property
    def expires_on(self) -> date | None: ...


def obstacle(question: AskedQuestion, demands: Demands, kinds: Collection[str]) -> Missing | None:
    """Why a gate does not count this criterion as met, or None when it does.

    Args:
        kinds: kinds of the evidence that supports the answer now.

    A waiver opens the gate whatever is answered; an answer that was sent back, opened again or has expired closes it.
    """
    if question.status == "waived":
        return None
    if not is_complete(question.code, question.answer_schema, question.answer or {}):
        return unfinished(question, question.answer_schema, question.answer or {})
    return _by_status(question) or _by_demands(question, demands, kinds)


def _by_status(question: AskedQuestion) -> Missing | None:
    name = f"“{question.short}”"
    if question.status == "rejected":
        said = f": “{question.verdict_comment.rstrip('.')}”" if question.verdict_comment else ""
        fix = f"Change the answer or its evidence, then ask for another look at {name}."
        return Missing(question.code, f"{name} was sent back{said}.", fix)
    if question.status == "open":  # with a complete answer: somebody opened it again
        fix = f"Answer {name} anew, or confirm that the answer still holds."
        return Missing(question.code, f"{name} was opened again.", fix)
    if question.status == "expired":
        since = f" on {question.expires_on:%d %B %Y}" if question.expires_on else ""
        return Missing(question.code, f"{name} expired{since}.", f"Look at {name} again and confirm or change it.")
    return None


def _by_demands(question: AskedQuestion, demands: Demands, kinds: Collection[str]) -> Missing | None:
    name = f"“{question.short}”"
    if demands.evidence and not set(demands.evidence) & set(kinds):
        wanted = " or ".join(KIND_WORDS.get(kind, kind) for kind in demands.evidence)
        return Missing(question.code, f"{name} has no evidence of the kind that is asked for.", f"Add {wanted}.")
    if demands.needs_verdict and question.status != "accepted":
        fix = "A CoE lead or an approver who takes no part in the project accepts it."
        return Missing(question.code, f"Nobody has accepted {name} yet.", fix)
    return None
