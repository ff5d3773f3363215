"""Checking the audit trail against its seals: by a command, by a worker every night, for who asks."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from coe_portal.core import audit, chain, outbox
from coe_portal.core.chain import FIELDS, Break, Content, Link, Walk
from coe_portal.core.errors import InvalidInput, NotAllowed
from coe_portal.core.models import AuditCheck, AuditEntry, AuditSeal, User
from coe_portal.core.models.seals import unsealed

_HEAD = re.compile(r"([0-9]{1,18}:)?[0-9a-f]{64}")
CHUNK = 2_000
NEIGHBOURS = 5
Progress = Callable[[int], None]


def _quietly(number: int) -> None:
    """Tell nobody how far a walk is."""


@dataclass(frozen=True)
class State:
    """How far the sealing is, and what the last check found; ``running`` is one that is under way."""

    sealed: int
    unsealed: int
    head: str
    check: AuditCheck | None
    running: AuditCheck | None


@dataclass(frozen=True)
class Report:
    """What a walk found.

    Attributes:
        sealed: links that were right, from the first on.
        unsealed: entries that wait for their seal.
        broken: the first place where the trail is not what was sealed.
    """

    sealed: int
    unsealed: int
    head: str
    broken: Break | None


def head() -> str:
    """NUMBER:HASH of the last seal. Kept outside of the database it proves later that nothing before it was changed."""
    last = AuditSeal.objects.order_by("-number").first()
    return str(last) if last else f"0:{chain.GENESIS}"


def state() -> State:
    """What pages and API say of the trail. Cheap: entries that were committed late are only counted by a check."""
    last = AuditSeal.objects.order_by("-number").first()
    newest = Subquery(AuditSeal.objects.order_by("-entry_id").values("entry_id")[:1])
    checks = list(AuditCheck.objects.select_related("asked_by").order_by("-pk")[:2])  # one at a time is under way
    return State(
        sealed=last.number if last else 0,
        unsealed=AuditEntry.objects.filter(pk__gt=Coalesce(newest, 0)).order_by().count(),
        head=str(last) if last else f"0:{chain.GENESIS}",
        check=next((check for check in checks if check.finished_at), None),
        running=next((check for check in checks if not check.finished_at), None),
    )


def holds(expect: str) -> bool:
    """Whether a head that was noted earlier is in the chain. Raises InvalidInput when it is no head."""
    return _anchor_break(_anchor(expect)) is None


def verify(*, expect: str = "", progress: Progress = _quietly) -> Report:
    """Walk the whole chain, a stretch in memory at a time.

    Args:
        expect: NUMBER:HASH, or the hash alone, of a head that was noted earlier; it must be in the chain.

    Raises InvalidInput when ``expect`` is neither.
    """
    wanted, walk = _anchor(expect), Walk()
    broken = _walk_on(walk, progress=progress)
    return _report(walk, broken or _anchor_break(wanted))


def _report(walk: Walk, broken: Break | None) -> Report:
    waiting = unsealed().order_by("pk")
    sealed_at = walk.last.sealed_at if walk.last else None
    if broken is None and sealed_at is not None:
        broken = _inserted(sealed_at)
    return Report(walk.last.number if walk.last else 0, waiting.count(), walk.head, broken)


def _inserted(sealed_at: datetime) -> Break | None:
    """An entry that waits for its seal but claims to be much older than the last sealing."""
    late = unsealed().filter(at__lt=sealed_at - chain.LATEST).order_by("pk").values("id", "at").first()
    if late is None:
        return None
    return Break(chain.INSERTED, 0, late["id"], chain.too_old(late["id"], late["at"], sealed_at))


def _walk_on(walk: Walk, *, until: float = float("inf"), progress: Progress = _quietly) -> Break | None:
    """Walk until the end, a break, or the moment ``until`` of the monotonic clock."""
    for links in _stretches(walk):
        entries = AuditEntry.objects.filter(pk__in=[link.entry_id for link in links]).order_by().values(*FIELDS)
        known = {entry["id"]: entry for entry in entries}
        for link in links:
            if (broken := walk.step(link, known.get(link.entry_id))) is not None:
                return _told_apart(broken, link, walk)
        progress(links[-1].number)
        if time.monotonic() > until:
            break
    return None


def _stretches(walk: Walk) -> Iterator[list[Link]]:
    while True:
        after = walk.last.number if walk.last else 0
        rows = AuditSeal.objects.filter(number__gt=after).order_by("number")[:CHUNK]
        links = [Link(*row) for row in rows.values_list("number", "entry_id", "sealed_at", "hash")]
        if not links:
            return
        yield links


def _told_apart(broken: Break, link: Link, walk: Walk) -> Break:
    """Entries that changed places look changed; the hash of one tells that it is the other's."""
    if broken.kind != chain.CHANGED:
        return broken

    def neighbours() -> list[Content]:
        near = AuditSeal.objects.filter(number__range=(link.number - NEIGHBOURS, link.number + NEIGHBOURS))
        return list(AuditEntry.objects.filter(pk__in=near.values("entry_id")).order_by().values(*FIELDS))

    other = chain.belongs_elsewhere(link, walk.last.hash if walk.last else chain.GENESIS, neighbours)
    if other is None:
        return broken
    told = f"Seal {link.number} was made for entry {other}, and stands at entry {link.entry_id}: the order was changed."
    return replace(broken, kind=chain.REORDERED, message=told)


