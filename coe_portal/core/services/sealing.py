"""Sealing the audit trail: what was written is bound to what was written before, some seconds later.

Writers never wait for each other: no entry knows its place in the chain when it is written. One worker at a time, which
holds an advisory lock, takes what is committed and not sealed yet, in the order of ids, and adds the links. An entry
whose transaction ended later than its neighbours' is sealed by a later round: the chain's order is that of sealing.
"""

import structlog
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from coe_portal.core.chain import FIELDS, GENESIS, link_hash
from coe_portal.core.models import AuditSeal
from coe_portal.core.models.seals import unsealed

log = structlog.get_logger(__name__)
BATCH = 2_000
LOOK_BACK = 10_000  # ids; an entry that is committed later than so many others is found by the hourly look at all
_LOCK = 0x636F655F617564  # any number that nothing else uses


@transaction.atomic
def seal_next(*, look_at_all: bool = False) -> int:
    """Seal the next batch. Returns how many entries were sealed; 0 as well when another worker is at it."""
    if not _alone():
        return 0
    head = AuditSeal.objects.order_by("-number").first()
    sealed, previous = (head.number, head.hash) if head else (0, GENESIS)
    after = 0
    if head is not None and not look_at_all:
        after = AuditSeal.objects.aggregate(newest=Max("entry_id"))["newest"] - LOOK_BACK
    entries = unsealed(after).order_by("pk").values(*FIELDS)
    now, links = timezone.now(), []
    for number, entry in enumerate(entries[:BATCH], sealed + 1):
        previous = link_hash(previous, number, now, entry)
        links.append(AuditSeal(number=number, entry_id=entry["id"], sealed_at=now, hash=previous))
    AuditSeal.objects.bulk_create(links)
    if links:
        # The log is kept elsewhere than the database: its lines are anchors that a change of the database cannot reach.
        log.info("audit_sealed", entries=len(links), head=str(links[-1]))
    return len(links)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        row: tuple[bool] = cursor.fetchone()
        return row[0]
