"""What was promised when something was approved with conditions."""

from datetime import date, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from governance.models.approvals import ApprovalRequest, ApprovalState
from governance.models.steps import Decision
from projects.models import Project

NEAR = timedelta(days=3)  # from then on who set it is asked as well, and both are told


class ConditionState(models.TextChoices):
    """A condition lapses when its request is not approved after all."""

    OPEN = "open", "Open"
    MET = "met", "Met"
    LAPSED = "lapsed", "Lapsed"


CONDITION_LIFECYCLE = Lifecycle(
    model="governance.Condition",
    states=ConditionState,
    moves={
        ConditionState.OPEN: {ConditionState.MET, ConditionState.LAPSED},
        ConditionState.MET: set(),
        ConditionState.LAPSED: set(),
    },
)


class ConditionQuerySet(models.QuerySet["Condition"]):
    def visible_to(self, user: User) -> Self:
        """Those of visible projects, and those that the person set."""
        mine = Q(decision__actor=user) | Q(decision__on_behalf_of=user)
        return self.filter(mine | Q(project__in=Project.objects.visible_to(user)))

    def binding(self) -> Self:
        """Open conditions of what was approved."""
        return self.filter(state=ConditionState.OPEN, request__state=ApprovalState.APPROVED)

    def waiting_for(self, user: User) -> Self:
        """What this person has to do, and near the day what they set and have to look at."""
        near = timezone.localdate() + NEAR
        set_by = Q(decision__actor=user) | Q(decision__on_behalf_of=user)
        return self.binding().filter(Q(owner=user) | (set_by & Q(due_on__lte=near)))

    def overdue(self) -> Self:
        return self.filter(due_on__lt=timezone.localdate())

    def for_list(self) -> Self:
        people = ("owner", "closed_by", "decision__actor", "decision__on_behalf_of")
        return self.select_related("project", "request", *people)


class Condition(models.Model):
    """Something that has to be done by a day, or what was approved stops."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="conditions")
    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="conditions")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=ConditionState.choices, default=ConditionState.OPEN)
    note = models.CharField(max_length=500, blank=True, help_text="How it was met.")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ConditionQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["project", "state", "due_on"], name="condition_of_project")]

    def __str__(self) -> str:
        return f"condition “{self.text[:80]}” of {self.request.key}"

    @property
    def ref(self) -> str:
        return f"condition:{self.pk}"

    @property
    def is_overdue(self) -> bool:
        today: date = timezone.localdate()
        return self.state == ConditionState.OPEN and self.due_on < today
