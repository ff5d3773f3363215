"""What access to data opens, and how pages, API, inbox and story show it."""

from datetime import UTC, timedelta
from typing import Any

import pytest
import time_machine
import yaml
from django.db import transaction
from django.test import Client

from coe_portal.core import inbox, kept, outbox, story
from coe_portal.core.errors import InvalidInput, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.policies.document import Policy
from governance.policies.rules import Facts
from governance.services import (
    data_access,
    data_overview,
    intakes,
    policies,
)
from projects.models import DataAccess
from projects.services import accesses, stages, team
from tests.core.conftest import bearer
from tests.factories import complete_intake
from tests.governance.data import PURPOSE, asked, dataset, granted, in_poc, people, request_of
from tests.governance.requests import decide, publish

__all__ = ["people"]

pytestmark = pytest.mark.django_db


# What it lets read


def test_a_project_reads_registered_data_only_with_access(people: dict[str, User]) -> None:
    access = granted()
    project, place = access.project, access.dataset.location
    assert (
        data_access.missing_for(project, [place, f"{place}may.csv", "s3://elsewhere/x/", "s3://coe-data/free/"]) == []
    )
    (parent,) = data_access.missing_for(project, ["s3://coe-data/claims/"])
    assert "has no granted access" in parent.message and parent.how_to_fix.startswith("Ask Olga Wagner")
    other = in_poc("Spare parts")
    assert [item.code for item in data_access.missing_for(other, [f"{place}may.csv"])] == ["data_access"]
    data_access.revoke(access_id=access.pk, reason="Consent is gone.", actor=people["owner"])
    assert data_access.missing_for(project, [place])


def test_public_data_is_everybodys_and_a_copy_is_one_projects(people: dict[str, User]) -> None:
    free = dataset(name="weather", classification="public", location="s3://coe-data/weather/")
    copy = granted(pattern="sandbox_copy", environment="sandbox")
    other = in_poc("Spare parts")
    assert data_access.missing_for(other, [free.location]) == []
    assert data_access.missing_for(copy.project, [copy.copy_location, f"{copy.copy_location}a.csv"]) == []
    assert data_access.missing_for(copy.project, [copy.dataset.location])  # a copy opens the copy only
    assert "another project" in data_access.missing_for(other, [copy.copy_location])[0].message
    assert data_access.missing_for(other, ["s3://coe-sandbox/sandboxes/"])


def test_the_policy_reads_one_prefix_until_the_day_and_nothing_else(people: dict[str, User]) -> None:
    access = granted()
    policy = accesses.policy_for(access)
    assert policy["Version"] == "2012-10-17"
    listing, reading = policy["Statement"]
    ends = access.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Allow"}
    assert (listing["Action"], listing["Resource"]) == ("s3:ListBucket", "arn:aws:s3:::coe-data")
    assert listing["Condition"]["StringLike"] == {"s3:prefix": "claims/2026/*"}
    assert (reading["Action"], reading["Resource"]) == ("s3:GetObject", "arn:aws:s3:::coe-data/claims/2026/*")
    assert {statement["Condition"]["DateLessThan"]["aws:CurrentTime"] for statement in policy["Statement"]} == {ends}
    data_access.revoke(access_id=access.pk, reason="Consent is gone.", actor=people["owner"])
    access.refresh_from_db()
    with pytest.raises(StaleState, match="granted access only"):
        accesses.policy_for(access)


def test_the_policy_of_a_copy_reads_the_copy(people: dict[str, User]) -> None:
    copy = granted(pattern="sandbox_copy", environment="sandbox")
    resources = [statement["Resource"] for statement in accesses.policy_for(copy)["Statement"]]
    prefix = f"sandboxes/{copy.project.key.lower()}/{copy.pk}/"
    assert resources == ["arn:aws:s3:::coe-sandbox", f"arn:aws:s3:::coe-sandbox/{prefix}*"]


# Pages and API


def test_the_data_page_says_what_is_missing_and_why_one_cannot_ask(people: dict[str, User]) -> None:
    project = in_poc()
    dataset(name="damage_photos")
    overview = data_overview.of(project, people["scientist"])
    assert [item.code for item in overview.missing] == ["not_asked", "not_registered"]
    assert overview.obstacles.may_ask
    client = Client()
    client.force_login(people["domain"])
    page = client.get(f"/projects/{project.key}/data/").content.decode()
    assert "Nobody has asked for access to damage_photos yet." in page
    assert "You are not a data engineer or data scientist in the team" in page


