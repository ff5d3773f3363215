"""What an approver asks the requester; the clock stands still until it is answered."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models.steps import ApprovalStep

MAX_TEXT = 2000


class ApprovalQuestion(models.Model):
    """A question of an approver to the requester, and the answer."""

    request = models.ForeignKey("governance.ApprovalRequest", on_delete=models.CASCADE, related_name="questions")
    step = models.ForeignKey(ApprovalStep, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField(max_length=MAX_TEXT)
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(max_length=MAX_TEXT, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="question_answered_with_words",
            )
        ]

    def __str__(self) -> str:
        return f"question {self.pk} on {self.request.key}"

    @property
    def who(self) -> str:
        """Who asks, for people: “A for B” when a delegate does."""
        return f"{self.asked_by} for {self.on_behalf_of}" if self.on_behalf_of else str(self.asked_by)
