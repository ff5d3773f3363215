"""Answers as sentences, whatever part of them is filled in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.models import Criterion
from projects.views.sentences import sentence_of, shortened
from tests.factories import ANSWERS

PEOPLE = {"devops": "Tomas Lindqvist"}


def said(code: str, answer: dict[str, Any]) -> str:
    return sentence_of(Criterion(code=code, answer=answer), PEOPLE)


@pytest.mark.parametrize(
    ("code", "answer", "sentence"),
    [
        (
            "baseline",
            {"metric": "accuracy", "value": 0.71, "how_measured": "1,200 photos"},
            "accuracy 0.71 today: 1,200 photos",
        ),
        (
            "value",
            {"kind": "quality", "low": 180000, "likely": 420000, "high": 700000, "months_to_value": 8},
            "$420k a year most likely, between $180k and $700k, pays after 8 months",
        ),
        (
            "metric",
            {"name": "rmse", "direction": "decrease", "baseline": 77, "target": 58},
            "rmse of 58 or lower, 77 today",
        ),
        ("team", {"deploy_authority": "devops"}, "Tomas Lindqvist may deploy"),
        (
            "feasible",
            {"starts_on": "2030-10-01", "ends_on": "2031-06-30", "budget": 95000, "kill_criteria": "Below 0.75"},
            "Tue 1 Oct 2030 to Mon 30 Jun 2031, $95k budget, stops when: Below 0.75",
        ),
        (
            "data",
            {"datasets": "photos", "classification": "confidential", "labelled_share": 35},
            "photos, confidential, 35% labelled",
        ),
        ("own_question", {"anything": "yes", "more": "said"}, "Yes, said"),
        ("metric", {}, ""),
    ],
)
def test_an_answer_reads_as_a_sentence(code: str, answer: dict[str, Any], sentence: str) -> None:
    assert said(code, answer) == sentence


@given(st.sampled_from(sorted(ANSWERS)), st.data())
def test_any_part_of_an_answer_can_be_said(code: str, data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from(sorted(ANSWERS[code])), min_size=1))
    sentence = said(code, {name: ANSWERS[code][name] for name in names})
    assert sentence
    assert "None" not in sentence


def test_a_long_answer_is_cut_between_words() -> None:
    cut = shortened("word " * 100, 50)
    assert len(cut) <= 50
    assert cut.endswith("word…")
