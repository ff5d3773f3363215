"""The checklist's pure rules: is an answer complete, and how ready is a project?

Nothing here touches the database; the rules are the same for the form, the API and the gate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol, cast

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from coe_portal.core.errors import Missing

Answer = Mapping[str, Any]
SMALLEST_BUDGET = 0.01
_FORMATS = FormatChecker(formats=["date"])


class Question(Protocol):
    """What the rules need to know of a criterion."""

    @property
    def code(self) -> str: ...
    @property
    def short(self) -> str: ...
    @property
    def weight(self) -> int: ...
    @property
    def answer_schema(self) -> Any: ...
    @property
    def answer(self) -> Any: ...


@dataclass(frozen=True)
class Demands:
    """What a policy asks of one criterion besides its answer.

    Attributes:
        evidence: kinds of evidence, one piece of one of which is needed; empty when none is.
        needs_verdict: whether a gate counts the answer only after somebody else accepted it.
        expires_after_days: days for which an accepted answer holds; None for ever.
        owner_role: who of the team answers for it unless a person is named; empty for nobody.
    """

    evidence: tuple[str, ...] = ()
    needs_verdict: bool = False
    expires_after_days: int | None = None
    owner_role: str = ""

    def holds_until(self, accepted_on: date, valid_until: Iterable[date | None] = ()) -> date | None:
        """The last day of an acceptance: what the policy allows, and no longer than its evidence; None for ever."""
        days = [day for day in valid_until if day is not None]
        if self.expires_after_days is not None:
            days.append(accepted_on + timedelta(days=self.expires_after_days))
        return min(days, default=None)


NO_DEMANDS = Demands()


def demands_of(criterion: Mapping[str, Any]) -> Demands:
    """What a criterion of a policy document asks besides its answer."""
    return Demands(
        tuple(criterion.get("evidence", ())),
        criterion.get("verdict") == "required",
        criterion.get("expires_after_days"),
        criterion.get("owner_role", ""),
    )


@dataclass(frozen=True)
class Gain:
    """What answering more of one question would add to the score."""

    code: str
    points: int
    message: str


@dataclass(frozen=True)
class Readiness:
    """How ready a project is: ``score`` 0–100, ``missing`` by question, ``gains`` best first."""

    score: int
    complete: bool
    missing: tuple[Missing, ...]
    gains: tuple[Gain, ...]
    points: Mapping[str, tuple[int, int]]

    def as_json(self) -> dict[str, Any]:
        return {
            "score": self.score,
            "complete": self.complete,
            "missing": [
                {"code": item.code, "message": item.message, "how_to_fix": item.how_to_fix} for item in self.missing
            ],
        }


def fields_of(schema: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The answer's fields in the policy's order."""
    properties = schema.get("properties", {})
    order = [name for name in schema.get("x-order", properties) if name in properties]
    return [(name, properties[name]) for name in order]


