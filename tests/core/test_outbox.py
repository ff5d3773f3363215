"""Events are told at least once, whatever happens to the broker or to a handler."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import connection, transaction
from django.utils import timezone

from coe_portal.core import outbox, wakeups
from coe_portal.core.models import AuditEntry, OutboxEvent, User


@dataclass(frozen=True)
class Greeted(outbox.Event):
    name: ClassVar[str] = "test.greeted"
    who: str

    @property
    def key(self) -> str:
        return f"greeted:{self.who}"


@pytest.fixture
def heard() -> Iterator[list[str]]:
    words: list[str] = []

    @outbox.subscribe(Greeted)
    def hear(event: Greeted) -> None:
        if event.who == "nobody":
            raise outbox.Park("There is nobody to greet.")
        if event.who == "flaky" and not words:
            words.append("failed")
            raise ConnectionError("the line is dead")
        words.append(event.who)

    yield words
    outbox._handlers.pop("test.greeted")


def _publish(who: str) -> OutboxEvent:
    with transaction.atomic():
        outbox.publish(Greeted(who))
    return OutboxEvent.objects.get(key=f"greeted:{who}")


@pytest.mark.django_db
def test_an_event_is_delivered_once_however_often_it_is_published(heard: list[str]) -> None:
    _publish("ada")
    _publish("ada")
    while outbox.deliver_next():
        pass
    assert heard == ["ada"]
    assert OutboxEvent.objects.get().state == "delivered"


@pytest.mark.django_db
def test_an_event_that_can_never_succeed_is_parked_with_the_reason_and_can_be_retried(
    heard: list[str], lead: User
) -> None:
    event = _publish("nobody")
    assert outbox.deliver_next()
    event.refresh_from_db()
    assert (event.state, event.error) == ("parked", "There is nobody to greet.")
    outbox.retry_parked(event_id=event.pk, actor=lead)
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("pending", 0)
    assert AuditEntry.objects.get(action="event.retried").actor == lead


@pytest.mark.django_db
def test_a_failing_handler_is_tried_again_later_and_leaves_nothing_behind(heard: list[str]) -> None:
    event = _publish("flaky")
    assert outbox.deliver_next()
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("pending", 1)
    assert "the line is dead" in event.error
    assert not outbox.deliver_next(), "it is not due yet"
    OutboxEvent.objects.update(next_attempt_at=timezone.now())
    assert outbox.deliver_next()
    assert heard == ["failed", "flaky"]


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        outbox.publish(Greeted("ada"))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A broker that takes connections and never answers."""
    from coe_portal.celery import app

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        monkeypatch.setattr(app.conf, "broker_write_url", url)
        monkeypatch.setattr(app.conf, "broker_url", url)
        wakeups._producers.cache_clear()
        yield silent
    wakeups._producers.cache_clear()
    wakeups._Broker.quiet_until = 0.0


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_harms_nothing(heard: list[str], broker: socket.socket) -> None:
    broker.close()
    event = _publish("ada")
    assert event.state == "pending"
    assert outbox.deliver_next()
    assert heard == ["ada"]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_hangs_costs_one_request_some_seconds_and_the_next_nothing(
    heard: list[str], broker: socket.socket
) -> None:
    times = []
    for who in ("ada", "grace"):
        began = time.monotonic()
        _publish(who)
        times.append(time.monotonic() - began)
    assert times[0] < 3
    assert times[1] < 0.5
    while outbox.deliver_next():
        pass
    assert heard == ["ada", "grace"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_deliver_two_events_without_waiting_for_each_other(heard: list[str]) -> None:
    for who in ("ada", "grace"):
        _publish(who)
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        while outbox.deliver_next():
            pass
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard) == ["ada", "grace"]
    assert set(OutboxEvent.objects.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2), (1, 2), (2, 4), (5, 32), (12, 600), (10_000, 600)])
def test_the_back_off_doubles_and_is_capped(attempts: int, seconds: int) -> None:
    assert outbox.backoff(attempts) == timedelta(seconds=seconds)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_event_deliver_it_once() -> None:
    inside, told, results = threading.Event(), [], []
    release = threading.Event()

    @outbox.subscribe(Greeted)
    def slow(event: Greeted) -> None:
        told.append(event.who)
        inside.set()
        assert release.wait(10)

    def work() -> None:
        results.append(outbox.deliver_next())
        connection.close()

    try:
        _publish("ada")
        first = threading.Thread(target=work)
        first.start()
        assert inside.wait(10), "the first worker holds the event now"
        second = threading.Thread(target=work)
        second.start()
        second.join(10)
        assert results == [False], "the second neither waits nor delivers"
        release.set()
        first.join(10)
    finally:
        outbox._handlers.pop("test.greeted")
    assert (told, results) == (["ada"], [False, True])
    assert OutboxEvent.objects.get().state == "delivered"


@pytest.mark.django_db(transaction=True)
def test_what_a_handler_wrote_before_it_failed_is_taken_back(heard: list[str]) -> None:
    @outbox.subscribe(Greeted)
    def write_and_fail(event: Greeted) -> None:
        User.objects.create_user(event.who, display_name="Half written")
        raise ConnectionError("the line is dead")

    _publish("ada")
    assert outbox.deliver_next()
    assert not User.objects.exists()
    assert OutboxEvent.objects.get().attempts == 1


@pytest.mark.django_db
def test_an_event_that_fails_for_the_twelfth_time_is_parked_with_the_reason(heard: list[str]) -> None:
    event = _publish("flaky")
    OutboxEvent.objects.update(attempts=outbox.MAX_ATTEMPTS - 1)
    assert outbox.deliver_next()
    event.refresh_from_db()
    assert (event.state, event.attempts, event.error) == ("parked", 12, "ConnectionError: the line is dead")


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_change_that_was_taken_back_never_was(heard: list[str]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.publish(Greeted("ada"))
        raise RuntimeError("the change failed")
    assert not outbox.deliver_next()
    assert heard == []
