"""Projects that moved from one version of a policy to another."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from coe_portal.core.fields import UlidField
from projects.models import Project


class MoveQuerySet(models.QuerySet["PolicyMove"]):
    def for_list(self) -> Self:
        return self.select_related("moved_by", "project")


class PolicyMove(models.Model):
    """A project left one policy version for another: what that added, removed and changed, with the answers it held."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="policy_moves")
    source = models.CharField(max_length=80, help_text="The policy it was pinned to.")
    target = models.CharField(max_length=80, help_text="The policy it is pinned to since.")
    report = models.JSONField(
        help_text="{added, removed, changed, approvals, risk}, with the answers that did not fit."
    )
    moved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(default=timezone.now)

    objects = MoveQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.project.key} from {self.source} to {self.target}"
