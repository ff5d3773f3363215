"""No sequence of decisions approves what should not be approved."""

from hypothesis import given
from hypothesis import strategies as st

from governance.policies.outcomes import APPROVING, VERDICTS, Outcome, StepState, Vote, barred, outcome

DIGEST, OLD = "a" * 64, "b" * 64
PARTS, OLD_PARTS = "c" * 64, "d" * 64
people = st.integers(1, 6)
steps_of_a_request = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.sampled_from(["", PARTS])), min_size=1, max_size=4
).map(lambda rows: [StepState(number, *row) for number, row in enumerate(rows, 1)])
votes_of_people = st.lists(
    st.builds(
        Vote,
        people,
        st.integers(1, 4),
        st.sampled_from(VERDICTS),
        st.sampled_from([DIGEST, OLD]),
        st.one_of(st.none(), people),
        st.sampled_from(["", PARTS, OLD_PARTS]),
    ),
    max_size=25,
)
pairs = st.sets(st.tuples(people, people), max_size=6)


def _is_for(vote: Vote, step: StepState) -> bool:
    kept = vote.fields_digest == PARTS and step.fields_digest == PARTS
    return vote.step == step.position and (vote.digest == DIGEST or kept)


@given(steps_of_a_request, votes_of_people, st.sets(people), pairs)
def test_approved_means_every_step_has_its_quorum_of_people_who_may_decide(
    steps: list[StepState], votes: list[Vote], excluded: set[int], delegations: set[tuple[int, int]]
) -> None:
    result = outcome(steps, votes, digest=DIGEST, excluded=excluded, delegations=delegations)
    if result.state == "approved":
        never = excluded | {delegate for principal, delegate in delegations if principal in excluded}
        for step in steps:
            approving = [
                vote
                for vote in votes
                if _is_for(vote, step) and vote.verdict in APPROVING and not {vote.person, vote.on_behalf_of} & never
            ]
            assert len({vote.person for vote in approving}) >= step.needed
            assert len({vote.on_behalf_of or vote.person for vote in approving}) >= step.needed


@given(steps_of_a_request, votes_of_people)
def test_after_a_changed_digest_no_older_vote_counts(steps: list[StepState], votes: list[Vote]) -> None:
    old = [Vote(vote.person, vote.step, vote.verdict, OLD, vote.on_behalf_of, OLD_PARTS) for vote in votes]
    assert outcome(steps, old, digest=DIGEST, excluded=()) == outcome(steps, [], digest=DIGEST, excluded=())


@given(steps_of_a_request, votes_of_people, people, pairs)
def test_neither_the_requester_nor_their_delegate_ever_counts(
    steps: list[StepState], votes: list[Vote], requester: int, delegations: set[tuple[int, int]]
) -> None:
    never = barred({requester}, delegations)
    theirs = [vote for vote in votes if {vote.person, vote.on_behalf_of} & never]
    others = [vote for vote in votes if vote not in theirs]

    def result(some: list[Vote]) -> Outcome:
        return outcome(steps, some, digest=DIGEST, excluded={requester}, delegations=delegations)

    assert result(theirs).state == "open"
    assert result(votes) == result(others)


@given(steps_of_a_request, votes_of_people, people, people)
def test_a_delegate_and_their_principal_are_one_voice(
    steps: list[StepState], votes: list[Vote], principal: int, delegate: int
) -> None:
    of_two = [Vote(principal, vote.step, vote.verdict, DIGEST) for vote in votes]
    of_two += [Vote(delegate, vote.step, vote.verdict, DIGEST, principal) for vote in votes]
    of_one = [vote for vote in of_two if vote.on_behalf_of is None]
    assert outcome(steps, of_two, digest=DIGEST, excluded=()) == outcome(steps, of_one, digest=DIGEST, excluded=())


@given(votes_of_people)
def test_without_a_step_nothing_is_approved(votes: list[Vote]) -> None:
    assert outcome([], votes, digest=DIGEST, excluded=()).state == "open"


@given(steps_of_a_request, votes_of_people, st.sets(people))
def test_the_open_steps_are_those_of_the_first_group_without_its_quorum(
    steps: list[StepState], votes: list[Vote], excluded: set[int]
) -> None:
    result = outcome(steps, votes, digest=DIGEST, excluded=excluded)
    orders = {step.order for step in steps if step.position in result.open}
    assert (len(orders) == 1) == (result.state == "open")
    for order in orders:
        before = {step.position for step in steps if step.order < order}
        assert before <= set(result.done)
        assert not {step.position for step in steps if step.order > order} & set(result.done)


@given(steps_of_a_request, votes_of_people)
def test_where_the_people_must_differ_one_voice_fills_one_step(steps: list[StepState], votes: list[Vote]) -> None:
    result = outcome(steps, votes, digest=DIGEST, excluded=(), distinct=True)
    if result.state == "approved":
        assert len({vote.person for vote in votes}) >= sum(step.needed for step in steps)


def test_one_person_cannot_fill_a_quorum_of_two() -> None:
    votes = [Vote(1, 1, "approve", DIGEST), Vote(1, 1, "approve", DIGEST), Vote(1, 1, "approve", DIGEST, 2)]
    assert outcome([StepState(1, 2, 1)], votes, digest=DIGEST, excluded=()) == Outcome("open", (1,))


def test_steps_of_one_group_are_open_together_and_the_next_group_waits_for_all_of_them() -> None:
    steps = [StepState(1, 1, 1), StepState(2, 1, 1), StepState(3, 1, 2)]
    first = [Vote(1, 2, "approve", DIGEST)]
    assert outcome(steps, [], digest=DIGEST, excluded=()) == Outcome("open", (1, 2))
    assert outcome(steps, first, digest=DIGEST, excluded=()) == Outcome("open", (1,), (2,))
    second = [*first, Vote(2, 1, "approve", DIGEST)]
    assert outcome(steps, second, digest=DIGEST, excluded=()) == Outcome("open", (3,), (1, 2))
