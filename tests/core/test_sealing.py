"""The audit trail is sealed in a hash chain, and whoever touches it behind the portal's back is found."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core import audit, chain, tasks
from coe_portal.core.chain import GENESIS, Link, Walk, link_hash
from coe_portal.core.models import AuditCheck, AuditEntry, AuditSeal, User
from coe_portal.core.services import sealing, verification
from tests.core.conftest import bearer

pytestmark = pytest.mark.django_db


def _write(who: User, count: int, action: str = "user.greeted") -> list[AuditEntry]:
    with transaction.atomic():
        return [audit.record(actor=who, action=action, subject=who, after={"n": number}) for number in range(count)]


@pytest.fixture
def sealed(ada: User) -> list[AuditEntry]:
    """Five entries, sealed in two rounds."""
    entries = _write(ada, 3)
    sealing.seal_next()
    entries += _write(ada, 2)
    sealing.seal_next()
    return entries


@contextmanager
def behind_the_back() -> Iterator[Any]:
    """What a database administrator can do: the triggers are switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


def _broken(**options: Any) -> tuple[str, int | None]:
    found = verification.verify(**options).broken
    assert found is not None
    return found.kind, found.entry


def test_a_trail_that_nobody_touched_is_intact_and_what_is_not_sealed_yet_is_counted(
    sealed: list[AuditEntry], ada: User
) -> None:
    _write(ada, 2)
    report = verification.verify()
    assert (report.sealed, report.unsealed, report.broken) == (5, 2, None)
    assert list(AuditSeal.objects.values_list("number", "entry_id")) == list(
        enumerate([entry.pk for entry in sealed], start=1)
    )
    assert sealing.seal_next() == 2 and sealing.seal_next() == 0
    assert verification.verify().unsealed == 0


@pytest.mark.parametrize(
    "change",
    [
        "comment = 'nothing to see here'",
        "actor_id = NULL",
        "on_behalf_of_id = actor_id",
        "at = at - interval '1 minute'",
        "after = '{\"n\": 7}'",
        "request_id = 'another'",
        "subject_label = 'Somebody else'",
    ],
)
def test_a_changed_entry_is_named(sealed: list[AuditEntry], change: str) -> None:
    with behind_the_back() as cursor:
        cursor.execute(f"UPDATE core_auditentry SET {change} WHERE id = %s", [sealed[2].pk])  # noqa: S608
    assert _broken() == ("changed", sealed[2].pk)


def test_a_removed_entry_is_named(sealed: list[AuditEntry]) -> None:
    with behind_the_back() as cursor:
        cursor.execute("DELETE FROM core_auditentry WHERE id = %s", [sealed[1].pk])
    assert _broken() == ("missing", sealed[1].pk)


def test_an_entry_removed_together_with_its_seal_leaves_a_hole(sealed: list[AuditEntry]) -> None:
    with behind_the_back() as cursor:
        cursor.execute("DELETE FROM core_auditentry WHERE id = %s", [sealed[1].pk])
        cursor.execute("DELETE FROM core_auditseal WHERE entry_id = %s", [sealed[1].pk])
    found = verification.verify().broken
    assert found is not None and (found.kind, found.number) == ("missing", 2)


def test_two_entries_that_changed_places_are_named(sealed: list[AuditEntry]) -> None:
    one, other = sealed[1].pk, sealed[2].pk
    with behind_the_back() as cursor:
        for number, entry in ((2, -1), (3, one), (2, other)):
            cursor.execute("UPDATE core_auditseal SET entry_id = %s WHERE number = %s", [entry, number])
    assert _broken() == ("reordered", other)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_an_entry_that_was_added_for_yesterday_is_named(sealed: list[AuditEntry], ada: User, is_sealed: bool) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=1), tick=False):
        (planted,) = _write(ada, 1)
    if is_sealed:
        sealing.seal_next()
    assert _broken() == ("inserted", planted.pk)


