"""Parameters against the template's JSON Schema."""

from typing import Any

import pytest

from deployments.services import parameters

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["goal"],
    "properties": {
        "rounds": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
        "rate": {"type": "number", "exclusiveMinimum": 0},
        "loss": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "data": {"type": "string", "format": "s3-location"},
        "goal": {"type": "string", "maxLength": 3000},
    },
}


def test_defaults_fill_what_was_left_out_or_empty() -> None:
    assert parameters.complete(SCHEMA, {"goal": "x", "rounds": None, "loss": "", "data": ""}) == {
        "goal": "x",
        "rounds": 10,
        "loss": "a",
    }


def test_a_whole_number_written_with_a_point_reaches_the_script_as_a_whole_number() -> None:
    completed = parameters.complete(SCHEMA, {"goal": "x", "rounds": 3.0, "rate": 2.0})
    assert (str(completed["rounds"]), str(completed["rate"])) == ("3", "2.0")


def test_good_values_have_no_problems() -> None:
    values = {"goal": "x", "rounds": 100, "rate": 0.1, "loss": "b", "data": "s3://bucket/x"}
    assert parameters.problems(SCHEMA, values) == {}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("rounds", 0, "Use 1 or more; 0 is too small."),
        ("rounds", 101, "Use 100 or less; 101 is too large."),
        ("rounds", "ten", "Give a whole number, not 'ten'."),
        ("rounds", True, "Give a whole number, not True."),
        ("rate", 0, "Use more than 0; 0 is too small."),
        ("loss", "c", "Choose one of: a, b."),
        ("goal", "two\nlines", "Use a single line; SageMaker accepts no line breaks."),
        ("goal", "x" * 2501, "Use at most 2500 characters; SageMaker accepts no more."),
    ],
)
def test_each_problem_is_a_sentence_at_its_parameter(name: str, value: Any, sentence: str) -> None:
    assert parameters.problems(SCHEMA, {"goal": "x", name: value}) == {name: [sentence]}


def test_an_unknown_parameter_is_refused_and_the_known_ones_named() -> None:
    found = parameters.problems(SCHEMA, {"goal": "x", "learning_rte": 1})
    assert found == {"learning_rte": ["The template has no such parameter. It has: rounds, rate, loss, data, goal."]}


def test_a_required_parameter_is_asked_for() -> None:
    assert parameters.problems(SCHEMA, {}) == {"goal": ["Give a value; it is required."]}


def test_a_malformed_location_is_refused_with_an_example() -> None:
    assert "s3://" in parameters.problems(SCHEMA, {"goal": "x", "data": "/data"})["data"][0]


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("integer", " 7 ", 7),
        ("number", "1e-3", 0.001),
        ("number", "1,5", "1,5"),
        ("boolean", "on", True),
        ("string", "x", "x"),
    ],
)
def test_text_of_a_form_becomes_the_type_of_the_schema(kind: str, raw: str, value: Any) -> None:
    assert parameters.from_text({"type": kind}, raw) == value
