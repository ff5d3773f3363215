"""Waivers: a criterion that gates count as met until a day, because somebody answers for the risk."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from coe_portal.core.fields import UlidField
from governance.models.approvals import ApprovalRequest
from projects.models import Criterion, Project

MAX_DAYS = 180


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def for_list(self) -> Self:
        return self.select_related("request", "requested_by", "criterion").prefetch_related("request__steps")


class Waiver(models.Model):
    """Somebody asked to let a criterion pass until a day. It holds once its request is approved and ends by itself."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="waivers")
    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="waivers")
    ends_on = models.DateField(help_text="The last day.")
    reason = models.TextField(max_length=2000)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    request = models.OneToOneField(ApprovalRequest, on_delete=models.PROTECT, null=True, related_name="waiver")

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"waiver of {self.criterion}"

    @property
    def ref(self) -> str:
        return f"waiver:{self.pk}"
