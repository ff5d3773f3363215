"""Mail about what is no approval: what becomes somebody's, days that come near, decisions; each once."""

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.models import AuditEntry, OutboxEvent, User
from governance.models import Finding, Notification
from governance.services import data_access, data_expiry, dues, findings, intakes, notifications, qualification
from governance.services.qualification import Wish
from projects.models import DataAccess, Project, Stage
from projects.services import checklist, concepts, lessons, reviewers, stages, team
from projects.services.field_questions import Asked
from tests.factories import complete_intake, intake, organisation, person
from tests.governance import data
from tests.governance.requests import decide, submitted
from tests.governance.test_moves import changed, move, published

pytestmark = pytest.mark.django_db
WHY = "The data is there and the unit wants it."


def _reachable() -> None:
    for user in User.objects.all():
        user.email = f"{user.username}@halden.example"
        user.save(update_fields=["email"])


@pytest.fixture
def people(db: None) -> dict[str, User]:
    found = organisation()
    _reachable()
    return {name: User.objects.get(pk=user.pk) for name, user in found.items()}


def told() -> list[tuple[str, str]]:
    """Hand over every event and send; who got mail with which subject since the last time."""
    while outbox.deliver_next():
        pass
    notifications.send_due()
    seen = sorted((message.to[0].partition("@")[0], message.subject) for message in mail.outbox)
    mail.outbox.clear()
    return seen


def _poc() -> Project:
    project = intake()
    Project.objects.filter(pk=project.pk).update(stage=Stage.POC)
    told()
    return Project.objects.get(pk=project.pk)


def _found(project: Project, owner: str = "scientist", days: int = 5, who: str = "security") -> Finding:
    return findings.report(
        project_key=project.key,
        title="Plates are readable",
        severity="low",
        owner=owner,
        due_on=timezone.localdate() + timedelta(days=days),
        actor=person(who),
    )


def _in(days: int) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=False)


def test_a_reviewer_is_told_of_the_invitation_once_and_never_of_one_that_was_taken_back(
    people: dict[str, User],
) -> None:
    key = submitted().project.key
    told()
    for _ in range(2):
        reviewers.invite(project_key=key, username="dataengineer", actor=people["lead"])
    reviewers.invite(project_key=key, username="stranger", actor=people["lead"])
    reviewers.release(project_key=key, username="stranger", actor=people["lead"])
    assert told() == [("dataengineer", f"{key}: you are asked to review “Vehicle damage estimate”")]
    _deliver_again()
    assert told() == []


def _deliver_again() -> None:
    OutboxEvent.objects.update(state="pending", next_attempt_at=timezone.now())


def test_a_reviewer_who_was_invited_early_is_told_once_when_the_intake_is_submitted(people: dict[str, User]) -> None:
    key = complete_intake().key
    for username in ("dataengineer", "stranger", "security"):
        reviewers.invite(project_key=key, username=username, actor=people["lead"])
    assert len(told()) == 3
    reviewers.release(project_key=key, username="stranger", actor=people["lead"])
    team.add_member(project_key=key, username="security", roles=["security_engineer"], actor=people["domain"])
    intakes.submit(project_key=key, actor=people["domain"])
    ready = f"{key}: “Vehicle damage estimate” is ready for your scores"
    assert [who for who, subject in told() if subject == ready] == ["dataengineer"]
    _deliver_again()
    assert told() == []


def test_a_reviewer_is_told_anew_of_a_new_revision_and_scores_it(people: dict[str, User]) -> None:
    key = complete_intake().key
    reviewers.invite(project_key=key, username="dataengineer", actor=people["lead"])
    intakes.submit(project_key=key, actor=people["domain"])
    told()
    same = {"value": 4, "feasibility": 4, "data_readiness": 3, "risk": 4}
    qualification.give_review(project_key=key, scores=same, actor=people["dataengineer"])
    qualification.decide_intake(project_key=key, wish=Wish("request_changes", WHY), actor=people["lead"])
    told()
    intakes.submit(project_key=key, actor=people["domain"])
    assert [subject for who, subject in told() if who == "dataengineer"] == [
        f"{key}: “Vehicle damage estimate” is ready for your scores"
    ]
    texts = Notification.objects.filter(person=people["dataengineer"]).order_by("-pk")
    assert "submitted again, so scores are given anew" in texts[0].text


def test_an_invitation_that_is_told_of_after_the_submission_is_the_only_mail(people: dict[str, User]) -> None:
    key = complete_intake().key
    reviewers.invite(project_key=key, username="dataengineer", actor=people["lead"])
    intakes.submit(project_key=key, actor=people["domain"])
    reviewers.invite(project_key=key, username="stranger", actor=people["lead"])
    mails = [(who, subject) for who, subject in told() if who in ("dataengineer", "stranger")]
    asked = f"{key}: you are asked to review “Vehicle damage estimate”"
    assert mails == [("dataengineer", asked), ("stranger", asked)]


