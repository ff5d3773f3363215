"""No sequence of decisions approves what should not be approved."""

from hypothesis import given
from hypothesis import strategies as st

from governance.policies.outcomes import APPROVING, VERDICTS, StepState, Vote, outcome

DIGEST, OLD = "a" * 64, "b" * 64
people = st.integers(1, 6)
steps_of_a_request = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(
    lambda needed: [StepState(position, count) for position, count in enumerate(needed, 1)]
)
votes_of_people = st.lists(
    st.builds(Vote, people, st.integers(1, 4), st.sampled_from(VERDICTS), st.sampled_from([DIGEST, OLD])), max_size=25
)


@given(steps_of_a_request, votes_of_people, st.sets(people))
def test_approved_means_every_step_has_its_quorum_of_different_people_who_may_decide(
    steps: list[StepState], votes: list[Vote], excluded: set[int]
) -> None:
    state, _ = outcome(steps, votes, digest=DIGEST, excluded=excluded)
    if state == "approved":
        for step in steps:
            approvers = {
                vote.person
                for vote in votes
                if vote.step == step.position and vote.verdict in APPROVING and vote.digest == DIGEST
            } - excluded
            assert len(approvers) >= step.needed


@given(steps_of_a_request, votes_of_people)
def test_votes_for_an_older_digest_never_count(steps: list[StepState], votes: list[Vote]) -> None:
    old = [Vote(vote.person, vote.step, vote.verdict, OLD) for vote in votes]
    assert outcome(steps, old, digest=DIGEST, excluded=()) == ("open", 1)


@given(steps_of_a_request, votes_of_people)
def test_votes_of_the_excluded_never_count(steps: list[StepState], votes: list[Vote]) -> None:
    assert outcome(steps, votes, digest=DIGEST, excluded={1, 2, 3, 4, 5, 6}) == ("open", 1)


@given(votes_of_people)
def test_without_a_step_nothing_is_approved(votes: list[Vote]) -> None:
    assert outcome([], votes, digest=DIGEST, excluded=())[0] == "open"


@given(steps_of_a_request, votes_of_people, st.sets(people))
def test_the_open_step_is_the_first_without_its_quorum(
    steps: list[StepState], votes: list[Vote], excluded: set[int]
) -> None:
    state, position = outcome(steps, votes, digest=DIGEST, excluded=excluded)
    assert (position is not None) == (state == "open")


def test_one_person_cannot_fill_a_quorum_of_two() -> None:
    votes = [Vote(1, 1, "approve", DIGEST), Vote(1, 1, "approve", DIGEST)]
    assert outcome([StepState(1, 2)], votes, digest=DIGEST, excluded=()) == ("open", 1)
