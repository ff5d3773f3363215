"""A status changes in one way only."""

import threading

import pytest
from django.db import connection, transaction

from coe_portal.core import lifecycle
from coe_portal.core.errors import StaleState
from coe_portal.core.models import AuditEntry, OutboxEvent
from coe_portal.core.models.outbox import OUTBOX_LIFECYCLE, OutboxState


def _event() -> OutboxEvent:
    return OutboxEvent.objects.create(key="k1", name="happened", payload={})


@pytest.mark.django_db
def test_a_move_changes_the_row_and_writes_the_audit_entry() -> None:
    event = _event()
    OUTBOX_LIFECYCLE.move(event, OutboxState.PARKED, actor=None, action="event.parked", error="no such run")
    event.refresh_from_db()
    entry = AuditEntry.objects.get()
    assert (event.state, event.error) == ("parked", "no such run")
    assert (entry.action, entry.before, entry.after) == (
        "event.parked",
        {"state": "pending"},
        {"state": "parked", "error": "no such run"},
    )


@pytest.mark.django_db
def test_an_unlisted_move_is_refused_with_a_sentence() -> None:
    event = _event()
    OUTBOX_LIFECYCLE.change(event, OutboxState.DELIVERED)
    with pytest.raises(StaleState, match="is delivered and cannot become pending any more"):
        OUTBOX_LIFECYCLE.change(event, OutboxState.PENDING)


@pytest.mark.django_db(transaction=True)
def test_a_move_outside_a_transaction_is_refused() -> None:
    event = _event()
    with pytest.raises(transaction.TransactionManagementError):
        OUTBOX_LIFECYCLE.move(event, OutboxState.PARKED, actor=None, action="event.parked")
    assert AuditEntry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_moves_at_the_same_instant_one_wins_and_one_is_told() -> None:
    event = _event()
    barrier, outcomes = threading.Barrier(2), []

    def race(target: str) -> None:
        mine = OutboxEvent.objects.get(pk=event.pk)
        barrier.wait()
        try:
            with transaction.atomic():
                OUTBOX_LIFECYCLE.move(mine, target, actor=None, action=f"event.{target}")
            outcomes.append("moved")
        except StaleState:
            outcomes.append("stale")
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(state,)) for state in (OutboxState.PARKED, OutboxState.DELIVERED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["moved", "stale"]
    assert AuditEntry.objects.count() == 1


def test_a_table_that_forgets_a_state_is_refused() -> None:
    with pytest.raises(ValueError, match="must list exactly its states"):
        lifecycle.Lifecycle(model="core.Broken", states=OutboxState, moves={OutboxState.PENDING: set()})
