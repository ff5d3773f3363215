"""Entries that workers and handlers write say for whom and in which request."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
from django.db import transaction

from coe_portal.core import audit, outbox, request_id
from coe_portal.core.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Waved(outbox.Event):
    name: ClassVar[str] = "test.waved"
    username: str

    @property
    def key(self) -> str:
        return f"waved:{self.username}"


@pytest.fixture
def waving() -> Iterator[None]:
    @outbox.subscribe(Waved)
    def wave(event: Waved) -> None:
        audit.record(actor=None, action="user.waved", subject=User.objects.get(username=event.username))

    yield
    outbox._handlers.pop("test.waved")


def test_what_a_handler_writes_belongs_to_the_request_in_which_the_event_happened(ada: User, waving: None) -> None:
    request_id.begin("the-request-of-ada")
    with transaction.atomic():
        outbox.publish(Waved("ada"))
    request_id.begin("the-task-that-delivers")
    assert outbox.deliver_next()
    assert AuditEntry.objects.get(action="user.waved").request_id == "the-request-of-ada"
    assert request_id.current() == "the-task-that-delivers"


def test_what_follows_from_a_decision_for_somebody_is_done_for_them_too(ada: User, lead: User) -> None:
    with audit.standing_in(lead, ada):
        follows = audit.record(actor=lead, action="user.moved", subject=ada)
        another = audit.record(actor=ada, action="user.moved", subject=ada)
        portal = audit.record(actor=None, action="user.moved", subject=ada)
    after = audit.record(actor=lead, action="user.moved", subject=ada)
    assert [row.on_behalf_of for row in (follows, another, portal, after)] == [ada, None, None, None]
