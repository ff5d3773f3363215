"""Reminders, escalation, expiry and questions: the clock helps people to decide and never decides itself."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import AddedHolder, ApprovalQuestion, ApprovalRequest
from governance.policies import clock
from governance.policies.outcomes import APPROVING, StepState, Vote, outcome
from governance.services import approvals
from governance.services.approvals import sla
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import organisation
from tests.governance.requests import decide, gate_with, publish, submitted

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
SECURITY = {"name": "Security", "group": "security", "days": 4, "escalate_to": {"site_role": "coe_lead"}}
hours = st.integers(0, 400)


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@given(st.integers(1, 30), st.booleans(), st.booleans(), st.one_of(st.none(), hours), st.lists(hours, max_size=20))
def test_every_reminder_and_escalation_comes_once_and_in_time(
    days: int, remind: bool, escalates: bool, expires: int | None, looks: list[int]
) -> None:
    end = NOW + timedelta(hours=expires) if expires is not None else None
    running, seen = clock.start(NOW, days, remind=remind, escalates=escalates, expires_at=end), []
    for look in sorted(looks):
        now = NOW + timedelta(hours=look)
        for action in running.due(now):
            seen.append(action)
            assert action != clock.REMIND or now >= NOW + timedelta(days=days) / 2
            assert action != clock.ESCALATE or now >= NOW + timedelta(days=days)
            running = running.after(action)
        if clock.EXPIRE in seen:
            break
        assert running.next_at is None or running.next_at > now
    assert len(seen) == len(set(seen))
    assert set(seen) <= {clock.REMIND, clock.ESCALATE, clock.EXPIRE}


@given(
    st.lists(
        st.one_of(hours, st.tuples(st.integers(1, 4), st.sampled_from(["approve", "reject", "request_changes"]))),
        max_size=20,
    ),
    st.integers(1, 3),
)
def test_no_sequence_of_decisions_and_time_approves_without_the_quorum(
    story: list[int | tuple[int, str]], needed: int
) -> None:
    """Time passes (a number of hours) or somebody decides; what is closed stays closed."""
    running = clock.start(NOW, 2, remind=True, escalates=True, expires_at=NOW + timedelta(days=5))
    votes: list[Vote] = []
    state, now = "open", NOW
    for event in story:
        if state != "open":
            break
        if isinstance(event, int):
            now += timedelta(hours=event)
            for action in running.due(now):
                running = running.after(action)
                state = "expired" if action == clock.EXPIRE else state
        else:
            votes.append(Vote(event[0], 1, event[1], "digest"))
            state = outcome([StepState(1, needed, 1)], votes, digest="digest", excluded={4}).state
    if state == "approved":
        assert len({vote.person for vote in votes if vote.verdict in APPROVING} - {4}) >= needed


def _after(**time: int) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**time), tick=False)


def _told(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


def test_the_holders_are_reminded_once_at_half_time(people: dict[str, User]) -> None:
    publish(gates=gate_with(SECURITY))
    request = submitted()
    with _after(days=1):
        assert sla.attend_due() == 0
    with _after(days=2, minutes=1):
        assert [sla.attend_due(), sla.attend_due()] == [1, 0]
    assert _told("approval.reminded") == 1
    request.refresh_from_db()
    assert request.state == "open"


def test_at_full_time_somebody_else_may_decide_too(client: Client, people: dict[str, User]) -> None:
    publish(gates=gate_with(SECURITY))
    request = submitted()
    assert not ApprovalRequest.objects.awaiting(people["lead"]).exists()
    with _after(days=4, minutes=1):
        assert [sla.attend_due(), sla.attend_due()] == [1, 0]
        assert [ApprovalRequest.objects.awaiting(people[who]).exists() for who in ("security", "lead")] == [True, True]
        entry = AuditEntry.objects.get(action="approval.escalated")
        assert (entry.actor, entry.after["added"]) == (None, "any CoE lead")
        assert Project.objects.get().waiting_on == "Security: anyone of Security or any CoE lead"
        assert decide(request, "lead").state == "approved"


def test_an_undecided_request_expires_and_is_not_approved(people: dict[str, User]) -> None:
    gates = gate_with(SECURITY)
    publish(gates=[gates[0] | {"expires_after_days": 10}, *gates[1:]])
    request = submitted()
    with _after(days=10, minutes=1):
        sla.attend_due()
    request.refresh_from_db()
    assert (request.state, Project.objects.get().stage) == ("expired", "intake")
    with pytest.raises(StaleState, match="is expired already"):
        decide(request, "security")


def test_the_time_of_a_step_starts_when_its_group_opens(people: dict[str, User]) -> None:
    request = submitted()
    with _after(days=2):
        decide(request, "lead")
        step = request.steps.get(name="Sponsor")
        assert step.due_at == timezone.now() + timedelta(days=5)


def test_the_clock_stands_still_while_the_requester_owes_an_answer(people: dict[str, User]) -> None:
    publish(gates=gate_with(SECURITY))
    request = submitted()
    due = request.steps.get().due_at
    with _after(days=1):
        question = approvals.ask(request_id=request.pk, text="Who labelled it?", actor=people["security"])
        assert Project.objects.get().waiting_on == "Hanna Berg: an answer"
    with _after(days=30):
        assert sla.attend_due() == 0
        approvals.answer(request_id=request.pk, question_id=question.pk, text="Two assessors.", actor=people["domain"])
        step = request.steps.get()
        assert abs(step.due_at - (due + timedelta(days=29))) < timedelta(minutes=1)
        assert sla.attend_due() == 0
        assert Project.objects.get().waiting_on == "Security: anyone of Security"
    with _after(days=31, minutes=5):
        assert sla.attend_due() == 1
    assert (_told("approval.reminded"), _told("approval.escalated")) == (1, 0)


def test_the_clock_goes_on_only_after_the_last_answer(people: dict[str, User]) -> None:
    request = submitted()
    first, second = (
        approvals.ask(request_id=request.pk, text=text, actor=people["lead"]) for text in ("Why?", "Since when?")
    )
    for question, paused in ((first, True), (second, False)):
        approvals.answer(request_id=request.pk, question_id=question.pk, text="Because.", actor=people["domain"])
        request.refresh_from_db()
        assert (request.paused_at is not None) is paused


def test_only_who_may_decide_asks_and_only_who_asked_for_it_answers(people: dict[str, User]) -> None:
    request = submitted()
    for who in ("domain", "security", "sponsor"):
        with pytest.raises(NotAllowed):
            approvals.ask(request_id=request.pk, text="Why?", actor=people[who])
    with pytest.raises(InvalidInput):
        approvals.ask(request_id=request.pk, text="  ", actor=people["lead"])
    question = approvals.ask(request_id=request.pk, text="Why?", actor=people["lead"])
    with pytest.raises(NotAllowed):
        approvals.answer(request_id=request.pk, question_id=question.pk, text="So.", actor=people["scientist"])
    approvals.answer(request_id=request.pk, question_id=question.pk, text="So.", actor=people["domain"])
    with pytest.raises(StaleState, match="answered already"):
        approvals.answer(request_id=request.pk, question_id=question.pk, text="So.", actor=people["domain"])


def test_a_question_is_asked_and_answered_on_the_page(client: Client, people: dict[str, User]) -> None:
    request = submitted()
    client.force_login(people["lead"])
    asked = client.post(f"/approvals/{request.key}/ask/", {"text": "Who labelled it?"}, follow=True)
    assert "The clock stands still" in asked.content.decode()
    client.force_login(people["domain"])
    assert client.get("/inbox/count/").content == b"1"
    page = client.get(f"/approvals/{request.key}/").content.decode()
    assert "Your answer to Marta Veiga" in page
    assert (
        f"Answer the question on {request.key}"
        in client.get(f"/projects/{request.project.key}/next-action/").content.decode()
    )
    number = ApprovalQuestion.objects.get().pk
    client.post(f"/approvals/{request.key}/answer/{number}/", {"text": "Two assessors."})
    assert client.get("/inbox/count/").content == b""
    assert "Two assessors." in client.get(f"/approvals/{request.key}/").content.decode()


def test_a_question_is_asked_and_answered_over_rest(client: Client, people: dict[str, User]) -> None:
    address = f"/api/v1/approvals/{submitted().key}/"
    lead = bearer(people["lead"], "read", "decide")
    asked = client.post(f"{address}ask/", {"text": "Why?"}, "application/json", headers=lead).json()
    assert asked["paused_at"] is not None
    assert asked["waiting_on"] == "Hanna Berg: an answer"
    body = {"question": asked["questions"][0]["id"], "text": "Because."}
    domain = bearer(people["domain"], "read", "write")
    answered = client.post(f"{address}answer/", body, "application/json", headers=domain).json()
    assert (answered["paused_at"], answered["questions"][0]["answered_by"]) == (None, "domain")


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_look_at_the_same_instant_escalate_once() -> None:
    organisation()
    publish(gates=gate_with(SECURITY))
    step = submitted().steps.get()
    barrier, done = threading.Barrier(2), []

    def look() -> None:
        barrier.wait()
        try:
            done.append(sla.attend(step_id=step.pk))
        finally:
            connection.close()

    with _after(days=5):
        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(done) == [False, True]
    assert AddedHolder.objects.count() == 1
