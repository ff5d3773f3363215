"""Access to data from the question to its end: decided by the owner, granted behind the gate, ended by time."""

from datetime import UTC, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from coe_portal.core import outbox, story
from coe_portal.core.errors import GateClosed, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest
from governance.services import approvals, data_access, data_expiry, data_overview, gates, intakes, notifications
from governance.services.approvals import sla
from projects.models import DataAccess, Dataset, Project
from projects.services import accesses, datasets, places, team
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation, person, unit
from tests.governance.requests import decide, publish, submitted

pytestmark = pytest.mark.django_db
PURPOSE = "To train and test the damage classifier on last year's claims."
SANDBOX = places.Place("sandbox", "sandbox", "eu-west-1", "coe-sandbox")
PROD = places.Place("prod", "prod", "eu-west-1", "coe-prod")


@pytest.fixture
def people(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, User]:
    monkeypatch.setattr(places, "_lookups", [lambda project: [SANDBOX, PROD]])
    return organisation() | {"owner": person("owner", display_name="Olga Wagner", email="owner@example.org")}


def dataset(**changes: Any) -> Dataset:
    values = {
        "name": "claims_outcomes",
        "business_unit": unit().pk,
        "owner": "owner",
        "classification": "confidential",
        "location": "s3://coe-data/claims/2026/",
        "columns": [{"name": "claim_id"}, {"name": "amount"}],
    }
    return datasets.register(values=values | changes, actor=person("lead"))


def in_poc(name: str = "Vehicle damage estimate") -> Project:
    """A project in its proof of concept, with a data scientist."""
    asked = submitted(name)
    for who in ("lead", "sponsor"):
        decide(asked, who)
    return Project.objects.get(pk=asked.project_id)


def asked(
    project: Project | None = None, source: Dataset | None = None, who: str = "scientist", **wish: Any
) -> DataAccess:
    given = {"purpose": PURPOSE, "pattern": "platform_read", "days": 90} | wish
    return data_access.ask(
        project_key=(project or in_poc()).key,
        dataset_id=(source or dataset()).pk,
        wish=accesses.Wish(**given),
        actor=person(who),
    )


def request_of(access: DataAccess) -> ApprovalRequest:
    found = data_access.request_of(access)
    assert found is not None
    return found


def granted(**wish: Any) -> DataAccess:
    access = asked(**wish)
    decide(request_of(access), "owner")
    access.refresh_from_db()
    return access


def test_the_owner_decides_and_the_project_may_read_for_the_days_that_were_asked_for(people: dict[str, User]) -> None:
    access = asked(columns=["claim_id"])
    assert access.status == "requested"
    assert Project.objects.get().waiting_on == "Data owner: Olga Wagner"
    assert request_of(access) in ApprovalRequest.objects.awaiting(people["owner"])
    decide(request_of(access), "owner")
    access.refresh_from_db()
    assert (access.status, access.is_readable) == ("granted", True)
    assert access.expires_on == timezone.localdate() + timedelta(days=90)
    actions = AuditEntry.objects.about(access.ref).order_by("id").values_list("action", "actor__username")
    assert list(actions) == [("data_access.requested", "scientist"), ("data_access.granted", "owner")]


def test_restricted_data_needs_security_as_well(people: dict[str, User]) -> None:
    access = asked(source=dataset(classification="restricted"))
    request = request_of(access)
    assert [step.name for step in request.steps.all()] == ["Data owner", "Security"]
    decide(request, "owner")
    access.refresh_from_db()
    assert access.status == "requested"
    decide(request, "security")
    access.refresh_from_db()
    assert access.status == "granted"


def test_an_owner_who_asks_is_replaced_by_the_group_of_data_owners(people: dict[str, User]) -> None:
    steward = person("steward", display_name="Sofia Adler", approver_groups=["data_owner"])
    access = asked(source=dataset(owner="scientist"))
    with pytest.raises(NotAllowed, match="You asked for this"):
        decide(request_of(access), "scientist")
    decide(request_of(access), steward.username)
    access.refresh_from_db()
    assert access.status == "granted"


def test_who_owns_the_project_and_the_data_does_not_decide_alone(people: dict[str, User]) -> None:
    steward = person("steward", display_name="Sofia Adler", approver_groups=["data_owner"])
    access = asked(source=dataset(owner="domain"))
    with pytest.raises(NotAllowed, match="You own or wrote this project"):
        decide(request_of(access), "domain")
    decide(request_of(access), steward.username)
    access.refresh_from_db()
    assert access.status == "granted"


def test_a_policy_from_before_data_was_asked_for_has_the_owner_decide(people: dict[str, User]) -> None:
    publish(approvals=[])
    for class_, steps in (("confidential", ["Data owner"]), ("restricted", ["Data owner", "Security"])):
        source = dataset(name=f"data_{class_}", classification=class_, location=f"s3://coe-data/{class_}/")
        access = asked(in_poc(f"Project of {class_} data"), source)
        assert [step.name for step in request_of(access).steps.all()] == steps


