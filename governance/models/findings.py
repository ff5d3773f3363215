"""Findings: what is wrong with a project, how much, and who mends it until when."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from projects.models import Project


class Severity(models.TextChoices):
    """How much harm it can do."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class FindingState(models.TextChoices):
    """A finding is resolved with words that say how."""

    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"


FINDING_LIFECYCLE = Lifecycle(
    model="governance.Finding",
    states=FindingState,
    moves={FindingState.OPEN: {FindingState.RESOLVED}, FindingState.RESOLVED: set()},
)


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))

    def open(self) -> Self:
        return self.filter(state=FindingState.OPEN)

    def waiting_for(self, user: User) -> Self:
        """What this person has to put right."""
        return self.open().filter(owner=user)

    def for_list(self) -> Self:
        return self.select_related("project", "owner", "raised_by", "resolved_by")


class Finding(models.Model):
    """Something that has to be looked at and put right: left by a broken glass, a breached limit, a review."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="findings")
    source = models.CharField(max_length=40, help_text="What found it, such as break_glass.")
    subject = models.CharField(max_length=120, blank=True, help_text="Reference of what it is about.")
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True, max_length=4000)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    resolution = models.TextField(blank=True, max_length=4000)
    evidence = models.URLField(max_length=500, blank=True, help_text="What shows that it was put right.")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project", "state", "due_on"], name="finding_of_project"),
            models.Index(fields=["owner", "due_on"], condition=models.Q(state="open"), name="finding_waits_for"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        return f"finding:{self.pk}"

    @property
    def is_overdue(self) -> bool:
        today: date = timezone.localdate()
        return self.state == FindingState.OPEN and self.due_on < today
