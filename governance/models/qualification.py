"""Qualification: what reviewers say of an intake, by which weights it is counted, and what was decided."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from governance.models.approvals import ApprovalRequest
from projects.models import Project


class ScoringVersion(models.Model):
    """Weights of the reviewers' dimensions, as a CoE lead saved them; the newest counts. Never changed."""

    number = models.PositiveIntegerField(unique=True)
    weights = models.JSONField(help_text="Dimension → weight; together 100.")
    reason = models.TextField(max_length=2000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"weights version {self.number}"

    @property
    def ref(self) -> str:
        return f"scoring:{self.number}"


class Review(models.Model):
    """What one reviewer says of one revision of an intake, on the anchored scales. One review a person and revision."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    scores = models.JSONField(help_text="Dimension → 1 to 5.")
    comment = models.TextField(blank=True, max_length=4000)
    policy_version = models.CharField(max_length=80, help_text="The policy whose anchors were shown.")
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["given_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "reviewer", "revision"], name="review_once_per_revision")
        ]

    def __str__(self) -> str:
        return f"review of {self.project.key} by {self.reviewer}"

    @property
    def ref(self) -> str:
        return f"review:{self.pk}"


class IntakeOutcome(models.TextChoices):
    """What a CoE lead can make of an intake; a concept is invited, a full case is funded."""

    INVITE = "invite", "Invited to the full case"
    FUND = "fund", "Funded"
    DEFER = "defer", "Deferred"
    DECLINE = "decline", "Declined"
    REQUEST_CHANGES = "request_changes", "Sent back with questions"


class IntakeDecisionQuerySet(models.QuerySet["IntakeDecision"]):
    def coming_back(self) -> Self:
        """Deferred intakes whose day has come."""
        return self.filter(outcome=IntakeOutcome.DEFER, returned_at=None, defer_until__lte=timezone.localdate())

    def for_list(self) -> Self:
        return self.select_related("decided_by", "on_behalf_of", "request")


class IntakeDecision(models.Model):
    """What a CoE lead decided about an intake, why, and on which scores. Only a return is added later."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="intake_decisions")
    outcome = models.CharField(max_length=20, choices=IntakeOutcome.choices)
    reason = models.TextField(max_length=4000)
    defer_until = models.DateField(null=True, help_text="The day on which a deferred intake comes back.")
    returned_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(help_text="The revision that was decided; 0 for a concept.")
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, null=True, related_name="+")
    score = models.DecimalField(max_digits=3, decimal_places=2, null=True, help_text="Mean of the totals, if reviewed.")
    reviews = models.PositiveIntegerField(default=0, help_text="How many reviews the score rests on.")
    scoring = models.PositiveIntegerField(default=0, help_text="Number of the weights; 0 for the policy's own.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    objects = IntakeDecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="defer", defer_until__isnull=False) | (~Q(outcome="defer") & Q(defer_until=None)),
                name="intake_decision_defers_to_a_day",
            )
        ]
        indexes = [
            models.Index(fields=["defer_until"], name="intake_deferred", condition=Q(outcome="defer", returned_at=None))
        ]

    def __str__(self) -> str:
        return f"decision on {self.project.key}"

    @property
    def ref(self) -> str:
        return f"intake_decision:{self.pk}"
