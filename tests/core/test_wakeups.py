"""Wake-up calls: one for many, and never one too few."""

from collections.abc import Iterator

import pytest

from coe_portal.celery import app
from coe_portal.core import wakeups

TASK = "tests.nothing"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    names: list[str] = []
    monkeypatch.setattr(wakeups._Broker, "quiet_until", 0.0)
    monkeypatch.setattr(app, "send_task", lambda name, **_: names.append(name))
    wakeups.arrived(TASK)
    yield names
    wakeups.arrived(TASK)


def test_while_one_message_waits_no_second_is_sent(sent: list[str]) -> None:
    wakeups.send(TASK)
    wakeups.send(TASK)
    assert sent == [TASK]


def test_work_that_comes_when_the_task_has_begun_gets_a_message_of_its_own(sent: list[str]) -> None:
    wakeups.send(TASK)

    @app.task(name=TASK)
    def nothing() -> None:
        wakeups.send(TASK)

    nothing.apply()
    assert sent == [TASK, TASK]


def test_a_broker_that_is_down_harms_nothing(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, **_: object) -> None:
        sent.append(name)
        raise ConnectionError(name)

    monkeypatch.setattr(app, "send_task", refuse)
    wakeups.send(TASK)
    assert sent == [TASK], "it was tried"
    wakeups.arrived(TASK)
    wakeups.send(TASK)
    assert sent == [TASK], "a broker that is down is left alone for some seconds"
