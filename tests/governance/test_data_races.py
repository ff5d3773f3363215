"""Access to data when people and the clock come at once: real threads on real PostgreSQL, one outcome."""

from datetime import timedelta

import pytest
from django.utils import timezone

from coe_portal.core.models import AuditEntry
from governance.models import ApprovalRequest
from governance.services import approvals, data_access, data_expiry
from projects.models import DataAccess, Project
from projects.services import accesses, datasets
from tests.factories import organisation, person, unit
from tests.governance.requests import decide, submitted
from tests.governance.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3
WISH = accesses.Wish("To train and test the damage classifier.", "platform_read", 30)


def _asked() -> tuple[DataAccess, ApprovalRequest]:
    organisation()
    gate = submitted()
    for who in ("lead", "sponsor"):
        decide(gate, who)
    values = {"name": "claims", "business_unit": unit().pk, "owner": "devops", "classification": "internal"}
    source = datasets.register(values=values | {"location": "s3://data/claims/"}, actor=person("lead"))
    access = data_access.ask(
        project_key=Project.objects.get().key, dataset_id=source.pk, wish=WISH, actor=person("scientist")
    )
    return access, ApprovalRequest.objects.get(subject=access.ref)


def _granted() -> DataAccess:
    access, request = _asked()
    decide(request, "devops")
    return access


def _revoke(access: DataAccess, who: str) -> DataAccess:
    return data_access.revoke(access_id=access.pk, reason="Consent is gone.", actor=person(who))


@pytest.mark.parametrize("number", range(ROUNDS))
def test_asked_for_twice_at_once_is_asked_once(number: int) -> None:
    access, request = _asked()
    approvals.withdraw(request_id=request.pk, actor=person("scientist"))
    ask = {"project_key": access.project.key, "dataset_id": access.dataset_id, "wish": WISH}
    outcomes = at_once(*[lambda: data_access.ask(**ask, actor=person("scientist"))] * 2)
    assert sorted(outcomes) == ["access_exists", "done"]
    assert DataAccess.objects.live().count() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_granted_and_revoked_at_once_it_is_never_left_open(number: int) -> None:
    access, _ = _asked()
    DataAccess.objects.filter(pk=access.pk).update(status="approved")
    grant = {"access_id": access.pk, "actor": person("lead")}
    outcomes = at_once(lambda: data_access.grant(**grant), lambda: _revoke(access, "devops"))
    access.refresh_from_db()
    assert outcomes[1] == "done" and access.status == "revoked"
    assert outcomes[0] in ("done", "stale_state")


@pytest.mark.parametrize("number", range(ROUNDS))
def test_approved_and_withdrawn_at_once_it_has_one_end(number: int) -> None:
    access, request = _asked()
    withdraw = {"request_id": request.pk, "actor": person("scientist")}
    outcomes = at_once(lambda: decide(request, "devops"), lambda: approvals.withdraw(**withdraw))
    access.refresh_from_db()
    assert (outcomes, access.status) in (
        (["done", "stale_state"], "granted"),
        (["stale_state", "done"], "withdrawn"),
    )


@pytest.mark.parametrize("number", range(ROUNDS))
def test_revoked_while_its_time_is_over_it_ends_once(number: int) -> None:
    access = _granted()
    past = timezone.now() - timedelta(seconds=1)
    DataAccess.objects.filter(pk=access.pk).update(expires_at=past, next_check_at=past)
    outcomes = at_once(
        lambda: data_expiry.attend(access_id=access.pk),
        lambda: _revoke(access, "devops"),
        lambda: _revoke(access, "lead"),
    )
    access.refresh_from_db()
    assert access.status in ("expired", "revoked") and "done" in outcomes
    ends = AuditEntry.objects.about(access.ref).filter(action__in=["data_access.expired", "data_access.revoked"])
    assert ends.count() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_moved_while_it_is_decided_it_is_never_granted_for_another_place(number: int) -> None:
    access, request = _asked()
    move = {"dataset_id": access.dataset_id, "values": {"location": "s3://data/moved/"}, "actor": person("lead")}
    at_once(lambda: decide(request, "devops"), lambda: datasets.change(**move))
    access = DataAccess.objects.select_related("dataset").get(pk=access.pk)
    request.refresh_from_db()
    assert (access.status == "granted") == (access.dataset.location == request.specification["location"])
