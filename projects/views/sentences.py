"""Answers of the checklist as one sentence each, for lists. Works with whatever part is answered."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from coe_portal.core.templatetags.coe_ui import day, money
from projects.forms import WORDS
from projects.models import Criterion
from projects.services import named_data

LONGEST = 150
Answer = Mapping[str, Any]
People = Mapping[str, str]


def sentence_of(criterion: Criterion, people: People) -> str:
    """The answer in one line, empty when there is none. ``people`` gives a username's real name."""
    answer = criterion.answer or {}
    if not answer:
        return ""
    write = _WRITERS.get(criterion.code, _first_words)
    return shortened(write(answer, people) or _first_words(answer, people))


def shortened(text: str, most: int = LONGEST) -> str:
    """At most ``most`` characters, cut between words."""
    plain = " ".join(text.split())
    if len(plain) <= most:
        return plain
    return plain[: most - 1].rpartition(" ")[0].rstrip(" ,;:.") + "…"


def number(value: Any) -> str:
    """A number for people: 0.89, 1,600."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _first_words(answer: Answer, people: People) -> str:
    del people
    return ", ".join(WORDS.get(str(value), str(value)) for value in list(answer.values())[:2])


def _challenge(answer: Answer, people: People) -> str:
    del people
    return str(answer.get("problem") or answer.get("alternative") or "Partly answered")


def _baseline(answer: Answer, people: People) -> str:
    del people
    value = f"{answer.get('metric', 'Today')} {number(answer['value'])} today" if "value" in answer else ""
    how = str(answer.get("how_measured", ""))
    return ": ".join(part for part in (value or str(answer.get("metric", "")), how) if part)


def _value(answer: Answer, people: People) -> str:
    del people
    likely = f"{money(answer['likely'])} a year most likely" if "likely" in answer else ""
    spread = f"between {money(answer['low'])} and {money(answer['high'])}" if {"low", "high"} <= set(answer) else ""
    months = f"pays after {answer['months_to_value']} months" if "months_to_value" in answer else ""
    return _joined(likely, spread, months) or WORDS.get(str(answer.get("kind", "")), "Partly answered")


def _users(answer: Answer, people: People) -> str:
    del people
    volume = f"{number(answer['volume_per_day'])} predictions a day" if "volume_per_day" in answer else ""
    mode = {"batch": "in batches", "real_time": "in real time"}.get(str(answer.get("mode", "")), "")
    return _joined(str(answer.get("user_group", "")), volume, mode) or str(answer.get("decision", ""))


def _metric(answer: Answer, people: People) -> str:
    del people
    name = str(answer.get("name", "The metric"))
    if "target" not in answer:
        return name
    better = "or lower" if answer.get("direction") == "decrease" else "or higher"
    goal = f"{name} of {number(answer['target'])} {better}"
    today = f"{number(answer['baseline'])} today" if "baseline" in answer else ""
    limit = answer.get("guardrail_limit")
    guardrail = f"{answer['guardrail_name']} no worse than {number(limit)}" if limit is not None else ""
    return _joined(goal, today, guardrail if answer.get("guardrail_name") else "")


def _team(answer: Answer, people: People) -> str:
    username = str(answer.get("deploy_authority", ""))
    may = f"{people.get(username, username)} may deploy" if username else ""
    return ". ".join(part for part in (may, str(answer.get("ways_of_working", ""))) if part)


def _data(answer: Answer, people: People) -> str:
    named = ", ".join(people.get(key, key) for key in named_data.keys_of(answer))
    share = f"{number(answer['labelled_share'])}% labelled" if "labelled_share" in answer else ""
    kind = WORDS.get(str(answer.get("classification", "")), "").lower()
    return _joined(named, str(answer.get("datasets", "")), kind, share)


def _feasible(answer: Answer, people: People) -> str:
    del people
    starts, ends = in_words(answer.get("starts_on")), in_words(answer.get("ends_on"))
    period = f"{starts} to {ends}" if starts and ends else starts or ends
    budget = f"{money(answer['budget'])} budget" if "budget" in answer else ""
    stops = f"stops when: {answer['kill_criteria']}" if answer.get("kill_criteria") else ""
    return _joined(period, budget, stops)


def in_words(text: Any) -> str:
    """An ISO day as people say it, whatever else was kept as it is."""
    try:
        return day(date.fromisoformat(str(text))) if text else ""
    except ValueError:
        return str(text)


_WRITERS: dict[str, Callable[[Answer, People], str]] = {
    "challenge": _challenge,
    "baseline": _baseline,
    "value": _value,
    "users": _users,
    "metric": _metric,
    "team": _team,
    "data": _data,
    "feasible": _feasible,
}
