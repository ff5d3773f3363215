"""Delegations: who may decide for whom, from when to when, about what."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.models import User
from projects.models import BusinessUnit, Project

ACTION_WORDS = {
    "advance": "gates between stages",
    "grant_data": "access to data",
    "waive": "waivers of questions",
    "extend_poc": "extensions of proofs of concept",
    "break_glass": "breaking the glass",
}


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def active(self) -> Self:
        """Those that hold today: begun, not over, not ended early, between people who are still here."""
        today = timezone.localdate()
        return self.filter(
            ended_at=None,
            starts_on__lte=today,
            ends_on__gte=today,
            principal__is_active=True,
            delegate__is_active=True,
        )

    def not_over(self) -> Self:
        return self.filter(ended_at=None, ends_on__gte=timezone.localdate())

    def held_by(self, user: User) -> Self:
        """Those under which the person may decide for somebody else today; most people stand in for nobody."""
        first, last, today = user.stands_in_from, user.stands_in_until, timezone.localdate()
        if first is None or last is None or not first <= today <= last:
            return self.none()
        return self.active().filter(delegate=user).select_related("principal")

    def visible_to(self, user: User) -> Self:
        """Given or received by the person; everything for those who read everything."""
        return self if user.reads_everything else self.of(user)

    def of(self, user: User) -> Self:
        """Given or received by the person."""
        return self.filter(Q(principal=user) | Q(delegate=user))

    def for_list(self) -> Self:
        return self.select_related("principal", "delegate", "business_unit")


class Delegation(models.Model):
    """A person lets another decide approvals for them between two days. It never passes on to a third.

    Without ``action`` and ``business_unit`` it covers everything; ``action`` covers that action and its kinds.
    """

    id = UlidField()
    principal = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_given")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_held")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last day on which it holds.")
    action = models.CharField(max_length=60, blank=True)
    business_unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="delegation_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(principal=F("delegate")), name="delegation_to_somebody_else"),
            models.CheckConstraint(condition=Q(action="") | Q(business_unit=None), name="delegation_one_scope"),
        ]
        indexes = [models.Index(fields=["delegate", "ends_on"], name="delegation_held")]

    def __str__(self) -> str:
        return f"delegation from {self.principal} to {self.delegate}"

    @property
    def ref(self) -> str:
        return f"delegation:{self.pk}"

    @property
    def scope(self) -> str:
        """``all``, ``action:<prefix>`` or ``business_unit:<id>``."""
        if self.action:
            return f"action:{self.action}"
        return f"business_unit:{self.business_unit_id}" if self.business_unit_id else "all"

    @property
    def scope_words(self) -> str:
        """What it covers, for people."""
        if self.action:
            return f"only {ACTION_WORDS.get(self.action, self.action.replace('_', ' '))}"
        return f"only {self.business_unit}" if self.business_unit_id else "everything"

    @property
    def state(self) -> str:
        """``planned``, ``active`` or ``ended``."""
        today: date = timezone.localdate()
        if self.ended_at or self.ends_on < today:
            return "ended"
        return "planned" if self.starts_on > today else "active"

    def covers(self, action: str, project: Project) -> bool:
        """Whether it is about this action in this project."""
        if self.action:
            return action == self.action or action.startswith(f"{self.action}:")
        return self.business_unit_id in (None, project.business_unit_id)

    def covered(self) -> Q:
        """The approval requests it is about, as a condition on their rows."""
        if self.action:
            return Q(action=self.action) | Q(action__startswith=f"{self.action}:")
        return Q(project__business_unit=self.business_unit_id) if self.business_unit_id else Q(pk__isnull=False)
