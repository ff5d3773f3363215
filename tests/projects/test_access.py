"""Who sees a project and who changes it: the same by page and by API, with a reason for every refusal."""

import pytest
from django.test import Client

from coe_portal.core.models import AuditEntry, User
from governance.services import intakes
from projects.models import Project
from projects.services import team
from tests.core.conftest import bearer
from tests.factories import ANSWERS, complete_intake, intake, organisation

JSON = "application/json"
pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


WRITES = [
    ("patch", "", {"name": "Taken over"}),
    ("patch", "checklist/value/", {"answer": ANSWERS["value"]}),
    ("post", "checklist/value/evidence/", {"kind": "note", "title": "A note", "note": "Text"}),
    ("post", "members/", {"user": "devops", "roles": ["devops_engineer"]}),
]


@pytest.mark.parametrize(("method", "address", "body"), WRITES)
@pytest.mark.parametrize(
    ("who", "status"), [("domain", (200, 201)), ("lead", (200, 201)), ("auditor", (403,)), ("stranger", (404,))]
)
def test_the_team_and_leads_change_a_project_and_others_hear_why_not(
    client: Client, people: dict[str, User], method: str, address: str, body: object, who: str, status: tuple[int, ...]
) -> None:
    key = intake().key
    before = AuditEntry.objects.in_project(key).count()
    headers = bearer(people[who], "read", "write")
    answer = getattr(client, method)(f"/api/v1/projects/{key}/{address}", body, JSON, headers=headers)
    assert answer.status_code in status, answer.content
    assert answer.status_code < 300 or answer.json()["detail"].endswith(".")
    changed = AuditEntry.objects.in_project(key).count() - before
    assert changed == (1 if answer.status_code < 300 else 0)


@pytest.mark.parametrize(("method", "address", "body"), WRITES)
def test_a_token_that_only_reads_changes_nothing(
    client: Client, people: dict[str, User], method: str, address: str, body: object
) -> None:
    key = intake().key
    headers = bearer(people["domain"], "read")
    answer = getattr(client, method)(f"/api/v1/projects/{key}/{address}", body, JSON, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(("method", "address", "body"), WRITES)
def test_what_is_with_the_approvers_is_fixed(
    client: Client, people: dict[str, User], method: str, address: str, body: object
) -> None:
    project = complete_intake()
    intakes.submit(project_key=project.key, actor=people["domain"])
    headers = bearer(people["domain"], "read", "write")
    answer = getattr(client, method)(f"/api/v1/projects/{project.key}/{address}", body, JSON, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "checklist_frozen")
    assert "with its approvers" in answer.json()["detail"]


def _seen_by(user: User) -> list[str]:
    return [project.key for project in Project.objects.visible_to(user)]


def test_a_new_member_sees_the_project_until_they_leave(people: dict[str, User]) -> None:
    project, actor = intake(), people["domain"]
    assert _seen_by(people["devops"]) == []
    member = team.add_member(project_key=project.key, username="devops", roles=["devops_engineer"], actor=actor)
    assert _seen_by(people["devops"]) == [project.key]
    team.remove_member(project_key=project.key, member_id=member.pk, actor=actor)
    assert _seen_by(people["devops"]) == []


def test_approvers_see_what_was_submitted_and_no_idea_before(people: dict[str, User]) -> None:
    project = complete_intake()
    assert _seen_by(people["security"]) == []
    intakes.submit(project_key=project.key, actor=people["domain"])
    assert _seen_by(people["security"]) == [project.key]


def test_similar_work_never_names_a_project_that_one_may_not_see(client: Client, people: dict[str, User]) -> None:
    intake("Vehicle damage estimate")
    found = client.get("/api/v1/projects/similar/?text=vehicle+damage", headers=bearer(people["stranger"])).json()
    assert found == []


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("checklist/value/evidence/", {"kind": "link", "title": "Model", "url": "javascript:alert(1)"}),
        ("checklist/value/evidence/", {"kind": "note", "title": "Note", "note": "x", "url": "javascript:alert(1)"}),
        ("checklist/value/evidence/", {"kind": "film"}),
        ("checklist/value/verdict/", {"verdict": "maybe"}),
        ("checklist/nothing/verdict/", {"verdict": "accept"}),
        ("team/", {"user": "ghost", "roles": ["emperor"]}),
        ("team/responsibility/", {"member": "nobody", "work_area": "data_quality", "kind": "accountable"}),
        ("team/responsibility/", {"member": "nobody", "work_area": "moon"}),
        ("team/nobody/remove/", {}),
    ],
)
def test_a_form_with_nonsense_changes_nothing(
    client: Client, people: dict[str, User], address: str, fields: dict[str, object]
) -> None:
    key = intake().key
    before = AuditEntry.objects.in_project(key).count()
    client.force_login(people["lead"])
    answer = client.post(f"/projects/{key}/{address}", fields)
    assert answer.status_code in (303, 400, 404, 409, 422)
    assert AuditEntry.objects.in_project(key).count() == before


def test_the_owner_is_not_taken_out_of_the_team(client: Client, people: dict[str, User]) -> None:
    project = intake()
    member = project.members.get(user=people["domain"])
    client.force_login(people["domain"])
    answer = client.post(f"/projects/{project.key}/team/{member.pk}/remove/")
    assert answer.status_code == 409
    assert b"Name another owner first." in answer.content
    assert project.members.filter(pk=member.pk).exists()


@pytest.mark.parametrize("page", ["/projects/{key}/team/", "/intake/{key}/team/"])
def test_roles_are_shown_in_words(client: Client, people: dict[str, User], page: str) -> None:
    key = intake().key
    client.force_login(people["domain"])
    assert '">Data scientist</span>' in client.get(page.format(key=key)).content.decode()