@pytest.mark.parametrize(("verdict", "status"), [("reject", "refused"), ("request_changes", "refused")])
def test_a_refusal_says_why_and_opens_nothing(people: dict[str, User], verdict: str, status: str) -> None:
    access = asked()
    decide(request_of(access), "owner", verdict, "Ask for fewer columns.")
    access.refresh_from_db()
    assert (access.status, access.is_readable) == (status, False)
    assert "Ask for fewer columns." in access.note
    assert asked(access.project, access.dataset).status == "requested"


def test_a_withdrawn_and_an_expired_question_open_nothing(people: dict[str, User]) -> None:
    access = asked()
    approvals.withdraw(request_id=request_of(access).pk, actor=people["scientist"])
    access.refresh_from_db()
    assert access.status == "withdrawn"
    second = asked(access.project, access.dataset)
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        sla.attend_due()
        second.refresh_from_db()
    assert second.status == "withdrawn"


@pytest.mark.parametrize(
    "change", [{"location": "s3://coe-data/moved/"}, {"classification": "restricted"}, {"owner": "lead"}]
)
def test_what_changed_after_it_was_asked_for_is_not_granted(people: dict[str, User], change: dict[str, Any]) -> None:
    access = asked()
    datasets.change(dataset_id=access.dataset_id, values=change, actor=people["lead"])
    assert decide(request_of(access), "owner").state == "void"
    access.refresh_from_db()
    assert access.status == "withdrawn"


def test_approved_before_its_stage_it_is_granted_when_the_stage_comes(people: dict[str, User]) -> None:
    gate = submitted()
    access = asked(gate.project)
    decide(request_of(access), "owner")
    access.refresh_from_db()
    assert (access.status, access.is_readable) == ("approved", False)
    assert "needs proof of concept" in access.note
    with pytest.raises(GateClosed):
        data_access.grant(access_id=access.pk, actor=people["owner"])
    for who in ("lead", "sponsor"):
        decide(gate, who)
    while outbox.deliver_next():
        pass
    access.refresh_from_db()
    assert (access.status, access.is_readable) == ("granted", True)