def _anchor(text: str) -> tuple[int | None, str] | None:
    """The number (None when it is not known) and the hash of a head that was noted earlier."""
    if not text:
        return None
    number, _, digest = text.strip().lower().rpartition(":")
    if (
        len(digest) != 64
        or set(digest) - set("0123456789abcdef")
        or (number and not (number.isascii() and number.isdigit()))
    ):
        raise InvalidInput({"expect": ["Give the head as it was printed: NUMBER:HASH, or the 64 digits of the hash."]})
    return (int(number) if number else None), digest


def _anchor_break(wanted: tuple[int | None, str] | None) -> Break | None:
    if wanted is None or wanted == (0, chain.GENESIS):
        return None
    number, digest = wanted
    rows = AuditSeal.objects.filter(hash=digest)
    if (rows if number is None else rows.filter(number=number)).exists():
        return None
    told = "The head that was noted earlier is not in the chain: it was cut off or made anew after that."
    return Break(chain.ANCHOR, number or 0, None, told)


def may_check(user: User) -> str:
    """Why the person may not have the trail checked; empty when they may."""
    return "" if user.reads_everything else "Only CoE leads, executives and auditors check the audit trail."


@transaction.atomic
def ask(*, actor: User) -> AuditCheck:
    """Have a worker walk the whole chain now. One that is under way is answered instead of a second.

    Raises NotAllowed.
    """
    if reason := may_check(actor):
        raise NotAllowed(reason)
    check, created = _begin(actor)
    if created:
        audit.record(actor=actor, action="audit.check_requested", subject=check)
    return check


@transaction.atomic
def begin_scheduled() -> AuditCheck:
    """Begin the night's walk."""
    return _begin(None)[0]


def _begin(actor: User | None) -> tuple[AuditCheck, bool]:
    outbox.wake("core.verify_audit")
    last = AuditCheck.objects.intact().first()
    values = {"asked_by": actor, "anchor": last.head if last else ""}
    return AuditCheck.objects.get_or_create(finished_at=None, defaults=values)


@transaction.atomic
def go_on(seconds: float = 20) -> bool:
    """Walk on with the check that is under way for some time. Returns whether something is left to do."""
    check = AuditCheck.objects.unfinished().select_for_update(skip_locked=True).first()
    if check is None:
        return False
    walk = _resumed(check.position)
    broken = _walk_on(walk, until=time.monotonic() + seconds)
    check.position = walk.last.number if walk.last else 0
    at_end = broken is not None or not AuditSeal.objects.filter(number__gt=check.position).exists()
    if at_end:
        report = _report(walk, broken or _anchor_break(_anchor(check.anchor)))
        check.unsealed, check.head, check.finished_at = report.unsealed, report.head, timezone.now()
        check.broken = report.broken.plain() if report.broken else None
    check.save(update_fields=["position", "unsealed", "head", "finished_at", "broken"])
    return not at_end


def _resumed(position: int) -> Walk:
    """A walk that begins after a stretch that was right; from the beginning when its last seal is gone."""
    row = AuditSeal.objects.filter(number=position).first()
    if row is None:
        return Walk()
    last = Link(row.number, row.entry_id, row.sealed_at, row.hash)
    earlier = AuditSeal.objects.filter(number__lt=position, sealed_at__lt=row.sealed_at).order_by("-number").first()
    return Walk(last, earlier.sealed_at if earlier else None)
