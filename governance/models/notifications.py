"""Mail that tells people of approvals: one row for a happening and a person, sent once."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models.approvals import ApprovalRequest


class Telling(models.TextChoices):
    """What a person is told."""

    ASKED = "asked", "needs your decision"
    REMINDED = "reminded", "still needs your decision"
    ESCALATED = "escalated", "is overdue and needs your decision"
    QUESTION = "question", "has a question for you"
    ANSWERED = "answered", "has an answer to your question"
    CLOSED = "closed", "is decided"
    ENDING = "ending", "ends soon: ask again if the data is still needed"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def due(self) -> Self:
        """Unsent rows whose time has come."""
        return self.filter(sent_at=None, send_at__lte=timezone.now())


class Notification(models.Model):
    """One person is told of one happening. ``send_at`` is the time of the next try, pushed on by whoever sends it."""

    event_key = models.CharField(max_length=200)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, null=True, related_name="+")
    title = models.CharField(max_length=200, blank=True, help_text="What happened, when it is about no request.")
    text = models.CharField(max_length=500, blank=True)
    link = models.CharField(max_length=200, blank=True, help_text="Path of the page where something can be done.")
    telling = models.CharField(max_length=10, choices=Telling.choices)
    created_at = models.DateTimeField(default=timezone.now)
    send_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["event_key", "person"], name="notification_once"),
            models.CheckConstraint(
                condition=Q(request__isnull=False) | ~Q(title=""), name="notification_is_about_something"
            ),
        ]
        indexes = [models.Index(fields=["send_at"], condition=Q(sent_at=None), name="notification_due")]

    def __str__(self) -> str:
        return f"{self.request.key} {self.get_telling_display()}" if self.request else self.title