@pytest.mark.parametrize(
    ("outcome", "more", "said"),
    [
        ("invite", {}, "you are invited to write the full case"),
        ("decline", {}, "declined"),
        ("defer", {"defer_until": timezone.localdate() + timedelta(days=40)}, "deferred until"),
        ("request_changes", {"questions": [Asked("challenge", "How often?")]}, "sent back with 1 question"),
    ],
)
def test_the_owner_of_a_concept_reads_what_was_decided_and_why(
    people: dict[str, User], outcome: str, more: dict[str, object], said: str
) -> None:
    project = complete_intake()
    concepts.submit_concept(project_key=project.key, actor=people["domain"])
    told()
    wish = Wish(outcome, WHY, **more)  # type: ignore[arg-type]
    qualification.decide_intake(project_key=project.key, wish=wish, actor=people["lead"])
    while outbox.deliver_next():
        pass
    assert WHY in Notification.objects.get(person=people["domain"]).text
    [(who, subject)] = told()
    assert who == "domain" and subject.startswith(f"{project.key}: {said}")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("fund", "the CoE funds it"), ("decline", "declined"), ("request_changes", "sent back")],
)
def test_a_decision_on_an_intake_is_one_mail_to_its_owner(people: dict[str, User], outcome: str, said: str) -> None:
    key = submitted().project.key
    told()
    qualification.decide_intake(project_key=key, wish=Wish(outcome, WHY), actor=people["lead"])
    assert [subject for who, subject in told() if who == "domain"] == [f"{key}: {said}"]


def test_a_funded_intake_that_the_sponsor_approves_later_is_told_of_as_decided(people: dict[str, User]) -> None:
    request = submitted()
    qualification.decide_intake(project_key=request.project.key, wish=Wish("fund", WHY), actor=people["lead"])
    told()
    decide(request, "sponsor")
    assert [who for who, subject in told() if "is decided" in subject] == ["domain"]


def test_a_deferred_intake_that_comes_back_is_told_of(people: dict[str, User]) -> None:
    key = submitted().project.key
    day = timezone.localdate() + timedelta(days=5)
    wish = Wish("defer", WHY, defer_until=day)
    qualification.decide_intake(project_key=key, wish=wish, actor=people["lead"])
    assert f"{key}: deferred until {notifications.spoken(day)}" in [subject for _, subject in told()]
    with _in(5):
        assert qualification.return_due() == 1
        assert told() == [("domain", f"{key}: back from its deferral")]


def test_a_finding_is_told_of_when_it_becomes_somebodys_not_to_who_took_it(people: dict[str, User]) -> None:
    project = _poc()
    _found(project)
    _found(project, owner="security")
    assert told() == [("scientist", f"{project.key}: “Plates are readable” is yours to put right")]


def test_a_finding_is_told_of_the_day_before_and_when_it_is_overdue_once_each(people: dict[str, User]) -> None:
    project = _poc()
    finding = _found(project)
    told()
    days = []
    for day in range(9):
        with _in(day):
            dues.remind()
            dues.remind()
            days += [(day, subject.rpartition("”")[2]) for _, subject in told()]
    due = notifications.spoken(finding.due_on)
    assert days == [(4, f" is due on {due}"), (6, f" is overdue since {due}")]


def test_nobody_is_reminded_of_what_is_resolved_or_when_they_have_left(people: dict[str, User]) -> None:
    project = _poc()
    done, left = _found(project), _found(project, owner="domain")
    findings.resolve(finding_id=done.pk, resolution="Blurred.", actor=people["lead"])
    User.objects.filter(pk=left.owner_id).update(is_active=False)
    with _in(7):
        assert dues.remind() == 0
        assert told() == []


def test_who_left_gets_nothing_that_was_still_to_be_sent(people: dict[str, User]) -> None:
    _found(_poc())
    while outbox.deliver_next():
        pass
    User.objects.filter(username="scientist").update(is_active=False)
    assert notifications.send_due() == 0
    assert not Notification.objects.exists()


def test_a_question_with_an_owner_and_a_day_is_told_of_near_it_and_after_it(people: dict[str, User]) -> None:
    project = _poc()
    due_on = timezone.localdate() + timedelta(days=10)
    checklist.plan_criterion(
        project_key=project.key, code="users", owner="scientist", due_on=due_on, actor=people["domain"]
    )
    days = []
    for day in (0, 6, 7, 9, 10, 11, 14):
        with _in(day):
            dues.remind()
            days += [(day, who) for who, subject in told() if "Users" in subject or "users" in subject]
    assert days == [(7, "scientist"), (11, "scientist")]


