"""Breaking the glass: a gate that is opened for some hours, because waiting would be worse."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from governance.models.approvals import ApprovalRequest
from governance.models.findings import Finding
from projects.models import Project

MAX_HOURS = 24


class BreakGlassQuerySet(models.QuerySet["BreakGlass"]):
    def open_now(self) -> Self:
        """Those that hold a gate open at this moment."""
        return self.filter(closes_at__gt=timezone.now())


class BreakGlass(models.Model):
    """One action in one kind of environment may run for some hours although its gate is closed."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="broken_glasses")
    action = models.CharField(max_length=40)
    environment_kind = models.CharField(max_length=10, blank=True)
    hours = models.PositiveSmallIntegerField()
    reason = models.TextField(max_length=2000)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    request = models.OneToOneField(ApprovalRequest, on_delete=models.PROTECT, null=True, related_name="broken_glass")
    opened_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    finding = models.OneToOneField(Finding, on_delete=models.PROTECT, null=True, related_name="+")

    objects = BreakGlassQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "broken glasses"
        constraints = [
            models.CheckConstraint(condition=Q(hours__gte=1, hours__lte=MAX_HOURS), name="break_glass_limited"),
            models.CheckConstraint(
                condition=Q(opened_at=None, closes_at=None, finding=None)
                | Q(opened_at__isnull=False, closes_at__isnull=False, finding__isnull=False),
                name="break_glass_leaves_a_finding",
            ),
        ]

    def __str__(self) -> str:
        return f"broken glass for {self.place} in {self.project.key}"

    @property
    def ref(self) -> str:
        return f"break_glass:{self.pk}"

    @property
    def place(self) -> str:
        """What may run, and where, for people."""
        action = self.action.replace("_", " ")
        return f"{action} ({self.environment_kind})" if self.environment_kind else action
