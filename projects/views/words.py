"""Answers and states in words, for every page that shows them."""

from typing import Any

from projects.checklists import fields_of
from projects.forms import WORDS
from projects.models import Criterion, CriterionStatus, Stage

STATUS_CHIPS = {
    CriterionStatus.OPEN: "mute",
    CriterionStatus.ANSWERED: "info",
    CriterionStatus.ACCEPTED: "ok",
    CriterionStatus.REJECTED: "bad",
    CriterionStatus.EXPIRED: "warn",
    CriterionStatus.WAIVED: "ok",
}
STAGE_CHIPS = {
    Stage.INTAKE: "mute",
    Stage.QUALIFICATION: "info",
    Stage.POC: "info",
    Stage.PRODUCTION_READY: "info",
    Stage.PRODUCTION: "ok",
    Stage.RETIRED: "mute",
    Stage.DECLINED: "bad",
    Stage.DEFERRED: "warn",
    Stage.STOPPED: "bad",
}


def answer_rows(criterion: Criterion) -> list[tuple[str, str]]:
    """Title and value of every field that was filled in."""
    answer, fields = criterion.answer or {}, fields_of(criterion.answer_schema)
    return [(str(rule.get("title", name)), said(answer[name])) for name, rule in fields if name in answer]


def said(value: Any) -> str:
    """One value for people."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return WORDS.get(str(value), str(value))


def summary_of(criterion: Criterion) -> str:
    """The answer in one line: its two most telling fields."""
    rows = answer_rows(criterion)
    return "; ".join(value for _, value in rows[:2])[:160]
