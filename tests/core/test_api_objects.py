"""Single objects of the API: their versions, what changes them, and how the smaller lists are filtered."""

import pytest
from django.test import Client

from coe_portal.core.models import User
from projects.models import Project
from tests.core.conftest import bearer, is_problem
from tests.factories import complete_intake, intake, unit

JSON = "application/json"
pytestmark = pytest.mark.django_db


def test_the_tag_changes_with_everything_that_the_caller_can_see(client: Client, people: dict[str, User]) -> None:
    from governance.services import approvals, intakes

    asked = intakes.submit(project_key=complete_intake().key, actor=people["domain"]).approval
    headers, address = bearer(people["domain"]), f"/api/v1/projects/{asked.project.key}/"
    first = client.get(address, headers=headers)
    approvals.decide(request_id=asked.pk, verdict="approve", actor=people["lead"])
    again = client.get(address, headers={**headers, "If-None-Match": first["ETag"]})
    assert (first.json()["waiting_on"], again.status_code) == ("CoE lead: any CoE lead", 200)
    assert again.json()["waiting_on"].startswith("Sponsor")
    known = {**headers, "If-None-Match": f'"other", W/{again["ETag"]}'}
    assert client.get(address, headers=known).status_code == 304


def test_a_change_against_an_older_member_or_duty_is_refused(client: Client, domain: dict[str, str]) -> None:
    project = intake()
    base, member = f"/api/v1/projects/{project.key}/", project.members.get(user__username="scientist")
    address = f"{base}members/{member.pk}/"
    tag = client.get(address, headers=domain)["ETag"]
    body = {"roles": ["data_scientist", "data_engineer"]}
    done = client.patch(address, body, JSON, headers={**domain, "If-Match": tag})
    assert done.status_code == 200
    stale = client.patch(address, {"roles": ["sponsor"]}, JSON, headers={**domain, "If-Match": tag})
    assert is_problem(stale, 412)["code"] == "precondition_failed"
    fresh = client.patch(address, body, JSON, headers={**domain, "If-Match": f'"x", {done["ETag"]}'})
    assert fresh.status_code == 200


def test_a_responsibility_is_changed_and_taken_away(client: Client, domain: dict[str, str]) -> None:
    project = intake()
    member = project.members.get(user__username="scientist")
    base = f"/api/v1/projects/{project.key}/responsibilities/"
    body = {"member": member.pk, "work_area": "data_quality", "kind": "responsible"}
    made = client.post(base, body, JSON, headers=domain).json()
    changed = client.patch(f"{base}{made['id']}/", {"kind": "accountable"}, JSON, headers=domain)
    assert changed.json() == {**made, "kind": "accountable"}
    found = client.get(f"{base}?work_area=data_quality&kind=accountable", headers=domain).json()["results"]
    assert [row["id"] for row in found] == [made["id"]]
    assert client.delete(f"{base}{made['id']}/", headers=domain).status_code == 204
    is_problem(client.get(f"{base}{made['id']}/", headers=domain), 404)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("business-units/?search=motor", 1),
        ("business-units/?search=cc-100", 1),
        ("business-units/?name=Motor", 0),
        ("projects/{key}/checklist/?status=open", 8),
        ("projects/{key}/checklist/?status=accepted", 0),
        ("projects/{key}/checklist/?step=4", 2),
        ("projects/{key}/checklist/?owner=lead", 0),
        ("projects/{key}/members/?role=data_scientist", 1),
        ("projects/{key}/members/?user=domain", 1),
    ],
)
def test_the_smaller_lists_are_filtered_too(client: Client, domain: dict[str, str], query: str, found: int) -> None:
    answer = client.get(f"/api/v1/{query.format(key=intake().key)}", headers=domain)
    assert len(answer.json()["results"]) == found


def test_a_project_can_be_proposed_for_its_owner(client: Client, people: dict[str, User]) -> None:
    body = {"name": "Claims triage", "business_unit": unit().pk, "owner": "domain", "deploy_authority": "devops"}
    made = client.post("/api/v1/projects/", body, JSON, headers=bearer(people["lead"], "read", "write")).json()
    assert (made["owner"], made["deploy_authority"]) == ("domain", "devops")
    project = Project.objects.get()
    assert [member.user.username for member in project.members.all()] == ["domain"]
    assert project.created_by == people["lead"]


def test_a_session_of_a_browser_may_use_idempotency_keys(people: dict[str, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["domain"])
    client.get("/me/")
    body = {"name": "Claims triage", "business_unit": unit().pk}
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value, "Idempotency-Key": "once"}
    codes = [client.post("/api/v1/projects/", body, JSON, headers=headers).status_code for _ in range(2)]
    assert (codes, Project.objects.count()) == ([201, 201], 1)