def test_the_gate_fails_closed_when_it_breaks(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    access = asked()

    def broken(*args: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(gates, "_missing", broken)
    decide(request_of(access), "owner")
    access.refresh_from_db()
    assert (access.status, access.is_readable) == ("approved", False)
    monkeypatch.undo()
    with pytest.raises(NotAllowed, match="You asked for this"):
        data_access.grant(access_id=access.pk, actor=people["scientist"])
    assert data_access.grant(access_id=access.pk, actor=people["owner"]).is_readable
    with pytest.raises(StaleState, match="only an approved one is granted"):
        data_access.grant(access_id=access.pk, actor=people["owner"])


def test_who_may_ask(people: dict[str, User]) -> None:
    project, source = in_poc(), dataset()
    with pytest.raises(NotFound):
        asked(project, source, "stranger")
    with pytest.raises(NotAllowed, match="Only the team"):
        asked(project, source, "auditor")
    with pytest.raises(GateClosed, match="not a data engineer or data scientist"):
        asked(project, source, "domain")
    with pytest.raises(NotAllowed, match="from qualification on"):
        asked(intake("An idea"), source)
    assert not DataAccess.objects.exists()


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"purpose": "Because."}, "purpose"),
        ({"pattern": "borrow"}, "pattern"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"columns": ["birth_date"]}, "columns"),
        ({"environment": "sandbox"}, "environment"),
        ({"pattern": "sandbox_copy"}, "environment"),
        ({"pattern": "sandbox_copy", "environment": "prod"}, "environment"),
    ],
)
def test_what_cannot_be_asked_for_is_named_by_field(people: dict[str, User], wish: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        asked(**wish)
    assert list(caught.value.errors) == [field]
    assert not DataAccess.objects.exists()


def test_one_live_access_of_a_kind_and_none_to_retired_data(people: dict[str, User]) -> None:
    access = granted()
    with pytest.raises(StaleState, match="has or asks for claims_outcomes already"):
        asked(access.project, access.dataset)
    copy = asked(access.project, access.dataset, pattern="sandbox_copy", environment="sandbox")
    assert copy.copy_location == f"s3://coe-sandbox/sandboxes/{access.project.key.lower()}/{copy.pk}/"
    old = dataset(name="old", location="s3://coe-data/old/", readiness="retired")
    with pytest.raises(StaleState, match="is retired"):
        asked(access.project, old)


# The end


def test_it_is_reminded_of_a_week_before_and_ends_by_itself(people: dict[str, User]) -> None:
    people["scientist"].email = "aiko@example.org"
    people["scientist"].save(update_fields=["email"])
    access = granted()
    assert data_expiry.attend_due() == 0
    with time_machine.travel(access.expires_at - timedelta(days=6, hours=23), tick=False):
        assert (data_expiry.attend_due(), data_expiry.attend_due()) == (1, 0)
        while outbox.deliver_next():
            pass
        notifications.send_due()
    told = [message for message in mail.outbox if "ends soon" in message.subject]
    assert [message.to for message in told] == [["aiko@example.org"]]
    access.refresh_from_db()
    assert access.status == "granted"
    with time_machine.travel(access.expires_at + timedelta(seconds=1), tick=False):
        assert not DataAccess.objects.granted().exists()
        assert (data_expiry.attend_due(), data_expiry.attend_due()) == (1, 0)
    access.refresh_from_db()
    assert (access.status, access.end_reason) == ("expired", "expired")


@pytest.mark.parametrize("who", ["owner", "security", "lead", "scientist"])
def test_owner_security_lead_and_team_end_it_with_a_reason(people: dict[str, User], who: str) -> None:
    access = granted()
    with pytest.raises(InvalidInput):
        data_access.revoke(access_id=access.pk, reason=" ", actor=person(who))
    ended = data_access.revoke(access_id=access.pk, reason="The supplier took its consent back.", actor=person(who))
    assert (ended.status, ended.end_reason, ended.is_readable) == ("revoked", "revoked", False)
    with pytest.raises(StaleState, match="only an approved or granted one"):
        data_access.revoke(access_id=access.pk, reason="Once more.", actor=person(who))


def test_strangers_and_auditors_end_nothing(people: dict[str, User]) -> None:
    access = granted()
    with pytest.raises(NotFound):
        data_access.revoke(access_id=access.pk, reason="Because.", actor=people["stranger"])
    with pytest.raises(NotAllowed):
        data_access.revoke(access_id=access.pk, reason="Because.", actor=people["auditor"])


def test_a_copy_is_never_over_before_it_is_destroyed(people: dict[str, User]) -> None:
    access = granted(pattern="sandbox_copy", environment="sandbox")
    with time_machine.travel(access.expires_at + timedelta(seconds=1), tick=False):
        data_expiry.attend_due()
    access.refresh_from_db()
    assert (access.status, access.end_reason) == ("awaiting_destruction", "expired")
    with pytest.raises(InvalidInput):
        data_access.attest_destroyed(access_id=access.pk, statement="Gone.", actor=people["scientist"])
    words = "The prefix and its old versions were deleted with a lifecycle rule."
    with pytest.raises(NotAllowed, match="Only the team"):
        data_access.attest_destroyed(access_id=access.pk, statement=words, actor=people["security"])
    waiting = data_access.attest_destroyed(access_id=access.pk, statement=words, actor=people["scientist"])
    assert (waiting.status, waiting.attested_by) == ("awaiting_destruction", people["scientist"])
    with pytest.raises(StaleState, match="looking at the copy's prefix already"):
        data_access.attest_destroyed(access_id=access.pk, statement=words, actor=people["scientist"])
    left = accesses.Seen(objects=2, keys=("a", "b"))
    assert data_access.record_look(access_id=access.pk, seen=left).status == "awaiting_destruction"  # type: ignore[union-attr]
    assert data_access.record_look(access_id=access.pk, seen=accesses.Seen()) is None  # nobody attested again
    data_access.attest_destroyed(access_id=access.pk, statement=words, actor=people["scientist"])
    closed = data_access.record_look(access_id=access.pk, seen=accesses.Seen())
    assert closed is not None and closed.status == "closed"
    actions = list(AuditEntry.objects.about(access.ref).order_by("id").values_list("action", flat=True))
    assert actions[-5:] == [
        "data_access.expired",
        "data_access.destruction_attested",
        "data_access.copy_found",
        "data_access.destruction_attested",
        "data_access.closed",
    ]


def test_attesting_a_copy_that_is_still_granted_gives_it_back(people: dict[str, User]) -> None:
    access = granted(pattern="sandbox_copy", environment="sandbox")
    words = "We are done; the prefix was emptied."
    back = data_access.attest_destroyed(access_id=access.pk, statement=words, actor=people["scientist"])
    assert (back.status, back.end_reason, back.is_readable) == ("awaiting_destruction", "finished", False)
    with pytest.raises(StaleState, match="no copy whose destruction"):
        data_access.attest_destroyed(access_id=_other().pk, statement=words, actor=people["scientist"])


def _other() -> DataAccess:
    return granted(project=in_poc("Spare parts"), source=dataset(name="parts", location="s3://coe-data/parts/"))


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
