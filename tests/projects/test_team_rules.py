"""The pure rules of teams: gaps, overload, the matrix as a form, duties that are left over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects import duties
from projects.coverage import Gap, MemberFacts, TeamRules, gaps, summarised
from projects.models import ResponsibilityKind, WorkArea
from projects.services.raci import Cell, changes, contested

AREAS, KINDS = list(WorkArea.values), list(ResponsibilityKind.values)
MATRIX = st.dictionaries(st.sampled_from(AREAS), st.sampled_from(KINDS))
ROLES = st.sampled_from([("domain_expert",), ("data_scientist",), ("domain_expert", "data_engineer")])
TEAM = st.lists(st.tuples(ROLES, MATRIX, st.booleans()), max_size=5).map(
    lambda rows: [
        MemberFacts(str(number), f"Person {number}", roles, held, number, is_active)
        for number, (roles, held, is_active) in enumerate(rows, 1)
    ]
)
PLACES = st.dictionaries(st.sampled_from(sorted(duties.PLACES)), st.integers(1, 6))
FORM = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.sampled_from(AREAS)), st.sampled_from(["", *KINDS]), max_size=12
)


def _member(number: int, name: str, *areas: str, active: bool = True) -> MemberFacts:
    return MemberFacts(str(number), name, ("domain_expert",), dict.fromkeys(areas, "accountable"), number, active)


def test_who_is_accountable_for_more_than_the_policy_allows_is_named_with_the_number() -> None:
    team = [_member(1, "Aiko", *AREAS[:4]), _member(2, "Luis", *AREAS[4:])]
    assert [gap.message for gap in gaps(team, most_areas=4)] == ["Luis is accountable for 5 of the 9 areas."]
    assert gaps(team, most_areas=5) == []


def test_who_has_no_active_account_leaves_gaps_and_is_named() -> None:
    codes = [gap.code for gap in gaps([_member(1, "Aiko", *AREAS, active=False)])]
    assert codes == ["no_domain_expert", *["nobody_accountable"] * 9, "inactive_member"]


def test_areas_without_anybody_become_one_sentence() -> None:
    (gap,) = summarised(gaps([_member(1, "Aiko", *AREAS[3:7]), _member(2, "Luis", *AREAS[7:])]))
    assert gap.message == "Nobody is accountable for data sourcing, data quality and feature engineering."
    assert (gap.code, gap.work_area, gap.how_to_fix) == (
        "nobody_accountable",
        "",
        "Name one accountable person for each.",
    )


def test_a_gap_says_which_gates_wait_for_it() -> None:
    rules = TeamRules(5, {"overloaded": ("Go to production",)})
    assert rules.of(Gap("overloaded", "Too much.", "Share it.")).blocks == ("Go to production",)
    assert rules.of(Gap("one_for_all", "Too much.", "Share it.")).blocks == ()


@given(TEAM, st.integers(1, 9))
def test_every_area_has_one_active_accountable_person_or_is_a_gap(team: list[MemberFacts], most: int) -> None:
    named = {gap.work_area for gap in gaps(team, most) if gap.work_area}
    for area in AREAS:
        holders = [one for one in team if one.is_active and one.responsibilities.get(area) == "accountable"]
        assert (area in named) == (len(holders) != 1)


@given(TEAM, PLACES, st.integers(1, 5))
def test_what_is_orphaned_is_exactly_what_nobody_else_holds(
    team: list[MemberFacts], places: dict[str, int], leaver: int
) -> None:
    before = duties.holders(team, places)
    orphans = duties.orphaned(before, leaver)
    after = duties.holders([one for one in team if one.person != leaver], _without(places, leaver))
    assert duties.remaining(orphans, after) == orphans
    assert {duty for duty in before if leaver in before[duty] and not after.get(duty)} >= set(orphans)
    lost = {duty for duty in before if leaver in before[duty] and not after.get(duty)}
    assert all(duty.startswith("responsible:") for duty in lost - set(orphans))


@given(TEAM, PLACES, st.integers(1, 5))
def test_who_comes_back_leaves_nothing_open(team: list[MemberFacts], places: dict[str, int], person: int) -> None:
    now = duties.holders(team, places)
    assert duties.remaining(duties.orphaned(now, person), now) == []


def _without(places: dict[str, int], person: int) -> dict[str, int]:
    return {place: who for place, who in places.items() if who != person}


@pytest.mark.parametrize(
    ("duty", "words"),
    [
        ("accountable:model_monitoring", "is accountable for model monitoring"),
        ("responsible:data_sourcing", "is responsible for data sourcing"),
        ("role:domain_expert", "is the only domain expert"),
        ("deploy_authority", "may deploy"),
    ],
)
def test_a_duty_has_words(duty: str, words: str) -> None:
    assert duties.words(duty) == words


@given(FORM, FORM, FORM)
def test_a_form_never_takes_back_what_a_colleague_did(
    seen: dict[tuple[str, str], str], now: dict[tuple[str, str], str], wanted: dict[tuple[str, str], str]
) -> None:
    cells = {place: Cell(kind, seen.get(place, "")) for place, kind in wanted.items()}
    saved, crossed = changes(now, cells)
    for place, _ in saved:
        assert seen.get(place, "") == now.get(place, "") != wanted[place]
    for place in crossed:
        assert seen.get(place, "") != now.get(place, "")
    untouched = {place for place, kind in wanted.items() if kind == seen.get(place, "")}
    assert not untouched & ({place for place, _ in saved} | set(crossed))


def test_two_people_cannot_become_accountable_at_once_but_one_may_relieve_another() -> None:
    held = {("a", "data_quality"): "accountable"}
    both = {("b", "data_quality"): Cell("accountable"), ("c", "data_quality"): Cell("accountable")}
    assert contested(changes(held, both)[0]) == ["data_quality"]
    one = {("a", "data_quality"): Cell("accountable", "accountable"), ("b", "data_quality"): Cell("accountable", "")}
    assert contested(changes(held, one)[0]) == []
