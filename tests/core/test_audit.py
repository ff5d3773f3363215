"""The audit trail only grows."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from coe_portal.core import audit
from coe_portal.core.models import AuditEntry, User
from tests.core.conftest import bearer

pytestmark = pytest.mark.django_db


def test_an_entry_says_who_what_and_what_changed(ada: User, lead: User) -> None:
    entry = audit.record(
        actor=lead,
        on_behalf_of=ada,
        action="budget.changed",
        subject=ada,
        before={"limit": Decimal("10.50")},
        after={"limit": Decimal("12.00"), "until": datetime.date(2026, 12, 1), "by": lead},
        comment="agreed",
    )
    entry.refresh_from_db()
    assert (entry.actor, entry.on_behalf_of, entry.subject, entry.subject_label) == (lead, ada, "user:ada", "Ada Byron")
    assert entry.before == {"limit": "10.50"}
    assert entry.after == {"limit": "12.00", "until": "2026-12-01", "by": "user:lead"}


@pytest.mark.parametrize("statement", ["UPDATE core_auditentry SET comment = 'x'", "DELETE FROM core_auditentry"])
def test_the_database_refuses_to_change_or_remove_an_entry(ada: User, statement: str) -> None:
    audit.record(actor=ada, action="user.greeted", subject=ada)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.count() == 1


def test_the_database_refuses_to_empty_the_trail_without_the_test_switch() -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL coe.allow_truncate = 'off'")
        cursor.execute("TRUNCATE core_auditentry CASCADE")


def test_people_read_what_they_did_and_auditors_read_everything(
    client: Client, ada: User, lead: User, auditor: User
) -> None:
    audit.record(actor=ada, action="user.greeted", subject=ada)
    audit.record(actor=lead, action="policy.published", subject=lead)

    def actions(user: User) -> set[str]:
        answer = client.get("/api/v1/audit/", headers=bearer(user))
        return {row["action"] for row in answer.json()["results"]} - {"token.created"}

    assert actions(ada) == {"user.greeted"}
    assert actions(auditor) == {"user.greeted", "policy.published"}


def test_the_trail_can_be_filtered_by_actor_action_and_subject(client: Client, ada: User, lead: User) -> None:
    audit.record(actor=ada, action="user.greeted", subject=ada)
    audit.record(actor=lead, action="policy.published", subject=lead)
    rows = client.get("/api/v1/audit/?actor=ada&action=user&subject=user:ada", headers=bearer(lead)).json()["results"]
    assert [(row["actor"], row["action"]) for row in rows] == [("ada", "user.greeted")]
