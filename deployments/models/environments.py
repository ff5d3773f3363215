"""Places where things run."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField


class EnvironmentKind(models.TextChoices):
    LOCAL = "local", "Local"
    SANDBOX = "sandbox", "Sandbox"
    DEV = "dev", "Development"
    STAGING = "staging", "Staging"
    PROD = "prod", "Production"


class Access(models.TextChoices):
    """Who may run there."""

    ALL_PROJECTS = "all_projects", "All projects"
    LISTED = "listed", "Listed projects only"


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    def open_to(self, project_id: int) -> Self:
        """The environments that the project may use."""
        listed = Environment.projects.through.objects.filter(project_id=project_id).values("environment_id")
        return self.filter(Q(access=Access.ALL_PROJECTS) | Q(pk__in=listed))

    def for_list(self) -> Self:
        return self.prefetch_related("projects").order_by("name")


class Environment(models.Model):
    """An AWS account and region that the portal may work in, and who may use it.

    ``images`` maps a template's image key to an image URI. ``check_result`` holds what a worker found when it last
    looked: ``{"at": time, "state": "passed" | "failed", "items": [{"code", "title", "ok", "message", "how_to_fix"}]}``.
    """

    id = UlidField()
    name = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=EnvironmentKind.choices)
    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=25)
    role_arn = models.CharField(
        max_length=2048, blank=True, help_text="Role that the portal takes on. Empty: the portal's own credentials."
    )
    external_id = models.CharField(max_length=64, editable=False)
    execution_role_arn = models.CharField(max_length=2048)
    bucket = models.CharField(max_length=63)
    event_queue_url = models.CharField(max_length=500, blank=True)
    images = models.JSONField(default=dict, blank=True)
    access = models.CharField(max_length=12, choices=Access.choices, default=Access.LISTED)
    projects = models.ManyToManyField("projects.Project", related_name="environments", blank=True)
    providers = models.JSONField(default=dict, blank=True)
    check_result = models.JSONField(default=dict, blank=True, editable=False)
    check_requested_at = models.DateTimeField(null=True, editable=False)
    currency = models.CharField(max_length=3, default="USD")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(account_id__regex=r"^\d{12}$"), name="environment_account_12_digits"),
            models.CheckConstraint(condition=Q(access__in=Access.values), name="environment_access_known"),
            models.CheckConstraint(condition=Q(kind__in=EnvironmentKind.values), name="environment_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"environment:{self.pk}"

    @property
    def check_state(self) -> str:
        """One of ``unchecked``, ``checking``, ``passed`` and ``failed``."""
        if self.check_requested_at is not None:
            return "checking"
        return str(self.check_result.get("state", "unchecked"))
