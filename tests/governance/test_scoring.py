"""Scores, spreads, ranks, WSJF and RICE: pure rules, checked by examples and by properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies import priorities, scoring

EVEN = dict.fromkeys(scoring.DIMENSIONS, 25)
marks = st.integers(scoring.LOWEST, scoring.HIGHEST)
scores = st.fixed_dictionaries(dict.fromkeys(scoring.DIMENSIONS, marks))
weights = st.fixed_dictionaries(dict.fromkeys(scoring.DIMENSIONS, st.integers(0, 100))).filter(
    lambda w: any(w.values())
)
entries = st.dictionaries(st.sampled_from([f"PRJ-{n}" for n in range(1, 9)]), scores, min_size=1)


def test_a_total_is_the_weighted_mean() -> None:
    given_scores = {"value": 5, "feasibility": 3, "data_readiness": 2, "risk": 4}
    weighed = {"value": 40, "feasibility": 30, "data_readiness": 20, "risk": 10}
    assert scoring.total(given_scores, weighed) == pytest.approx((40 * 5 + 30 * 3 + 20 * 2 + 10 * 4) / 100)


def test_a_missing_score_is_an_error_and_never_a_zero() -> None:
    with pytest.raises(ValueError, match="needs a score"):
        scoring.total({"value": 5}, EVEN)
    assert scoring.total({"value": 5}, {"value": 10, "risk": 0}) == 5


def test_the_spread_names_who_is_far_apart() -> None:
    one = {"value": 5, "feasibility": 3, "data_readiness": 2, "risk": 4}
    found = scoring.summarise([one, one | {"data_readiness": 5, "risk": 3}], EVEN)
    assert found.total is not None and (found.count, found.apart) == (2, ("data_readiness",))
    assert (found.total.low, found.total.high) == (3.5, 4.0)
    assert found.dimensions["data_readiness"] == scoring.Spread(3.5, 2, 5)
    assert scoring.summarise([], EVEN) == scoring.Summary(0, None, {})


@given(scores, weights)
def test_a_total_lies_between_the_lowest_and_the_highest_score(given_scores: dict[str, int], w: dict[str, int]) -> None:
    assert min(given_scores.values()) - 1e-9 <= scoring.total(given_scores, w) <= max(given_scores.values()) + 1e-9


@given(scores, weights, st.sampled_from(scoring.DIMENSIONS))
def test_a_better_score_never_lowers_the_total(given_scores: dict[str, int], w: dict[str, int], name: str) -> None:
    better = given_scores | {name: scoring.HIGHEST}
    assert scoring.total(better, w) >= scoring.total(given_scores, w) - 1e-9


@given(scores, weights, st.integers(2, 50))
def test_only_the_proportion_of_weights_matters(given_scores: dict[str, int], w: dict[str, int], times: int) -> None:
    scaled = {name: weight * times for name, weight in w.items()}
    assert scoring.total(given_scores, scaled) == pytest.approx(scoring.total(given_scores, w))


@given(st.lists(scores, min_size=1, max_size=6), weights)
def test_the_mean_of_totals_is_the_total_of_means(reviews: list[dict[str, int]], w: dict[str, int]) -> None:
    found = scoring.summarise(reviews, w)
    assert found.total is not None and found.total.low <= found.total.mean <= found.total.high
    assert found.total.mean == pytest.approx(scoring.total(scoring.means_of(reviews), w))


@given(entries, weights)
def test_a_ranking_holds_everything_once_best_first(means: dict[str, dict[str, int]], w: dict[str, int]) -> None:
    places = scoring.ranking(means, w)
    assert sorted(place.key for place in places) == sorted(means)
    assert [place.total for place in places] == sorted((place.total for place in places), reverse=True)
    for place in places:
        assert place.rank == 1 + sum(other.total > place.total for other in places)


@given(entries, weights, weights)
def test_shifts_tell_both_rankings(means: dict[str, dict[str, int]], now: dict[str, int], then: dict[str, int]) -> None:
    found = scoring.shifts(means, now, then)
    assert [shift.then for shift in found] == scoring.ranking(means, then)
    assert {shift.now.key: shift.now for shift in found} == {place.key: place for place in scoring.ranking(means, now)}
    assert all(shift.moved == 0 for shift in scoring.shifts(means, now, now))


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        (EVEN | {"risk": 24}, "weights"),
        (EVEN | {"risk": 25.0}, "risk"),
        (EVEN | {"risk": True}, "risk"),
        (EVEN | {"luck": 1}, "luck"),
        ({"value": 100}, "risk"),
    ],
)
def test_weights_that_cannot_be_used_are_named(weights: dict[str, object], named: str) -> None:
    assert named in scoring.problems_of_weights(weights) and scoring.problems_of_weights(EVEN) == {}


@pytest.mark.parametrize("mark", [0, 6, 3.5, True, "4", None])
def test_only_whole_numbers_from_one_to_five_are_scores(mark: object) -> None:
    good = dict.fromkeys(scoring.DIMENSIONS, 3)
    assert scoring.problems_of_scores(good) == {}
    assert list(scoring.problems_of_scores(good | {"risk": mark})) == ["risk"]


def test_wsjf_and_rice_are_the_published_formulas() -> None:
    assert priorities.wsjf(value=4, criticality=3, opportunity=1, size=2) == 4
    assert priorities.rice(reach=1000, impact=2, confidence=0.8, effort=4) == 400


MEANS = {"value": 4.0, "feasibility": 3.0, "data_readiness": 5.0, "risk": 4.0}
ANSWERS = {
    "value": {"kind": "risk_reduction", "months_to_value": 9},
    "users": {"volume_per_day": 100},
    "feasible": {"starts_on": "2026-10-01", "ends_on": "2026-12-31"},
}


def test_every_input_comes_from_what_is_known_already() -> None:
    found = {item.name: item for item in priorities.priorities(MEANS, ANSWERS, people=2)}
    months = 91 / 30.4 * 2
    assert [item.value for item in found["WSJF"].inputs] == [4.0, 3.0, 5.0, 3.0]
    assert found["WSJF"].figure == pytest.approx(12 / 3)
    assert [item.value for item in found["RICE"].inputs] == [9100, 2.0, 0.8, pytest.approx(months)]
    assert found["RICE"].figure == pytest.approx(9100 * 2.0 * 0.8 / months)


def test_what_is_not_known_makes_the_figure_unknown_and_is_named() -> None:
    found = {item.name: item for item in priorities.priorities({}, ANSWERS | {"users": {}}, people=2)}
    assert (found["WSJF"].figure, found["WSJF"].lacks) == (None, ("Business value, 1 to 5",))
    assert found["RICE"].figure is None and len(found["RICE"].lacks) == 3


@given(st.floats(1, 5), st.floats(1, 5))
def test_impact_rises_with_the_score_and_stays_on_the_scale(one: float, other: float) -> None:
    low, high = sorted((one, other))
    first, second = priorities.impact(low), priorities.impact(high)
    assert first is not None and second is not None and 0.25 - 1e-9 <= first <= second + 1e-9 and second <= 3 + 1e-9


@given(st.floats(0.01, 400), st.floats(0.01, 400))
def test_a_longer_job_is_never_smaller(one: float, other: float) -> None:
    small, large = (priorities.job_size(months) for months in sorted((one, other)))
    assert small is not None and large is not None and 1 <= small <= large <= priorities.LARGEST_JOB
