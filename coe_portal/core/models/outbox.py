"""Events on their way from a lower app to a higher one."""

from typing import Self

from django.db import models
from django.utils import timezone

from coe_portal.core.lifecycle import Lifecycle


class OutboxState(models.TextChoices):
    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    PARKED = "parked", "Parked"


class OutboxQuerySet(models.QuerySet["OutboxEvent"]):
    def due(self) -> Self:
        return self.filter(state=OutboxState.PENDING, next_attempt_at__lte=timezone.now()).order_by("id")

    def parked(self) -> Self:
        return self.filter(state=OutboxState.PARKED)


class OutboxEvent(models.Model):
    """An event that was committed together with the change it tells of, and is delivered at least once.

    An event that can never succeed is *parked* with the reason until a CoE lead retries it in the admin console.
    """

    key = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=80)
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=OutboxState.choices, default=OutboxState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    delivered_at = models.DateTimeField(null=True, editable=False)
    request_id = models.CharField(max_length=64, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="outbox_due", condition=models.Q(state="pending")),
            models.Index(fields=["state", "-id"], name="outbox_state"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"

    @property
    def ref(self) -> str:
        return f"event:{self.pk}"


OUTBOX_LIFECYCLE = Lifecycle(
    model="core.OutboxEvent",
    states=OutboxState,
    moves={
        OutboxState.PENDING: {OutboxState.DELIVERED, OutboxState.PARKED},
        OutboxState.PARKED: {OutboxState.PENDING},
        OutboxState.DELIVERED: set(),
    },
)
