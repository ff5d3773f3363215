"""Versions of policies."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User


class PolicyStatus(models.TextChoices):
    """A published version never changes; the next one of the same name supersedes it. A draft can be thrown away."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    SUPERSEDED = "superseded", "Superseded"
    DISCARDED = "discarded", "Discarded"


POLICY_LIFECYCLE = Lifecycle(
    model="governance.PolicyVersion",
    field="status",
    states=PolicyStatus,
    moves={
        PolicyStatus.DRAFT: {PolicyStatus.PUBLISHED, PolicyStatus.DISCARDED},
        PolicyStatus.PUBLISHED: {PolicyStatus.SUPERSEDED},
        PolicyStatus.SUPERSEDED: set(),
        PolicyStatus.DISCARDED: set(),
    },
)
NEVER_IN_FORCE = (PolicyStatus.DRAFT, PolicyStatus.DISCARDED)


class PolicyQuerySet(models.QuerySet["PolicyVersion"]):
    def visible_to(self, user: User) -> Self:
        """Everybody reads what was published; drafts are for those who read everything."""
        return self if user.reads_everything else self.once_in_force()

    def once_in_force(self) -> Self:
        """What is or was in force."""
        return self.exclude(status__in=NEVER_IN_FORCE)

    def for_new_projects(self) -> Self:
        """The version that new projects are pinned to."""
        return self.filter(starts_projects=True)

    def labelled(self, label: str) -> Self:
        """The version with this label, such as default:1."""
        name, _, number = label.rpartition(":")
        return self.filter(name=name, number=int(number)) if number.isdigit() and len(number) < 9 else self.none()


class PolicyVersion(models.Model):
    """One version of a policy: the YAML as it was written and the checked document."""

    id = UlidField()
    name = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=PolicyStatus.choices, default=PolicyStatus.DRAFT)
    source = models.TextField(help_text="The policy as YAML.")
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    starts_projects = models.BooleanField(default=False, help_text="Whether new projects are pinned to it.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["name", "number"], name="policy_number_once"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(status="published"), name="policy_one_published_per_name"
            ),
            models.UniqueConstraint(
                fields=["starts_projects"], condition=models.Q(starts_projects=True), name="policy_one_for_new_projects"
            ),
            models.CheckConstraint(
                condition=models.Q(starts_projects=False) | models.Q(status="published"),
                name="policy_for_new_projects_is_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} version {self.number}"

    @property
    def label(self) -> str:
        return f"{self.name}:{self.number}"

    @property
    def ref(self) -> str:
        return f"policy:{self.label}"
