"""What the kernel forgets, and when."""

from datetime import timedelta

from django.utils import timezone

from coe_portal.core.models import IdempotencyRecord, OutboxEvent
from coe_portal.core.models.outbox import OutboxState

KEEP_IDEMPOTENCY = timedelta(days=2)
KEEP_DELIVERED = timedelta(days=30)


def forget_old_rows() -> int:
    """Delete idempotency records after two days and delivered events after thirty. Returns the number of rows."""
    now = timezone.now()
    records, _ = IdempotencyRecord.objects.filter(created_at__lt=now - KEEP_IDEMPOTENCY).delete()
    events, _ = OutboxEvent.objects.filter(state=OutboxState.DELIVERED, delivered_at__lt=now - KEEP_DELIVERED).delete()
    return records + events
