"""Mail about approvals: who is told of what, once, at once or in a digest; a link never decides."""

import re
import threading
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.models import OutboxEvent, User
from governance.models import Notification
from governance.services import approvals, delegations, notifications
from governance.services.approvals import sla
from tests.factories import organisation
from tests.governance.requests import decide, gate_with, publish, submitted

SECURITY = {"name": "Security", "group": "security", "days": 4, "escalate_to": {"site_role": "coe_lead"}}


def _organisation(**modes: str) -> dict[str, User]:
    people = organisation()
    for name, person in people.items():
        person.email, person.mail = f"{name}@halden.example", modes.get(name, "immediate")
        person.save(update_fields=["email", "mail"])
    return people


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return _organisation()


def _deliver() -> list[tuple[str, str]]:
    """Hand over every event and send; who got mail with which subject since the last time."""
    while outbox.deliver_next():
        pass
    notifications.send_due()
    seen = sorted(
        (message.to[0].partition("@")[0], re.sub("^APR-[0-9]+ ", "", message.subject)) for message in mail.outbox
    )
    mail.outbox.clear()
    return seen


def test_the_holders_are_asked_and_the_requester_hears_the_end(people: dict[str, User]) -> None:
    title = " – Start the proof of concept: Vehicle damage estimate"
    request = submitted()
    assert _deliver() == [("lead", f"needs your decision{title}")]
    decide(request, "lead")
    assert _deliver() == [("sponsor", f"needs your decision{title}")]
    decide(request, "sponsor")
    assert _deliver() == [("domain", f"is decided{title}")]


def test_reminders_and_escalations_reach_who_may_decide_then(people: dict[str, User]) -> None:
    publish(gates=gate_with(SECURITY))
    submitted()
    _deliver()
    for days, told in ((2, ["security"]), (4, ["lead", "security"])):
        with time_machine.travel(timezone.now() + timedelta(days=days, minutes=1), tick=False):
            sla.attend_due()
            assert [who for who, _ in _deliver()] == told


def test_a_question_reaches_the_requester_and_the_answer_who_asked(people: dict[str, User]) -> None:
    request = submitted()
    _deliver()
    question = approvals.ask(request_id=request.pk, text="Why?", actor=people["lead"])
    assert [who for who, _ in _deliver()] == ["domain"]
    approvals.answer(request_id=request.pk, question_id=question.pk, text="So.", actor=people["domain"])
    assert [who for who, _ in _deliver()] == ["lead"]


def test_a_delegate_is_told_too_and_nobody_who_may_not_decide(people: dict[str, User]) -> None:
    today = timezone.localdate()
    delegations.delegate(to="dataengineer", starts_on=today, ends_on=today, actor=people["lead"])
    delegations.delegate(to="lead", starts_on=today, ends_on=today, actor=people["domain"])
    assert [who for who, subject in _deliver() if " decides for " in subject] == ["dataengineer", "lead"]
    submitted()
    assert [who for who, _ in _deliver()] == ["dataengineer"]


def test_a_person_is_told_of_one_happening_once(people: dict[str, User]) -> None:
    submitted()
    assert len(_deliver()) == 1
    OutboxEvent.objects.update(state="pending", next_attempt_at=timezone.now())
    assert _deliver() == []
    assert notifications.send_due() == 0


def test_nobody_gets_mail_who_wants_none_or_has_no_address(people: dict[str, User]) -> None:
    User.objects.filter(username="lead").update(mail="none")
    User.objects.filter(username="sponsor").update(email="")
    request = submitted()
    decide(request, "lead")
    assert _deliver() == []
    assert not Notification.objects.exists()


def test_who_switches_mail_off_gets_nothing_that_was_still_to_come(people: dict[str, User]) -> None:
    submitted()
    while outbox.deliver_next():
        pass
    User.objects.filter(username="lead").update(mail="none")
    assert notifications.send_due() == 0
    assert mail.outbox == []


@pytest.mark.django_db
def test_a_digest_comes_once_a_day_with_everything() -> None:
    evening = datetime(2026, 11, 25, 18, tzinfo=ZoneInfo("Europe/London"))
    with time_machine.travel(evening, tick=False):
        _organisation(lead="daily")
        first, second = submitted("First"), submitted("Second")
        assert _deliver() == []
    with time_machine.travel(evening + timedelta(hours=13), tick=False):
        notifications.send_due()
        [message] = mail.outbox
        assert message.subject == "2 approvals to know of"
        assert first.key in message.body
        assert second.key in message.body
        assert notifications.send_due() == 0


def test_the_link_opens_the_page_and_decides_nothing(client: Client, people: dict[str, User]) -> None:
    request = submitted()
    while outbox.deliver_next():
        pass
    notifications.send_due()
    [address] = re.findall(r"https?://[^/\s]+(/approvals/\S+)", str(mail.outbox[0].body))
    client.force_login(people["lead"])
    assert client.get(address).status_code == 200
    client.head(address)
    request.refresh_from_db()
    assert (request.state, request.decisions.count()) == ("open", 0)


def test_a_mail_server_that_is_down_loses_nothing(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    submitted()
    while outbox.deliver_next():
        pass

    def refuse(*args: Any, **kwargs: Any) -> int:
        raise ConnectionRefusedError("no mail server")

    with monkeypatch.context() as patched:
        patched.setattr(EmailMessage, "send", refuse)
        assert notifications.send_due() == 0
    assert notifications.send_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert notifications.send_due() == 1


def test_the_account_page_says_when_mail_comes(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["lead"])
    assert "Mail about approvals" in client.get("/me/").content.decode()
    client.post("/me/preferences/", {"theme": "auto", "mail": "daily"})
    people["lead"].refresh_from_db()
    assert people["lead"].mail == "daily"


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_the_same_instant_send_once() -> None:
    _organisation()
    submitted()
    while outbox.deliver_next():
        pass
    barrier, sent = threading.Barrier(2), []

    def send() -> None:
        barrier.wait()
        try:
            sent.append(notifications.send_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == [0, 1]
    assert len(mail.outbox) == 1
