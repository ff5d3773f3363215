"""Intakes, answers and teams: what people may do, and what a race does not break."""

import threading

import pytest
from django.db import connection

from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, NotFound
from coe_portal.core.models import AuditEntry, User
from projects.models import Criterion, Member, Project, SuccessMetric
from projects.services import checklist, evidence, projects, team
from tests.factories import ANSWERS, complete_intake, intake, organisation, person, unit


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _answer(project: Project, code: str, answer: dict[str, object], who: str = "domain", **kwargs: int) -> Criterion:
    return checklist.answer(project_key=project.key, code=code, answer=answer, actor=person(who), **kwargs)


def test_a_new_intake_has_the_policys_questions_and_its_owner_in_the_team(people: dict[str, User]) -> None:
    project = intake()
    assert (project.stage, project.policy_version, project.readiness["score"]) == ("intake", "default:1", 0)
    assert project.criteria.count() == 8
    assert Member.objects.get(project=project, user=people["domain"]).roles == ["domain_expert"]


@pytest.mark.parametrize(
    ("change", "name"),
    [({"name": "x"}, "name"), ({"sponsor": "nobody"}, "sponsor"), ({"business_unit_id": "?"}, "business_unit")],
)
def test_a_field_that_cannot_be_used_is_named(people: dict[str, User], change: dict[str, str], name: str) -> None:
    values = {"name": "Claims", "summary": "", "business_unit_id": unit().pk} | change
    with pytest.raises(InvalidInput) as caught:
        projects.create_project(**values, actor=people["domain"])
    assert list(caught.value.errors) == [name]
    assert not Project.objects.exists()


def test_a_partial_answer_is_kept_and_earns_its_share(people: dict[str, User]) -> None:
    project = intake()
    criterion = _answer(project, "baseline", {"metric": "accuracy"})
    project.refresh_from_db()
    assert (criterion.status, project.readiness["score"]) == ("open", 4)


def test_a_complete_answer_fills_the_columns_that_gates_and_runs_use(people: dict[str, User]) -> None:
    project = complete_intake()
    metric = SuccessMetric.objects.get(project=project)
    assert (metric.name, metric.target, metric.is_met_by(0.83), metric.is_met_by(0.81)) == (
        "accuracy",
        0.82,
        True,
        False,
    )
    assert (project.data_classification, str(project.poc_ends_on), project.poc_budget) == (
        "internal",
        "2027-06-30",
        95000,
    )
    assert project.deploy_authority == people["devops"]
    assert project.readiness == {"score": 100, "complete": True, "missing": []}


def test_a_wrong_field_changes_nothing(people: dict[str, User]) -> None:
    project = intake()
    with pytest.raises(InvalidInput) as caught:
        _answer(project, "value", ANSWERS["value"] | {"likely": -5})
    assert list(caught.value.errors) == ["likely"]
    assert project.criteria.get(code="value").answer == {}


def test_strangers_do_not_know_the_project_and_auditors_change_nothing(people: dict[str, User]) -> None:
    project = intake()
    with pytest.raises(NotFound):
        _answer(project, "users", ANSWERS["users"], "stranger")
    with pytest.raises(NotAllowed, match="Auditors read everything and change nothing"):
        _answer(project, "users", ANSWERS["users"], "auditor")


def test_a_colleagues_newer_answer_is_not_overwritten(people: dict[str, User]) -> None:
    project = intake()
    seen = project.criteria.get(code="users").version
    _answer(project, "users", ANSWERS["users"], "scientist", expected_version=seen)
    with pytest.raises(DomainError, match="Aiko Kimura changed this answer") as caught:
        _answer(project, "users", {"user_group": "everybody"}, expected_version=seen)
    assert caught.value.code == "edited_meanwhile"


def test_saving_the_same_answer_twice_is_one_entry_in_the_trail(people: dict[str, User]) -> None:
    project = intake()
    _answer(project, "users", ANSWERS["users"])
    _answer(project, "users", ANSWERS["users"])
    assert AuditEntry.objects.filter(action="checklist.answered").count() == 1


def test_who_takes_part_does_not_judge(people: dict[str, User]) -> None:
    project = complete_intake()
    with pytest.raises(NotAllowed, match="somebody else reviews"):
        checklist.give_verdict(
            project_key=project.key, code="value", verdict="accept", comment="", actor=people["domain"]
        )
    with pytest.raises(InvalidInput, match="Say what is missing"):
        checklist.give_verdict(
            project_key=project.key, code="value", verdict="reject", comment=" ", actor=people["lead"]
        )
    judged = checklist.give_verdict(
        project_key=project.key, code="value", verdict="reject", comment="Ask finance.", actor=people["lead"]
    )
    assert (judged.status, judged.verdict_comment) == ("rejected", "Ask finance.")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x.example", "not an address", "https://" + "x" * 600])
def test_evidence_links_are_web_addresses(people: dict[str, User], url: str) -> None:
    with pytest.raises(InvalidInput):
        piece = evidence.Piece(kind="link", title="Model", url=url)
        evidence.add(project_key=intake().key, code="value", piece=piece, actor=people["domain"])


def test_an_area_has_one_accountable_person(people: dict[str, User]) -> None:
    project = intake()
    first, second = project.members.order_by("joined_at")
    for member in (first, second):
        team.set_responsibility(
            project_key=project.key,
            member_id=member.pk,
            work_area="data_quality",
            kind="accountable",
            actor=people["domain"],
        )
    assert first.responsibilities.get().kind == "responsible"
    assert second.responsibilities.get().kind == "accountable"


@pytest.mark.django_db(transaction=True)
def test_two_people_who_answer_at_once_lose_nothing() -> None:
    organisation()
    project = intake()
    barrier, outcomes = threading.Barrier(2), []

    def save(who: str, group: str) -> None:
        actor = person(who)
        barrier.wait()
        try:
            checklist.answer(
                project_key=project.key, code="users", answer={"user_group": group}, actor=actor, expected_version=1
            )
            outcomes.append("saved")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=pair) for pair in [("domain", "desk"), ("scientist", "field")]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["edited_meanwhile", "saved"]
    assert AuditEntry.objects.filter(action="checklist.answered").count() == 1
