"""Answers and states in words, for every page that shows them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from coe_portal.core.models import User
from projects.checklists import fields_of
from projects.forms import WORDS
from projects.models import Criterion, CriterionStatus, Dataset, Stage
from projects.services import named_data
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


def answer_rows(criterion: Criterion, people: Mapping[str, str], named: Mapping[str, Dataset]) -> list[tuple[str, str]]:
    """Title and value of every field that was filled in; people by their names, days as days, data sets as links."""
    answer, fields = criterion.answer or {}, fields_of(criterion.answer_schema)
    return [
        (str(rule.get("title", name)), _told(rule, answer[name], people, named))
        for name, rule in fields
        if name in answer
    ]


def _told(rule: Mapping[str, Any], value: Any, people: Mapping[str, str], named: Mapping[str, Dataset]) -> str:
    if rule.get("type") == "array":
        return format_html_join(", ", "{}", ((_linked(key, named.get(key)),) for key in value))
    if rule.get("format") == "username":
        return people.get(str(value), str(value))
    return in_words(value) if rule.get("format") == "date" else said(value)


def _linked(key: Any, dataset: Dataset | None) -> str:
    if dataset is None:
        return f"{key}, not in the register any more"
    address, standing = reverse("projects:dataset", args=[dataset.pk]), named_data.standing(dataset)
    return format_html('<a href="{}">{}</a> <span class="subl">{}</span>', address, dataset.name, standing)


def names_in(criteria: Iterable[Criterion]) -> dict[str, str]:
    """What usernames and keys of data sets in answers mean: real names of people, names of data sets."""
    criteria = list(criteria)
    named = named_data.named_by(item.answer for item in criteria if item.code == named_data.CODE)
    return _people_in(criteria) | {key: dataset.name for key, dataset in named.items()}


def _people_in(criteria: Iterable[Criterion]) -> dict[str, str]:
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
    if isinstance(value, list):
        return ", ".join(map(said, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return WORDS.get(str(value), str(value))