def test_another_day_or_another_owner_is_told_anew(people: dict[str, User]) -> None:
    project = _poc()
    for owner, days in (("scientist", 1), ("scientist", 2), ("devops", 2)):
        due_on = timezone.localdate() + timedelta(days=days)
        checklist.plan_criterion(
            project_key=project.key, code="users", owner=owner, due_on=due_on, actor=people["domain"]
        )
        dues.remind()
    assert [who for who, _ in told()] == ["devops", "scientist", "scientist"]


def test_who_owes_lessons_is_told_when_the_project_ends_and_near_the_day(people: dict[str, User]) -> None:
    project = _poc()
    with transaction.atomic():
        stages.move_stage(project, Stage.STOPPED, actor=people["lead"], comment="Nothing learnt from more data.")
    assert told() == [("domain", f"{project.key}: write what {project.name} has learnt")]
    owed = lessons.owed_by(project)
    assert owed is not None
    with time_machine.travel(timezone.now() + (owed.due_on - timezone.localdate()), tick=False):
        dues.remind()
        assert [subject for _, subject in told()] == [
            f"{project.key}: what {project.name} has learnt is due on {notifications.spoken(owed.due_on)}"
        ]


def test_the_owner_of_a_moved_project_reads_what_is_asked_in_addition(people: dict[str, User]) -> None:
    project = _poc()
    version = published(changed())
    move(project, version)
    while outbox.deliver_next():
        pass
    text = Notification.objects.get(person=people["domain"]).text
    assert "Asked in addition: Human oversight." in text
    assert told() == [("domain", f"{project.key} follows the policy {version.label} now")]


def test_a_link_in_a_mail_opens_a_page_for_who_got_it_and_changes_nothing(
    client: Client, people: dict[str, User]
) -> None:
    project = submitted().project
    reviewers.invite(project_key=project.key, username="dataengineer", actor=people["lead"])
    qualification.decide_intake(project_key=project.key, wish=Wish("decline", WHY), actor=people["lead"])
    Project.objects.filter(pk=project.pk).update(stage=Stage.POC)
    _found(project)
    move(project, published(changed()))
    while outbox.deliver_next():
        pass
    notifications.send_due()
    before = AuditEntry.objects.count()
    links = [
        (message.to[0].partition("@")[0], link)
        for message in mail.outbox
        for link in re.findall(r"https?://[^/\s]+(/\S+)", str(message.body))
    ]
    assert len(links) >= 8
    for who, link in links:
        client.force_login(people[who])
        assert client.get(link).status_code == 200, (who, link)
    assert AuditEntry.objects.count() == before


class TestDataAccess:
    people = data.people

    def test_granting_later_and_ending_are_told_of_and_the_reminder_too(self, people: dict[str, User]) -> None:
        _reachable()
        access = data.granted()
        assert [who for who, subject in told() if "is decided – Access to" in subject] == ["domain", "scientist"]
        with time_machine.travel(access.expires_at - timedelta(days=3), tick=False):  # type: ignore[operator]
            data_expiry.attend_due()
            assert [(who, "ends soon" in subject) for who, subject in told()] == [("domain", True), ("scientist", True)]
            data_expiry.attend_due()
            assert told() == []
        data_access.revoke(access_id=access.pk, reason="It is not needed.", actor=person("owner"))
        name = f"{access.project.key}: access to the data set claims_outcomes is over"
        assert told() == [("domain", name), ("scientist", name)]

    def test_what_was_approved_early_is_told_of_when_it_may_be_read(self, people: dict[str, User]) -> None:
        project = submitted().project
        access = data.asked(project)
        _reachable()
        decide(data.request_of(access), "owner")
        assert DataAccess.objects.get(pk=access.pk).status == "approved"
        told()
        Project.objects.filter(pk=project.pk).update(stage=Stage.POC)
        data_access.grant_waiting(project.key)
        assert [subject for _, subject in told()] == [
            f"{project.key}: the data set claims_outcomes may be read now"
        ] * 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_instant_remind_once() -> None:
    organisation()
    _reachable()
    _found(_poc(), days=1)
    told()
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        try:
            dues.remind()
            notifications.send_due()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    notifications.send_due()
    assert [message.subject.rpartition("”")[2][:10] for message in mail.outbox] == [" is due on"]


def test_who_wants_one_mail_a_day_gets_one_and_who_wants_none_gets_none(people: dict[str, User]) -> None:
    project = _poc()
    User.objects.filter(username="scientist").update(mail="daily")
    User.objects.filter(username="domain").update(mail="none")
    for _ in range(2):
        _found(project, days=1)
    _found(project, owner="domain", days=1)
    dues.remind()
    assert told() == []
    with _in(1):
        assert told() == [("scientist", "4 things to know of")]
