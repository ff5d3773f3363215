"""Answers and states in words, for every page that shows them."""

from collections.abc import Iterable, Mapping
from typing import Any

from coe_portal.core.models import User
from projects.checklists import fields_of
from projects.forms import WORDS
from projects.models import Criterion, CriterionStatus, Stage
from projects.views.sentences import in_words, number

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


def answer_rows(criterion: Criterion, people: Mapping[str, str]) -> list[tuple[str, str]]:
    """Title and value of every field that was filled in; people by their names, days as days."""
    answer, fields = criterion.answer or {}, fields_of(criterion.answer_schema)
    return [
        (str(rule.get("title", name)), _told(rule, answer[name], people)) for name, rule in fields if name in answer
    ]


def _told(rule: Mapping[str, Any], value: Any, people: Mapping[str, str]) -> str:
    if rule.get("format") == "username":
        return people.get(str(value), str(value))
    return in_words(value) if rule.get("format") == "date" else said(value)


def people_in(criteria: Iterable[Criterion]) -> dict[str, str]:
    """Real names of the people whom answers name, by username."""
    named = {
        str((criterion.answer or {}).get(name, ""))
        for criterion in criteria
        for name, rule in fields_of(criterion.answer_schema)
        if rule.get("format") == "username"
    }
    found = User.objects.filter(username__in=named - {""}).values_list("username", "display_name")
    return {username: name or username for username, name in found}


def said(value: Any) -> str:
    """One value for people."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return WORDS.get(str(value), str(value))
