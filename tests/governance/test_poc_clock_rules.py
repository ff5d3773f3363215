"""The pure rules of the clock, for any plan and any spending."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from governance.policies.poc_clock import OVER, RUNNING, WARNING, ClockRule, Plan, read

days = st.dates(date(2026, 1, 1), date(2028, 1, 1))
money = st.decimals(0, 10_000, places=2)
plans = st.builds(Plan, st.none() | days, st.none() | days, st.none() | st.decimals(1, 10_000, places=2))
rules = st.builds(ClockRule, st.integers(1, 99).map(lambda percent: Decimal(percent) / 100))
LEVELS = [RUNNING, WARNING, OVER]


@given(plans, days, money, st.integers(0, 400), money, rules)
def test_a_clock_never_runs_backwards(
    plan: Plan, today: date, spent: Decimal, later: int, more: Decimal, rule: ClockRule
) -> None:
    before = read(plan, today=today, spent=spent, rule=rule)
    after = read(plan, today=today + timedelta(days=later), spent=spent + more, rule=rule)
    for early, late in zip(before.hands, after.hands, strict=True):
        assert LEVELS.index(late.level) >= LEVELS.index(early.level)
        assert (early.share or 0) <= (late.share or 0)


@given(plans, days, money, rules)
def test_levels_are_what_the_shares_say(plan: Plan, today: date, spent: Decimal, rule: ClockRule) -> None:
    reading = read(plan, today=today, spent=spent, rule=rule)
    assert (reading.time.level == OVER) == (plan.ends_on is not None and today > plan.ends_on)
    assert (reading.money.level == OVER) == (plan.budget is not None and spent >= plan.budget)
    assert reading.level == max((hand.level for hand in reading.hands), key=LEVELS.index)
    for hand in reading.hands:
        assert hand.share is None or hand.share >= 0
        assert (hand.level == RUNNING) == (hand.share is None or hand.share < rule.warn_at)


@given(plans, days, money, st.integers(1, 400), st.decimals(1, 1000, places=2))
def test_more_time_and_money_never_make_it_worse(
    plan: Plan, today: date, spent: Decimal, longer: int, added: Decimal
) -> None:
    more = replace(
        plan,
        ends_on=plan.ends_on + timedelta(days=longer) if plan.ends_on else None,
        budget=plan.budget + added if plan.budget else None,
    )
    before, after = (read(each, today=today, spent=spent) for each in (plan, more))
    assert LEVELS.index(after.level) <= LEVELS.index(before.level)
