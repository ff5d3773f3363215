"""Access to data from the question to its end: decided by the owner, granted behind the gate, ended by time."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.errors import GateClosed, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest
from governance.services import (
    approvals,
    data_access,
    data_expiry,
    gates,
    notifications,
)
from governance.services.approvals import sla
from projects.models import DataAccess, Project
from projects.services import accesses, datasets
from tests.factories import intake, person
from tests.governance.data import asked, dataset, granted, in_poc, people, request_of
from tests.governance.requests import decide, publish, submitted

__all__ = ["people"]

pytestmark = pytest.mark.django_db


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
