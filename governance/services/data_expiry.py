"""Granted access to data comes to its end: people are reminded before, and it ends by itself."""

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from governance.events import DataAccessEnding
from projects.models import DataAccess, EndReason, Project
from projects.services import accesses

BATCH = 100


def attend_due() -> int:
    """Look at the granted accesses whose time has come. Returns how many something happened to."""
    found = list(DataAccess.objects.due().values_list("pk", flat=True)[:BATCH])
    return sum(attend(access_id=pk) for pk in found)


@transaction.atomic
def attend(*, access_id: str) -> bool:
    """Remind of the end or end it, whatever is due; nothing when somebody else was faster."""
    known = DataAccess.objects.get(pk=access_id)
    Project.objects.select_for_update().get(pk=known.project_id)
    rows = DataAccess.objects.due().select_for_update(of=("self",)).for_list()
    access = rows.filter(pk=access_id).first()
    if access is None or access.expires_at is None:
        return False
    if access.expires_at <= timezone.now():
        accesses.end(access, EndReason.EXPIRED, actor=None, comment="Its time was over.")
        return True
    accesses.look_later(access, access.expires_at)
    audit.record(actor=None, action="data_access.reminded", subject=access, after={"expires_at": access.expires_at})
    outbox.publish(DataAccessEnding(access.pk, access.expires_at.isoformat()))
    return True