def test_asking_granting_and_revoking_by_page(people: dict[str, User]) -> None:
    project, source, client = in_poc(), dataset(), Client()
    client.force_login(people["scientist"])
    assert "claims_outcomes" in client.get(f"/projects/{project.key}/data/ask/?dataset={source.pk}").content.decode()
    wrong = {"dataset": source.pk, "purpose": "Because.", "pattern": "platform_read", "days": 30}
    assert client.post(f"/projects/{project.key}/data/ask/", wrong).status_code == 422
    made = client.post(f"/projects/{project.key}/data/ask/", wrong | {"purpose": PURPOSE})
    access = DataAccess.objects.get()
    assert (made.status_code, made["Location"]) == (303, f"/data-access/{access.pk}/")
    assert "Not made yet" in client.get(made["Location"]).content.decode()
    decide(request_of(access), "owner")
    page = client.get(made["Location"]).content.decode()
    assert "s3:ListBucket" in page
    file = client.get(f"{made['Location']}iam-policy.json")
    assert file.json() == accesses.policy_for(DataAccess.objects.get())
    assert "attachment" in file["Content-Disposition"]
    client.force_login(people["owner"])
    assert client.get(f"/projects/{project.key}/").status_code == 404
    assert "Olga Wagner" in client.get(made["Location"]).content.decode()
    client.post(f"{made['Location']}revoke/", {"reason": "Consent is gone."})
    assert DataAccess.objects.get().status == "revoked"
    assert client.get(f"{made['Location']}iam-policy.json").status_code == 409


def test_the_api_asks_shows_and_ends(people: dict[str, User]) -> None:
    project, source, client = in_poc(), dataset(), Client()
    headers = bearer(people["scientist"], "read", "write")
    send = {"content_type": "application/json", "headers": headers}
    wish = {"project": project.key, "dataset": source.pk, "purpose": PURPOSE, "days": 30}
    copy = wish | {"pattern": "sandbox_copy", "environment": "sandbox"}
    refused = client.post("/api/v1/data-access/", wish | {"pattern": "sandbox_copy"}, **send)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["environment"])
    once = {"headers": headers | {"Idempotency-Key": "k"}, "content_type": "application/json"}
    made = [client.post("/api/v1/data-access/", copy, **once).json() for _ in range(2)]
    assert made[0] == made[1] and made[0]["status"] == "requested"
    where = f"/api/v1/data-access/{made[0]['id']}/"
    assert client.get(f"{where}iam-policy/", headers=headers).json()["code"] == "not_granted"
    decide(request_of(DataAccess.objects.get()), "owner")
    assert client.get(f"{where}iam-policy/", headers=headers).json()["Version"] == "2012-10-17"
    found = client.get(f"/api/v1/data-access/?project={project.key}&status=granted", headers=headers).json()
    assert [row["id"] for row in found["results"]] == [made[0]["id"]]
    assert client.post(f"{where}grant/", **send).status_code == 403
    ended = client.post(f"{where}revoke/", {"reason": "Not needed any more."}, **send).json()
    assert ended["status"] == "awaiting_destruction"
    words = {"statement": "The prefix was emptied, old versions too."}
    looked = client.post(f"{where}attest-destroyed/", words, **send)
    assert (looked.status_code, looked.json()["is_checking"]) == (202, True)
    gate = client.get(f"/api/v1/projects/{project.key}/gate/?action=grant_data", headers=headers).json()
    assert gate["allowed"] is True


def test_an_answer_of_the_owner_is_told_in_words(people: dict[str, User]) -> None:
    access, client = asked(columns=["claim_id"]), Client()
    client.force_login(people["owner"])
    page = client.get(f"/approvals/{request_of(access).key}/").content.decode()
    assert "claims_outcomes" in page and "Access to data" in page and PURPOSE.partition("'")[0] in page
    assert f'href="/data-access/{access.pk}/"' in page


