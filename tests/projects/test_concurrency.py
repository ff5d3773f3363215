"""Two people at the same time: one outcome, nothing lost, and a sentence for the second."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from coe_portal.core.models import AuditEntry, User
from projects.models import Member, Project
from projects.services import team
from tests.core.conftest import bearer
from tests.factories import ANSWERS, intake, organisation, person

JSON = "application/json"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _at_once(*calls: Callable[[], object]) -> None:
    """Run the calls in threads of their own that start together."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        try:
            call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_against_the_same_version_one_is_refused() -> None:
    people = organisation()
    address = f"/api/v1/projects/{intake().key}/"
    headers = bearer(people["domain"], "read", "write")
    tag, codes = Client().get(address, headers=headers)["ETag"], []

    def rename(name: str) -> None:
        answer = Client().patch(address, {"name": name}, JSON, headers={**headers, "If-Match": tag})
        codes.append(answer.status_code)

    _at_once(lambda: rename("First name"), lambda: rename("Second name"))
    assert sorted(codes) == [200, 412]
    assert AuditEntry.objects.filter(action="project.changed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_against_the_same_version_one_is_refused() -> None:
    people = organisation()
    address = f"/api/v1/projects/{intake().key}/checklist/users/"
    headers = bearer(people["domain"], "read", "write")
    tag, codes = Client().get(address, headers=headers)["ETag"], []

    def answer(group: str) -> None:
        body = {"answer": ANSWERS["users"] | {"user_group": group}}
        codes.append(Client().patch(address, body, JSON, headers={**headers, "If-Match": tag}).status_code)

    _at_once(lambda: answer("desk"), lambda: answer("field"))
    assert sorted(codes) == [200, 412]
    assert AuditEntry.objects.filter(action="checklist.answered").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_colleague_who_is_added_twice_at_once_is_one_member() -> None:
    organisation()
    project, actor = intake(), person("domain")

    def add(role: str) -> None:
        team.add_member(project_key=project.key, username="devops", roles=[role], actor=actor)

    _at_once(lambda: add("devops_engineer"), lambda: add("software_engineer"))
    assert Member.objects.filter(project=project, user=person("devops")).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_area_handed_to_two_people_at_once_has_one_accountable() -> None:
    organisation()
    project, actor = intake(), person("domain")

    def hand(member: Member) -> None:
        team.set_responsibility(
            project_key=project.key, member_id=member.pk, work_area="data_quality", kind="accountable", actor=actor
        )

    first, second = project.members.all()
    _at_once(lambda: hand(first), lambda: hand(second))
    kinds = [duty.kind for member in project.members.all() for duty in member.responsibilities.all()]
    assert sorted(kinds) == ["accountable", "responsible"]


def test_typing_on_after_a_refusal_never_overwrites_the_colleague(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    address = f"/intake/{key}/data/autosave/"
    fields = {f"data-{name}": value for name, value in ANSWERS["data"].items()} | {"data-_version": "1"}
    client.force_login(people["scientist"])
    assert 'value="2"' in client.post(address, fields).content.decode()
    client.force_login(people["domain"])
    panel = client.post(address, fields | {"data-datasets": "my own list"}).content.decode()
    assert "Aiko Kimura changed this answer" in panel
    assert "data-_version" not in panel
    assert Project.objects.get().criteria.get(code="data").answer["datasets"] == ANSWERS["data"]["datasets"]
