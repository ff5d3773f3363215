"""Telling people by mail: a row for each happening and person, sent once, at once or in a daily digest."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import Truncator

from coe_portal.core import outbox
from coe_portal.core.models import User
from coe_portal.core.models.user import MailMode
from governance import permissions
from governance.models import ApprovalRequest, ApprovalStep, Delegation, Notification, Telling

log = structlog.get_logger(__name__)

BATCH = 200
LEASE = timedelta(minutes=5)
FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(hours=6)
DIGEST_AT = time(7)


def tell(event_key: str, request: ApprovalRequest, telling: Telling, people: Iterable[User]) -> None:
    """Keep that these people are to be told; those without an address or without mail are left out.

    Telling the same happening again adds nothing: a person is told of it once.
    """
    _keep(event_key, people, request=request, telling=telling)


@dataclass(frozen=True)
class Notice:
    """Something to tell that is about no request: what happened, what to do, and the path of the page for it."""

    title: str
    text: str
    link: str


def tell_of(event_key: str, notice: Notice, people: Iterable[User], *, by: str = "") -> None:
    """The same as ``tell`` for what is about no request; ``by`` is the username of who did it and knows."""
    said = {"title": Truncator(notice.title).chars(200), "text": Truncator(notice.text).chars(500), "link": notice.link}
    others = [person for person in people if person.username != by]
    _keep(event_key, others, telling=Telling.REMINDED, **said)


def _keep(event_key: str, people: Iterable[User], **said: Any) -> None:
    rows = [
        Notification(event_key=event_key, person=person, send_at=_when(person), **said)
        for person in people
        if gets_mail(person)
    ]
    if rows:
        Notification.objects.bulk_create(rows, ignore_conflicts=True)
        outbox.wake("governance.send_mail")


def spoken(day: date) -> str:
    """A day as mails say it: 4 December 2026."""
    return f"{day.day} {day:%B %Y}"


def gets_mail(person: User) -> bool:
    """Whether mail is sent to them at all: who left the organisation reads none of it."""
    return bool(person.email) and person.is_active and person.mail != MailMode.NONE


def _when(person: User) -> datetime:
    """Now, or the next morning for those who want one mail a day."""
    now = timezone.localtime()
    if person.mail != MailMode.DAILY:
        return now
    morning = timezone.make_aware(datetime.combine(now.date(), DIGEST_AT))
    return morning if morning > now else morning + timedelta(days=1)


def deciders(step: ApprovalStep) -> list[User]:
    """Everybody who may decide the step now, for themselves or for their principal."""
    request = ApprovalRequest.objects.for_list().get(pk=step.request_id)
    known = next(row for row in request.steps.all() if row.pk == step.pk)
    holders = permissions.Approvers().of(known, request.excluded)
    standing_in = Delegation.objects.active().filter(principal__in=holders).select_related("delegate")
    people = {person.pk: person for person in [*holders, *(item.delegate for item in standing_in)]}
    return [
        person
        for person in people.values()
        if any(seat.step.pk == step.pk for seat in permissions.standing(request, person).seats)
    ]


def send_due() -> int:
    """Send what is due: one mail for each happening, or one digest a person. Returns the number of mails."""
    rows = _claim()
    sent = 0
    for _, group in groupby(rows, key=lambda row: (row.person_id, row.pk if _at_once(row) else 0)):
        sent += _send(list(group))
    return sent


def _at_once(row: Notification) -> bool:
    return row.person.mail != MailMode.DAILY


@transaction.atomic
def _claim() -> list[Notification]:
    """Take due rows for this sender alone; whoever dies while sending leaves them to the next after the lease."""
    due = Notification.objects.due().select_for_update(skip_locked=True, of=("self",))
    rows = list(due.select_related("person", "request__project").order_by("person_id", "pk")[:BATCH])
    unwanted = [row.pk for row in rows if not gets_mail(row.person)]
    Notification.objects.filter(pk__in=unwanted).delete()
    kept = [row for row in rows if row.pk not in unwanted]
    Notification.objects.filter(pk__in=[row.pk for row in kept]).update(
        send_at=timezone.now() + LEASE, attempts=F("attempts") + 1
    )
    return kept


def _send(rows: Sequence[Notification]) -> int:
    mine = Notification.objects.filter(pk__in=[row.pk for row in rows])
    try:
        _mail(rows).send()
    except (SMTPException, OSError) as error:
        attempts = rows[0].attempts + 1
        mine.update(send_at=timezone.now() + outbox.backoff(attempts, FIRST_RETRY, LAST_RETRY))
        log.warning("mail_postponed", person=rows[0].person.username, attempts=attempts, error=str(error))
        return 0
    mine.update(sent_at=timezone.now())
    return 1


def _mail(rows: Sequence[Notification]) -> EmailMessage:
    person, first = rows[0].person, rows[0]
    what = f"{first} – {first.request.title}" if first.request else first.title
    kind = "approvals" if all(row.request_id for row in rows) else "things"
    subject = what if len(rows) == 1 else f"{len(rows)} {kind} to know of"
    base = settings.ENV.BASE_URL.rstrip("/")
    text = render_to_string("governance/mail/approvals.txt", {"rows": rows, "person": person, "base": base})
    identity = hashlib.sha256("|".join(f"{row.event_key}:{row.person_id}" for row in rows).encode()).hexdigest()
    headers = {"Message-ID": f"<{identity[:40]}@{urlsplit(base).hostname}>"}
    return EmailMessage(" ".join(subject.split()), text, to=[person.email], headers=headers)