def test_the_end_that_was_cut_off_is_missed_by_who_kept_the_head(sealed: list[AuditEntry]) -> None:
    head = verification.head()
    assert verification.verify(expect=head).broken is None
    assert verification.verify(expect=head.partition(":")[2]).broken is None
    with behind_the_back() as cursor:
        for table, column in (("core_auditseal", "entry_id"), ("core_auditentry", "id")):
            cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [sealed[4].pk])  # noqa: S608
    assert verification.verify().broken is None
    assert _broken(expect=head) == ("anchor", None)


def test_a_chain_that_was_made_anew_does_not_hold_the_head_that_was_kept(sealed: list[AuditEntry]) -> None:
    head = verification.head()
    with behind_the_back() as cursor:
        cursor.execute("UPDATE core_auditentry SET comment = 'x' WHERE id = %s", [sealed[0].pk])
        cursor.execute("DELETE FROM core_auditseal")
    sealing.seal_next()
    assert verification.verify().broken is None
    assert _broken(expect=head) == ("anchor", None)


def test_an_entry_whose_transaction_ended_late_is_sealed_later(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = _write(ada, 6)
    late = entries[0]
    AuditSeal.objects.bulk_create(_chain_of(entries[1:]))
    monkeypatch.setattr(sealing, "LOOK_BACK", 2)
    assert sealing.seal_next() == 0  # too far back for the frequent look
    assert sealing.seal_next(look_at_all=True) == 1
    assert AuditSeal.objects.get(number=6).entry_id == late.pk
    assert verification.verify().broken is None


def _chain_of(entries: list[AuditEntry]) -> list[AuditSeal]:
    now, previous, links = timezone.now(), GENESIS, []
    for number, values in enumerate(
        AuditEntry.objects.filter(pk__in=[entry.pk for entry in entries]).order_by("pk").values(*chain.FIELDS), 1
    ):
        previous = link_hash(previous, number, now, values)
        links.append(AuditSeal(number=number, entry_id=values["id"], sealed_at=now, hash=previous))
    return links


@pytest.mark.parametrize("statement", ["UPDATE core_auditseal SET hash = 'x'", "DELETE FROM core_auditseal"])
def test_the_database_refuses_to_change_or_remove_a_seal(sealed: list[AuditEntry], statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditSeal.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_two_sealers_at_once_leave_one_chain_without_gap(ada: User) -> None:
    start, sealers = threading.Barrier(6), []

    def write() -> None:
        start.wait()
        for _ in range(10):
            _write(ada, 2)
        connection.close()

    def seal() -> None:
        start.wait()
        for _ in range(15):
            sealers.append(sealing.seal_next())
        connection.close()

    threads = [threading.Thread(target=work) for work in (write, write, write, write, seal, seal)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealing.seal_next(look_at_all=True)
    report = verification.verify()
    assert (report.sealed, report.unsealed, report.broken) == (AuditEntry.objects.count(), 0, None)
    assert report.sealed == 80


def test_the_command_says_what_it_found_and_fails_when_the_trail_is_broken(sealed: list[AuditEntry]) -> None:
    said = StringIO()
    call_command("verify_audit", stdout=said, stderr=StringIO())
    assert "intact: 5 sealed entries." in said.getvalue() and verification.head() in said.getvalue()
    only_head = StringIO()
    call_command("verify_audit", "--head", stdout=only_head)
    assert only_head.getvalue().strip() == verification.head()
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        call_command("verify_audit", "--expect", "5:abc")
    with behind_the_back() as cursor:
        cursor.execute("UPDATE core_auditentry SET comment = 'x' WHERE id = %s", [sealed[3].pk])
    with pytest.raises(CommandError, match=f"Entry {sealed[3].pk} is not what seal 4 covers"):
        call_command("verify_audit", stdout=said, stderr=StringIO())


def test_a_worker_checks_in_stretches_and_the_next_check_expects_the_head_of_the_last(
    sealed: list[AuditEntry], lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "CHUNK", 2)
    check = verification.ask(actor=lead)
    assert verification.ask(actor=lead) == check  # one walk at a time
    assert verification.go_on(seconds=0) and AuditCheck.objects.get().position == 2
    while verification.go_on(seconds=0):
        pass
    check.refresh_from_db()
    assert (check.position, check.is_intact, check.asked_by) == (5, True, lead)
    with behind_the_back() as cursor:
        cursor.execute("DELETE FROM core_auditseal WHERE number = (SELECT max(number) FROM core_auditseal)")
    tasks.begin_audit_check()
    while verification.go_on():
        pass
    assert AuditCheck.objects.finished()[0].broken["kind"] == "anchor"


def test_the_api_says_how_far_the_trail_is_sealed_and_has_it_checked(
    client: Client, sealed: list[AuditEntry], ada: User, lead: User
) -> None:
    assert client.get("/api/v1/audit/verify/", headers=bearer(ada)).status_code == 403
    head = verification.head()
    told = client.get(f"/api/v1/audit/verify/?expect={head}", headers=bearer(lead)).json()
    assert (told["head"], told["sealed"], told["expected"], told["check"]) == (head, 5, True, None)
    assert client.get(f"/api/v1/audit/verify/?expect={'0' * 63}1", headers=bearer(lead)).json()["expected"] is False
    assert client.get("/api/v1/audit/verify/?expect=x", headers=bearer(lead)).status_code == 400
    asked = client.post("/api/v1/audit/verify/", headers=bearer(lead, "write"))
    assert asked.status_code == 202 and asked.json()["running"]["asked_by"] == "lead"
    verification.go_on()
    check = client.get("/api/v1/audit/verify/", headers=bearer(lead)).json()["check"]
    assert check["is_intact"] is True and check["broken"] is None


def test_the_page_shows_those_who_read_everything_what_the_last_check_found(
    client: Client, sealed: list[AuditEntry], ada: User, lead: User
) -> None:
    client.force_login(ada)
    assert "Seal of the trail" not in client.get("/audit/").content.decode()
    assert client.post("/audit/check/").status_code == 403
    client.force_login(lead)
    assert "Not checked yet" in client.get("/audit/").content.decode()
    assert client.post("/audit/check/").status_code == 303
    with behind_the_back() as cursor:
        cursor.execute("UPDATE core_auditentry SET comment = 'x' WHERE id = %s", [sealed[3].pk])
    verification.go_on()
    page = client.get("/audit/").content.decode()
    assert "Broken" in page and f"Entry {sealed[3].pk} is not what seal 4 covers" in page


NOW = timezone.now()
TEXTS = st.text(max_size=12)
ENTRIES = st.lists(st.fixed_dictionaries({"comment": TEXTS, "n": st.integers()}), min_size=1, max_size=8)


def _linked(entries: list[dict[str, Any]]) -> list[tuple[Link, dict[str, Any]]]:
    previous, links = GENESIS, []
    for number, said in enumerate(entries, 1):
        entry = {"id": number, "at": NOW, **said}
        previous = link_hash(previous, number, NOW, entry)
        links.append((Link(number, number, NOW, previous), entry))
    return links


def _first_break(links: list[tuple[Link, dict[str, Any] | None]]) -> int | None:
    walk = Walk()
    found = (walk.step(link, entry) for link, entry in links)
    return next((broken.number for broken in found if broken is not None), None)


@given(entries=ENTRIES, data=st.data())
def test_whatever_is_changed_removed_or_moved_is_found_where_it_was_done(
    entries: list[dict[str, Any]], data: st.DataObject
) -> None:
    links = _linked(entries)
    assert _first_break(links) is None
    at = data.draw(st.integers(0, len(links) - 1))
    link, entry = links[at]
    changed = entry | {"comment": entry["comment"] + "x"}
    assert _first_break([*links[:at], (link, changed), *links[at + 1 :]]) == at + 1
    assert _first_break([*links[:at], (link, None), *links[at + 1 :]]) == at + 1
    if at + 1 < len(links):
        assert _first_break([*links[:at], *links[at + 1 :]]) == at + 1
        assert _first_break([*links[:at], links[at + 1], links[at], *links[at + 2 :]]) == at + 1