def is_blank(value: Any) -> bool:
    """Whether nothing was answered. Zero and false are answers."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def without_blanks(answer: Answer) -> dict[str, Any]:
    """The answer without the fields that were left empty."""
    return {name: value for name, value in answer.items() if not is_blank(value)}


def problems(code: str, schema: Mapping[str, Any], answer: Answer) -> dict[str, list[str]]:
    """Sentences per field for what was filled in wrongly. Fields that are still missing are not problems."""
    found: dict[str, list[str]] = {}
    validator = Draft202012Validator(dict(schema), format_checker=_FORMATS)
    for error in validator.iter_errors(dict(without_blanks(answer))):
        if error.validator == "required" or _lacks_choice(error):
            continue
        for name, sentence in _sentences(error, schema):
            found.setdefault(name, []).append(sentence)
    return found or cross_checks(code, without_blanks(answer))


def _lacks_choice(error: ValidationError) -> bool:
    """Whether none of the fields is filled of which one is enough."""
    return error.validator == "anyOf" and not error.absolute_path and _is_choice(error.validator_value)


def _sentences(error: ValidationError, schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        unknown = [name for name in cast("dict[str, Any]", error.instance) if name not in known]
        return [(name, f"There is no such field. Known: {', '.join(known)}.") for name in unknown]
    name = str(error.absolute_path[0]) if error.absolute_path else "answer"
    limit = error.validator_value
    limits = {
        "type": f"Needs to be {_kind(limit)}.",
        "enum": f"Choose one of {', '.join(map(str, limit)) if isinstance(limit, list) else limit}.",
        "minLength": f"Say a little more: at least {limit} characters.",
        "maxLength": f"Shorten this to at most {limit} characters.",
        "minimum": f"Needs to be {limit} or more.",
        "maximum": f"Needs to be {limit} or less.",
        "maxItems": f"Choose at most {limit}.",
        "exclusiveMinimum": f"Needs to be more than {limit}.",
        "format": f"Needs to be a {limit}, such as 2026-11-30." if limit == "date" else f"Needs to be a {limit}.",
    }
    return [(name, limits.get(str(error.validator), "This value cannot be used."))]


def _kind(expected: Any) -> str:
    words = {
        "string": "text",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "yes or no",
        "array": "a list",
    }
    return words.get(str(expected), str(expected))


def cross_checks(code: str, answer: Answer) -> dict[str, list[str]]:
    """What no single field can show: order of a range, order of dates, a target on the right side of the baseline."""
    checks = {"value": _value_in_order, "feasible": _plan_is_possible, "metric": _target_is_better}
    check = checks.get(code)
    return check(answer) if check else {}


def _value_in_order(answer: Answer) -> dict[str, list[str]]:
    low, likely, high = (answer.get(name) for name in ("low", "likely", "high"))
    if low is not None and likely is not None and low > likely:
        return {"likely": ["The most likely value cannot be below the lowest one."]}
    if likely is not None and high is not None and likely > high:
        return {"high": ["The best case cannot be below the most likely value."]}
    return {}


def _plan_is_possible(answer: Answer) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    starts, ends, budget = (answer.get(name) for name in ("starts_on", "ends_on", "budget"))
    if starts and ends and date.fromisoformat(ends) <= date.fromisoformat(starts):
        found["ends_on"] = ["The POC needs to end after it starts."]
    if budget is not None and budget < SMALLEST_BUDGET:
        found["budget"] = [f"Needs to be {SMALLEST_BUDGET} or more."]
    return found


def _target_is_better(answer: Answer) -> dict[str, list[str]]:
    baseline, target, direction = (answer.get(name) for name in ("baseline", "target", "direction"))
    if baseline is None or target is None or direction is None:
        return {}
    better = target > baseline if direction == "increase" else target < baseline
    return (
        {} if better else {"target": ["The target needs to be better than today's value, in the direction you chose."]}
    )


def missing_fields(schema: Mapping[str, Any], answer: Answer) -> list[str]:
    """Titles of the required fields that are still empty; fields of which one is enough are named together."""
    filled = without_blanks(answer)
    properties = schema.get("properties", {})
    lacking = [names for names in needed_of(schema) if not any(name in filled for name in names)]
    return [" or ".join(str(properties.get(name, {}).get("title", name)) for name in names) for names in lacking]


def _is_choice(branches: Any) -> bool:
    return isinstance(branches, list) and all(isinstance(item, dict) and set(item) == {"required"} for item in branches)


def needed_of(schema: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What has to be filled in: a tuple holds the fields of which one is enough (``anyOf`` in the schema)."""
    branches = schema.get("anyOf", [])
    choices = [name for branch in branches for name in branch["required"]] if _is_choice(branches) else []
    return [(name,) for name in schema.get("required", [])] + ([tuple(choices)] if choices else [])


def is_complete(code: str, schema: Mapping[str, Any], answer: Answer) -> bool:
    """Whether everything that is required is there and nothing is wrong."""
    return not missing_fields(schema, answer) and not problems(code, schema, answer)


def filled_share(schema: Mapping[str, Any], answer: Answer) -> float:
    """Share of the required fields that are filled, 0 to 1."""
    needed = needed_of(schema)
    if not needed:
        return 1.0 if without_blanks(answer) else 0.0
    return 1 - len(missing_fields(schema, answer)) / len(needed)


def readiness(questions: Iterable[Question]) -> Readiness:
    """Score = Σ weight × share of required fields filled, of Σ weight, in percent, rounded down.

    An unanswered question is *incomplete* and named, never a silent zero. A question with a wrong field earns its
    filled share but is not complete.
    """
    earned, total = 0.0, 0
    missing: list[Missing] = []
    gains: list[Gain] = []
    points: dict[str, tuple[int, int]] = {}
    for question in questions:
        answer, schema = question.answer or {}, question.answer_schema
        share = filled_share(schema, answer)
        total += question.weight
        earned += question.weight * share
        points[question.code] = (int(question.weight * share), question.weight)
        if is_complete(question.code, schema, answer):
            continue
        missing.append(unfinished(question, schema, answer))
        left = question.weight - int(question.weight * share)
        if left:
            gains.append(Gain(question.code, left, missing[-1].how_to_fix))
    score = int(100 * earned / total + 1e-9) if total else 0
    best = tuple(sorted(gains, key=lambda gain: -gain.points))
    return Readiness(score, not missing, tuple(missing), best, points)


def unfinished(question: Question, schema: Mapping[str, Any], answer: Answer) -> Missing:
    """What an answer that is not complete lacks."""
    if not without_blanks(answer):
        return Missing(question.code, f"“{question.short}” is not answered yet.", f"Answer “{question.short}”.")
    empty = missing_fields(schema, answer)
    if empty:
        return Missing(
            question.code, f"“{question.short}” lacks {len(empty)} of its fields.", f"Fill in: {'; '.join(empty)}."
        )
    wrong = problems(question.code, schema, answer)
    name, sentences = next(iter(wrong.items()))
    title = schema.get("properties", {}).get(name, {}).get("title", name)
    return Missing(question.code, f"“{question.short}” has a field that cannot be used.", f"{title}: {sentences[0]}")
