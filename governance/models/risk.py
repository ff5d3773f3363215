"""What a project answered to the risk questionnaire of its policy."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from projects.models import Project, RiskTier


class RiskQuerySet(models.QuerySet["RiskAssessment"]):
    def for_list(self) -> Self:
        return self.select_related("answered_by", "project")


class RiskAssessment(models.Model):
    """One filled-in questionnaire with the points and the tier it gave. Kept for ever; the newest may be current.

    It stops being current when it is answered again, when the project changes so that it has to be, and when the
    project moves to a policy whose questionnaire it does not fit.
    """

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="risk_assessments")
    policy_version = models.CharField(max_length=80)
    answers = models.JSONField(help_text="{question: [chosen values]}")
    points = models.PositiveIntegerField()
    tier = models.CharField(max_length=15, choices=RiskTier.choices)
    basis = models.CharField(max_length=64, help_text="Digest of the checklist's answers that it rests on.")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(default=timezone.now)
    is_current = models.BooleanField(default=True)
    ended_because = models.CharField(max_length=200, blank=True, help_text="Why it is not current any more.")

    objects = RiskQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(is_current=True), name="risk_one_current")
        ]

    def __str__(self) -> str:
        return f"{self.get_tier_display()} risk tier of {self.project.key}"
