"""The clock of a proof of concept: alarms that rang, and what was decided."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import MoneyField, UlidField
from coe_portal.core.models import User
from governance.models.approvals import ApprovalRequest
from projects.models import Project, Stage


class PocChoice(models.TextChoices):
    """How a proof of concept goes on."""

    GO = "go", "Go: make it ready for production"
    NO_GO = "no_go", "No go: stop the project"
    PIVOT = "pivot", "Pivot: answer some questions anew"
    EXTEND = "extend", "Extend: more time or money"


class PocDecisionQuerySet(models.QuerySet["PocDecision"]):
    """Names for the sets of decisions that the portal speaks of."""

    def in_force(self) -> Self:
        """Decisions that count: an extension only once it is approved."""
        return self.filter(in_force_at__isnull=False)

    def for_list(self) -> Self:
        return self.select_related("decided_by", "request", "project")


class PocDecision(models.Model):
    """One decision on a proof of concept, with what was known when it was taken. It never changes afterwards."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="poc_decisions")
    decision = models.CharField(max_length=10, choices=PocChoice.choices)
    reason = models.TextField(max_length=2000)
    facts = models.JSONField(default=dict, help_text="How the clock stood: dates, money, shares.")
    reopened = ArrayField(models.CharField(max_length=40), default=list, help_text="Questions of a pivot.")
    ends_on = models.DateField(null=True, help_text="The end that an extension asks for.")
    budget = MoneyField(null=True, help_text="The budget that an extension asks for.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    in_force_at = models.DateTimeField(null=True)
    holds_until = models.DateField(null=True, help_text="The last day on which it stands in for the end of the clock.")
    request = models.OneToOneField(ApprovalRequest, on_delete=models.PROTECT, null=True, related_name="poc_decision")

    objects = PocDecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "-id"], name="poc_decision_of_project")]

    def __str__(self) -> str:
        return f"{self.get_decision_display().partition(':')[0].lower()} of {self.project.key}"

    @property
    def ref(self) -> str:
        return f"poc_decision:{self.pk}"


class ClockAlarmQuerySet(models.QuerySet["ClockAlarm"]):
    """Names for the sets of alarms that the portal speaks of."""

    def calling(self, user: User) -> Self:
        """Alarms that ask this person, as owner or sponsor, to see to a proof of concept."""
        mine = Q(project__owner=user) | Q(project__sponsor=user)
        return self.filter(mine, closed_at=None, project__stage=Stage.POC)


class ClockAlarm(models.Model):
    """The clock of a project rang: ``warning`` near its limit, ``over`` at it. Once for each limit, so never twice."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="clock_alarms")
    kind = models.CharField(max_length=5, choices=[("time", "Time"), ("money", "Money")])
    level = models.CharField(max_length=7, choices=[("warning", "Nearly used"), ("over", "Used up")])
    limit = models.CharField(max_length=40, help_text="The end or the budget that it rang for.")
    percent = models.PositiveIntegerField()
    raised_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    objects = ClockAlarmQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "kind", "level", "limit"], name="clock_rings_once")]
        indexes = [models.Index(fields=["project"], condition=Q(closed_at=None), name="clock_alarm_open")]

    def __str__(self) -> str:
        return f"{self.percent}% of the {self.kind} of {self.project.key} is used"