def test_people_of_the_team_may_be_data_engineers_too(people: dict[str, User]) -> None:
    project = complete_intake("Route planning")
    team.add_member(project_key=project.key, username="devops", roles=["data_engineer"], actor=people["domain"])
    intakes.submit(project_key=project.key, actor=people["domain"])
    assert asked(project, who="devops").status == "requested"


def test_the_projects_story_tells_what_became_of_the_data(people: dict[str, User]) -> None:
    access = granted(pattern="sandbox_copy", environment="sandbox")
    data_access.revoke(access_id=access.pk, reason="Consent is gone.", actor=people["owner"])
    entries = AuditEntry.objects.about(access.ref).for_list().order_by("id")
    assert [f"{line.who} {line.sentence}" for line in story.told(entries)] == [
        "Aiko Kimura asked for access to claims_outcomes",
        f"Olga Wagner granted access to claims_outcomes until {access.expires_at.astimezone(UTC):%Y-%m-%d}",
        "Olga Wagner revoked access to claims_outcomes",
    ]


def test_an_ended_project_reads_nothing_any_more(people: dict[str, User]) -> None:
    access = granted(pattern="sandbox_copy", environment="sandbox")
    assert data_access.end_with_project(access.project.key) == 0
    with transaction.atomic():
        stages.move_stage(access.project, "stopped", actor=people["lead"])
    while outbox.deliver_next():
        pass
    access.refresh_from_db()
    assert (access.status, access.end_reason) == ("awaiting_destruction", "revoked")
    assert access.note == f"{access.project.key} has ended."
    words = "The prefix was emptied after the project ended."
    data_access.attest_destroyed(access_id=access.pk, statement=words, actor=people["scientist"])


def _tasks(user: User) -> list[inbox.Task]:
    kept.changed()  # a clock that a test moves changes nothing
    return [task for task in inbox.tasks(user) if task.kind == "Data"]


def test_what_has_to_be_seen_to_is_a_task_of_who_asked_and_of_the_owner(people: dict[str, User]) -> None:
    access = granted(pattern="sandbox_copy", environment="sandbox")
    assert _tasks(people["scientist"]) == []
    with time_machine.travel(access.expires_at - timedelta(days=3), tick=False):
        (task,) = _tasks(people["scientist"])
        assert (task.title, task.due_on) == ("Access to claims_outcomes ends", access.expires_on)
    data_access.revoke(access_id=access.pk, reason="Consent is gone.", actor=people["owner"])
    for who in ("scientist", "domain"):
        client = Client()
        client.force_login(people[who])
        assert "Destroy the copy of claims_outcomes" in client.get("/inbox/").content.decode()
    assert _tasks(people["lead"]) == []
    words = "The prefix was emptied with the command line."
    data_access.attest_destroyed(access_id=access.pk, statement=words, actor=people["scientist"])
    assert _tasks(people["scientist"]) == []


def test_the_stricter_policy_has_security_agree_to_confidential_data(people: dict[str, User]) -> None:
    stricter = Policy(yaml.safe_load(policies.DEFAULT.with_name("eu_ai_act.yaml").read_text()))
    shipped = Policy(yaml.safe_load(policies.DEFAULT.read_text()))
    facts = Facts(data_classification="confidential")
    names = [[step.name for step in each.steps_for("grant_data", facts).steps] for each in (shipped, stricter)]
    assert names == [["Data owner"], ["Data owner", "Security"]]


STEP = {"name": "Owner", "person": "data_owner", "needed": 1, "days": 3}


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            {"action": "break_glass", "steps": [STEP, STEP | {"name": "Twice"}]},
            "Only rules for grant_data know a data owner.",
        ),
        ({"action": "grant_data", "steps": [STEP | {"needed": 2}]}, "One person gives one approval."),
        (
            {"action": "grant_data", "steps": [STEP | {"escalate_to": {"person": "data_owner"}}]},
            "name somebody else here",
        ),
        ({"action": "grant_data", "steps": [STEP | {"fallback": {"person": "data_owner"}}]}, "name somebody else here"),
    ],
)
def test_a_policy_names_the_data_owner_only_where_there_is_one(
    people: dict[str, User], rule: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        publish(approvals=[rule])
    assert sentence in str(caught.value.errors)
