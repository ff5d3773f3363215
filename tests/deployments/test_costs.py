"""Money: formulas, rounding and words."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments import costs

PRICE = Decimal("0.257")


def test_the_worst_case_is_every_machine_for_the_whole_allowed_time() -> None:
    assert costs.worst_case(per_hour=PRICE, instance_count=2, max_runtime_seconds=5400) == Decimal("0.771000")


def test_six_decimals_are_kept_so_that_a_run_of_seconds_costs_something() -> None:
    cost = costs.compute_cost(per_hour=PRICE, instance_count=1, seconds=7)
    assert cost == Decimal("0.000500")
    assert costs.money(cost) == "< $0.01"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Decimal(0), "$0.00"),
        (Decimal("0.004999"), "< $0.01"),
        (Decimal("0.01"), "$0.01"),
        (Decimal("1234.505"), "$1,234.51"),
        (Decimal("-3"), "−$3.00"),
        (None, "not known"),
    ],
)
def test_money_is_said_the_way_people_read_it(amount: Decimal | None, words: str) -> None:
    assert costs.money(amount) == words


def test_a_currency_without_a_sign_is_named() -> None:
    assert costs.money(Decimal("2.5"), "CHF") == "CHF 2.50"


def test_without_similar_runs_the_worst_case_is_expected_and_said_so() -> None:
    forecast = costs.expected(per_hour=PRICE, instance_count=1, max_runtime_seconds=3600, spot=False, similar=[])
    assert forecast.amount == PRICE
    assert "No similar run has finished" in forecast.basis


def test_the_median_of_similar_runs_is_expected() -> None:
    similar = [costs.Observation(seconds, seconds, False) for seconds in (60, 3600, 120)]
    forecast = costs.expected(per_hour=PRICE, instance_count=1, max_runtime_seconds=3600, spot=False, similar=similar)
    assert forecast.amount == costs.compute_cost(per_hour=PRICE, instance_count=1, seconds=120)
    assert forecast.basis == "Median of 3 similar finished runs: 2 min."


def test_spot_savings_come_from_our_own_spot_runs() -> None:
    similar = [costs.Observation(300, 1000, True), costs.Observation(1000, 1000, False)]
    assert costs.spot_saving(billable_seconds=300, training_seconds=1000) == Decimal("0.7")
    assert costs.spot_saving_expected(similar) == Decimal("0.7")
    assert costs.spot_saving_expected([]) == costs.DEFAULT_SPOT_SAVING


def test_a_run_that_never_trained_saved_nothing() -> None:
    assert costs.spot_saving(billable_seconds=0, training_seconds=0) == 0


@given(
    price=st.decimals(min_value="0.01", max_value=200, places=4),
    count=st.integers(1, 20),
    limit=st.integers(1, 2_419_200),
    seconds=st.lists(st.integers(1, 2_419_200), max_size=8),
    spot=st.booleans(),
)
def test_the_expected_amount_never_passes_the_worst_case(
    price: Decimal, count: int, limit: int, seconds: list[int], spot: bool
) -> None:
    similar = [costs.Observation(each, each, spot) for each in seconds]
    terms = {"per_hour": price, "instance_count": count, "max_runtime_seconds": limit}
    forecast = costs.expected(**terms, spot=spot, similar=similar)
    assert 0 <= forecast.amount <= costs.worst_case(**terms)


@pytest.mark.parametrize(
    ("seconds", "words"), [(45, "45 s"), (185, "3 min 5 s"), (9480, "2 h 38 min"), (7200, "2 h"), (120, "2 min")]
)
def test_durations_are_said_the_way_people_read_them(seconds: int, words: str) -> None:
    assert costs.duration(seconds) == words
