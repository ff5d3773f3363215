"""The checklist's and the journey's pure rules."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies import loader
from governance.services.policies import DEFAULT
from projects import checklists, stages
from projects.coverage import MemberFacts, gaps
from projects.models import WorkArea
from tests.factories import ANSWERS

CRITERIA = {item["code"]: item for item in loader.load(DEFAULT.read_text())["criteria"]}


@dataclass
class Question:
    code: str
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def short(self) -> str:
        return str(CRITERIA[self.code]["short"])

    @property
    def weight(self) -> int:
        return int(CRITERIA[self.code]["weight"])

    @property
    def answer_schema(self) -> Any:
        return CRITERIA[self.code]["answer_schema"]


def _all(**answers: dict[str, Any]) -> list[Question]:
    return [Question(code, answers.get(code, {})) for code in CRITERIA]


def test_nothing_answered_scores_nothing_and_names_every_question() -> None:
    ready = checklists.readiness(_all())
    assert (ready.score, ready.complete, len(ready.missing)) == (0, False, 8)
    assert "“Business challenge” is not answered yet." in {item.message for item in ready.missing}


def test_everything_answered_is_complete_with_a_hundred_points() -> None:
    ready = checklists.readiness(_all(**ANSWERS))
    assert (ready.score, ready.complete, ready.missing, ready.gains) == (100, True, (), ())


@given(st.sets(st.sampled_from(sorted(ANSWERS))))
def test_the_score_is_the_weight_of_what_is_answered(codes: set[str]) -> None:
    ready = checklists.readiness(_all(**{code: ANSWERS[code] for code in codes}))
    assert ready.score == sum(CRITERIA[code]["weight"] for code in codes)
    assert {item.code for item in ready.missing} == set(ANSWERS) - codes


@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_filling_another_field_never_lowers_the_score(code: str, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(ANSWERS[code])), unique=True))
    part = {name: ANSWERS[code][name] for name in names}
    more = {**part, **{name: ANSWERS[code][name] for name in list(ANSWERS[code])[:1]}}
    assert checklists.readiness(_all(**{code: more})).score >= checklists.readiness(_all(**{code: part})).score


def test_what_raises_the_score_most_comes_first() -> None:
    ready = checklists.readiness(_all(challenge=ANSWERS["challenge"], value=ANSWERS["value"]))
    points = [gain.points for gain in ready.gains]
    assert points == sorted(points, reverse=True)
    assert ready.gains[0].code == "metric"


@pytest.mark.parametrize(
    ("code", "change", "name", "sentence"),
    [
        ("value", {"low": 5, "likely": 4, "high": 9}, "likely", "cannot be below the lowest"),
        ("value", {"low": "much"}, "low", "Needs to be a number"),
        ("value", {"kind": "glory"}, "kind", "Choose one of cost_saving"),
        ("feasible", {"starts_on": "2026-05-01", "ends_on": "2026-04-01"}, "ends_on", "end after it starts"),
        ("feasible", {"ends_on": "soon"}, "ends_on", "such as 2026-11-30"),
        ("feasible", {"budget": 0}, "budget", "more than 0"),
        ("metric", {"target": 0.5}, "target", "better than today"),
        ("challenge", {"problem": "short"}, "problem", "at least 20 characters"),
        ("challenge", {"colour": "red"}, "colour", "no such field"),
    ],
)
def test_what_cannot_be_used_is_told_at_its_field(code: str, change: dict[str, Any], name: str, sentence: str) -> None:
    errors = checklists.problems(code, CRITERIA[code]["answer_schema"], ANSWERS[code] | change)
    assert sentence in errors[name][0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(CRITERIA)), st.data())
def test_no_answer_whatever_breaks_the_rules(code: str, data: st.DataObject) -> None:
    names = st.sampled_from(sorted(CRITERIA[code]["answer_schema"]["properties"])) | st.text(max_size=10)
    answer = data.draw(st.dictionaries(names, json_values, max_size=6))
    errors = checklists.problems(code, CRITERIA[code]["answer_schema"], answer)
    assert all(sentence.endswith(".") for sentences in errors.values() for sentence in sentences)
    assert 0 <= checklists.readiness([Question(code, answer)]).score <= 100


def test_a_team_without_anybody_accountable_has_a_gap_for_every_area() -> None:
    found = gaps([MemberFacts("1", "Hanna", ("domain_expert",), {})])
    assert [gap.code for gap in found] == ["nobody_accountable"] * len(WorkArea.values)


def test_one_person_for_everything_is_named() -> None:
    everything = dict.fromkeys(WorkArea.values, "accountable")
    found = gaps([MemberFacts("1", "Hanna", ("domain_expert",), everything)])
    assert [gap.message for gap in found] == ["Hanna is accountable for everything."]


@dataclass
class Fact:
    step: int
    status: str
    verdict_at: datetime | None = None


@given(st.sampled_from(["intake", "qualification", "poc", "production_ready", "production", "retired", "declined"]))
def test_the_journey_always_has_seven_steps_and_at_most_one_current(stage: str) -> None:
    steps = stages.journey(stage, [Fact(1, "answered"), Fact(2, "accepted"), Fact(3, "open")])
    assert [step.number for step in steps] == list(range(1, 8))
    assert sum(step.state == "current" for step in steps) <= 1


def test_an_approved_project_stands_in_its_proof_of_concept() -> None:
    steps = stages.journey("poc", [Fact(step, "accepted") for step in (1, 2, 3, 4)])
    assert [step.state for step in steps] == ["done", "done", "done", "current", "todo", "todo", "todo"]


def test_a_step_that_is_done_says_since_when_and_a_poc_which_week_it_is() -> None:
    at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    facts = [
        Fact(1, "accepted", at),
        Fact(1, "accepted", at.replace(day=20)),
        Fact(2, "accepted", at),
        Fact(3, "waived"),
    ]
    box = stages.Timebox(date(2026, 11, 15), date(2027, 2, 7))
    steps = stages.journey("poc", facts, box, date(2026, 11, 25))
    assert [(step.note, step.on) for step in steps[:4]] == [
        ("Sponsor agreed", date(2026, 11, 24)),
        ("Core team", date(2026, 11, 24)),
        ("Data ready", None),
        ("Week 2 of 12", None),
    ]


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 11, 14), "Not begun yet"),
        (date(2026, 11, 15), "Week 1 of 12"),
        (date(2027, 2, 7), "Week 12 of 12"),
        (date(2027, 2, 8), "Time is over"),
        (None, ""),
    ],
)
def test_the_week_of_a_poc(today: date | None, words: str) -> None:
    assert stages.weeks_of(stages.Timebox(date(2026, 11, 15), date(2027, 2, 7)), today) == words
