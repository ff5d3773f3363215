"""Line charts: round axes, words that do not lie on the lines, nothing that a content policy refuses."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.charts.axes import decimals_of, round_ticks
from coe_portal.core.charts.lines import Line, Mark, Plot, draw, number_ticks

numbers = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@given(numbers, numbers)
def test_ticks_are_few_in_order_and_enclose_the_values(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    ticks = round_ticks(low, high)
    assert 2 <= len(ticks) <= 8
    assert list(ticks) == sorted(ticks)
    slack = (ticks[1] - ticks[0]) * 1e-6
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack


def test_an_axis_reads_in_round_numbers() -> None:
    assert [text for _, text in number_ticks([0.62, 0.965])] == ["0.6", "0.7", "0.8", "0.9", "1.0"]
    assert [text for _, text in number_ticks([0, 2500])] == ["0", "1,000", "2,000", "3,000"]
    assert decimals_of((0.0, 0.25, 0.5)) == 2


def _drawn(points: list[tuple[float, float]], **more: object) -> ET.Element:
    plot = Plot("Accuracy <rises>", [Line("Accuracy", points)], [(1, "1"), (50, "Step 50")], **more)  # type: ignore[arg-type]
    return ET.fromstring(draw(plot))  # noqa: S314 - the text is our own drawing


def test_a_chart_says_its_finding_and_escapes_it() -> None:
    drawn = _drawn([(1, 0.6), (50, 0.96)])
    assert (drawn.get("role"), drawn.get("aria-label")) == ("img", "Accuracy <rises>")


def test_the_last_word_of_an_axis_ends_at_its_edge_and_is_not_cut() -> None:
    words = {node.text: node for node in _drawn([(1, 0.6), (50, 0.96)]).iter("text")}
    assert words["Step 50"].get("text-anchor") == "end"
    assert words["1"].get("text-anchor") == "start"


@pytest.mark.parametrize(
    ("points", "place"),
    [
        ([(1, 0.5), (2, 0.9), (25, 0.96), (50, 0.97)], ("start", "-6")),
        ([(1, 0.97), (25, 0.97), (50, 0.5)], ("end", "-6")),
        ([(1, 0.5), (2, 0.96), (50, 0.97)], ("end", "14")),
        ([(1, 0.97), (20, 0.97), (40, 0.96), (50, 0.97), (51, 0.5)], ("end", "14")),
    ],
)
def test_the_words_of_the_target_stand_where_the_line_is_not(
    points: list[tuple[float, float]], place: tuple[str, str]
) -> None:
    drawn = _drawn(points, target=(0.95, "Target 0.95"))
    words = next(node for node in drawn.iter("text") if node.text == "Target 0.95")
    assert (words.get("text-anchor"), words.get("dy")) == place


def test_a_chart_holds_no_style_and_no_script() -> None:
    plot = Plot("One", [Line("Actual", [(0, 10), (10, 4)]), Line("Plan", [(0, 10), (10, 0)], "plan")], [(0, "0")])
    assert not re.search(r"style=|<script|on[a-z]+=", draw(plot))


def test_a_mark_near_the_right_edge_has_its_word_on_the_left() -> None:
    texts = {node.text: node for node in _drawn([(1, 0.6), (50, 0.9)], marks=(Mark(45, "Today"),)).iter("text")}
    assert texts["Today"].get("text-anchor") == "end"


def test_one_point_is_a_chart_too() -> None:
    plot = Plot("One", [Line("Accuracy", [(1, 0.5)])], [(1, "Step 1")])
    assert "polyline" in draw(plot)
