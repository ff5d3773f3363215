"""Criteria in time: planned, expired, confirmed, judged by somebody else."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core import inbox, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, OutboxEvent, User
from governance.services import notifications
from projects.checklists import Demands, demands_of
from projects.models import Criterion, Project
from projects.services import checklist, evidence, expiry
from tests.core.conftest import bearer
from tests.factories import ANSWERS, complete_intake, intake, organisation, person

pytestmark = pytest.mark.django_db
DAYS = st.dates(date(2026, 1, 1), date(2030, 1, 1))


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _judge(project: Project, code: str = "value", verdict: str = "accept", who: str = "lead") -> Criterion:
    return checklist.give_verdict(
        project_key=project.key, code=code, verdict=verdict, comment="Looked at it.", actor=person(who)
    )


def _status(project: Project, code: str = "value") -> str:
    return project.criteria.get(code=code).status


@given(DAYS, st.none() | st.integers(1, 3650), st.lists(st.none() | DAYS, max_size=4))
def test_an_acceptance_holds_no_longer_than_the_policy_and_every_piece_of_evidence(
    day: date, days: int | None, valid: list[date | None]
) -> None:
    found = Demands(expires_after_days=days).holds_until(day, valid)
    limits = [each for each in valid if each] + ([day + timedelta(days=days)] if days else [])
    assert (found is None) == (not limits)
    assert all(found <= limit for limit in limits if found) and (found is None or found in limits)


def test_what_a_policy_leaves_out_is_not_asked() -> None:
    assert demands_of({"code": "value"}) == Demands()
    asked = demands_of({"evidence": ["file"], "verdict": "required", "expires_after_days": 9, "owner_role": "sponsor"})
    assert asked == Demands(("file",), True, 9, "sponsor")


def test_an_accepted_answer_expires_and_asks_to_be_looked_at_again(people: dict[str, User]) -> None:
    project = complete_intake()
    accepted = _judge(project)
    assert accepted.expires_on == timezone.localdate() + timedelta(days=365)
    assert expiry.attend_due() == 0
    with time_machine.travel(timezone.now() + timedelta(days=365), tick=False):
        assert expiry.attend_due() == 0, "it holds on its last day"
    with time_machine.travel(timezone.now() + timedelta(days=366, hours=1), tick=False):
        assert expiry.attend_due() == 1
        assert expiry.attend_due() == 0, "twice is once"
    assert _status(project) == "expired"
    entry = AuditEntry.objects.get(action="checklist.expired")
    assert entry.actor is None and entry.project == project.key
    assert OutboxEvent.objects.filter(name="projects.criterion_reopened").count() == 1


def test_who_answers_is_told_by_mail_and_in_the_inbox(people: dict[str, User]) -> None:
    project = complete_intake()
    for user in people.values():
        user.email = f"{user.username}@halden.example"
        user.save(update_fields=["email"])
    checklist.plan_criterion(
        project_key=project.key, code="value", owner="scientist", due_on=None, actor=people["domain"]
    )
    _judge(project)
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=False):
        expiry.attend_due()
        while outbox.deliver_next():
            pass
        notifications.send_due()
        assert [task.title for task in inbox.tasks(people["scientist"])] == [f"“Business value” of {project.name}"]
        assert inbox.tasks(people["domain"]) == []
    told = [message for message in mail.outbox if "has expired" in message.subject]
    assert sorted(address for message in told for address in message.to) == [
        "domain@halden.example", "scientist@halden.example",
    ]  # fmt: skip
    assert f"/projects/{project.key}/checklist/value/" in told[0].body


def test_an_open_question_calls_its_owner_a_week_before_its_day(people: dict[str, User]) -> None:
    project, today = intake(), timezone.localdate()
    for days, called in ((8, 0), (7, 1)):
        due = today + timedelta(days=days)
        checklist.plan_criterion(
            project_key=project.key, code="users", owner="scientist", due_on=due, actor=people["domain"]
        )
        assert len(inbox.tasks(people["scientist"])) == called


def test_a_day_that_is_over_is_no_day_to_answer_by(people: dict[str, User]) -> None:
    plan = {"project_key": complete_intake().key, "code": "users", "owner": "domain", "actor": people["lead"]}
    with pytest.raises(InvalidInput, match="due_on"):
        checklist.plan_criterion(**plan, due_on=timezone.localdate() - timedelta(days=1))
    soon = timezone.localdate() + timedelta(days=1)
    checklist.plan_criterion(**plan, due_on=soon)
    with time_machine.travel(timezone.now() + timedelta(days=9), tick=False):
        kept = checklist.plan_criterion(**plan | {"owner": "scientist"}, due_on=soon)
    assert (kept.due_on, kept.owner) == (soon, people["scientist"]), "a day that has passed since may stay"


def test_evidence_that_holds_for_less_ends_the_acceptance_earlier(people: dict[str, User]) -> None:
    project, until = complete_intake(), timezone.localdate() + timedelta(days=20)
    piece = evidence.Piece(kind="note", title="Quote", note="Valid for 20 days.", valid_until=until)
    evidence.add(project_key=project.key, code="baseline", piece=piece, actor=people["domain"])
    assert _judge(project, "baseline").expires_on == until
    assert _judge(project, "users").expires_on is None


def test_an_expired_answer_is_confirmed_or_changed_and_judged_anew(people: dict[str, User]) -> None:
    project = complete_intake()
    for code in ("value", "data"):
        _judge(project, code)
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=False):
        assert expiry.attend_due() == 2
    confirmed = expiry.confirm(project_key=project.key, code="value", actor=people["domain"])
    assert (confirmed.status, confirmed.expires_on, confirmed.answered_by) == ("answered", None, people["domain"])
    changed = ANSWERS["data"] | {"labelled_share": 90}
    checklist.answer(project_key=project.key, code="data", answer=changed, actor=people["domain"])
    assert _status(project, "data") == "answered"
    assert _judge(project, "value").status == "accepted"


def test_what_ended_with_its_project_does_not_expire(people: dict[str, User]) -> None:
    project = complete_intake()
    _judge(project)
    Project.objects.filter(pk=project.pk).update(stage="stopped")
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=False):
        assert expiry.attend_due() == 0


def test_sent_back_means_change_something_first(people: dict[str, User]) -> None:
    project = complete_intake()
    with pytest.raises(StaleState, match="nothing asks for a confirmation"):
        expiry.confirm(project_key=project.key, code="value", actor=people["domain"])
    _judge(project, verdict="reject")
    with pytest.raises(StaleState, match="Nothing changed since"):
        expiry.confirm(project_key=project.key, code="value", actor=people["domain"])
    piece = evidence.Piece(kind="note", title="Value model", note="Agreed with finance.")
    evidence.add(project_key=project.key, code="value", piece=piece, actor=people["domain"])
    assert expiry.confirm(project_key=project.key, code="value", actor=people["domain"]).status == "answered"


def test_whoever_gave_an_answer_or_answers_for_it_does_not_judge_it(people: dict[str, User]) -> None:
    project, second = complete_intake(), person("second", site_roles=["coe_lead"])
    checklist.answer(project_key=project.key, code="value", answer=ANSWERS["value"] | {"low": 1}, actor=people["lead"])
    with pytest.raises(NotAllowed, match="You gave this answer"):
        _judge(project)
    checklist.plan_criterion(project_key=project.key, code="users", owner="second", due_on=None, actor=people["lead"])
    with pytest.raises(NotAllowed, match="answer for it"):
        _judge(project, "users", who="second")
    assert _judge(project, who="second").status == "accepted"
    assert second.is_lead


def test_the_page_of_a_question_plans_judges_and_confirms(client: Client, people: dict[str, User]) -> None:
    project = complete_intake()
    client.force_login(people["domain"])
    page = f"/projects/{project.key}/checklist/value/"
    due = timezone.localdate() + timedelta(days=5)
    done = client.post(f"{page}plan/", {"owner": "scientist", "due_on": due.isoformat()})
    assert done["Location"] == f"/projects/{project.key}/checklist/#value"
    text = client.get(page).content.decode()
    assert "Aiko Kimura answers" in text and "Holds for 365 days once it is accepted." in text
    assert client.get(f"/projects/{project.key}/checklist/nothing/").status_code == 404
    wrong = client.post(f"{page}plan/", {"owner": "ghost", "due_on": "soon"})
    assert wrong.status_code == 422
    _judge(project, verdict="reject")
    assert "The answer holds as it is" in client.get(page).content.decode()
    assert client.post(f"{page}confirm/").status_code == 409


def test_the_api_confirms_too(client: Client, people: dict[str, User]) -> None:
    project = complete_intake()
    _judge(project)
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=False):
        expiry.attend_due()
    address = f"/api/v1/projects/{project.key}/checklist/value/"
    headers: Any = bearer(people["domain"], "read", "write")
    seen = client.get(address, headers=headers).json()
    assert (seen["status"], seen["needs"]["expires_after_days"], seen["needs"]["owner_role"]) == (
        "expired", 365, "sponsor",
    )  # fmt: skip
    answer = client.post(f"{address}confirm/", headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "answered")
    assert client.post(f"{address}confirm/", headers=headers).status_code == 409
