"""Who is in the team, and who is responsible for what."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from projects.models.project import Project


class ProjectRole(models.TextChoices):
    """The seven roles of a project team."""

    SPONSOR = "sponsor", "Sponsor"
    DOMAIN_EXPERT = "domain_expert", "Domain expert"
    DATA_SCIENTIST = "data_scientist", "Data scientist"
    DATA_ENGINEER = "data_engineer", "Data engineer"
    SOFTWARE_ENGINEER = "software_engineer", "Software engineer"
    DEVOPS_ENGINEER = "devops_engineer", "DevOps engineer"
    SECURITY_ENGINEER = "security_engineer", "Security engineer"


class WorkArea(models.TextChoices):
    """The nine areas of work that somebody must answer for."""

    DATA_SOURCING = "data_sourcing", "Data sourcing"
    DATA_QUALITY = "data_quality", "Data quality"
    FEATURE_ENGINEERING = "feature_engineering", "Feature engineering"
    MODEL_DEVELOPMENT = "model_development", "Model development"
    MODEL_TRAINING = "model_training", "Model training"
    DEPLOYMENT_AND_INFERENCE = "deployment_and_inference", "Deployment and inference"
    MODEL_MONITORING = "model_monitoring", "Model monitoring"
    INFRASTRUCTURE_AND_MLOPS = "infrastructure_and_mlops", "Infrastructure and MLOps"
    SECURITY_AND_COMPLIANCE = "security_and_compliance", "Security and compliance"


class ResponsibilityKind(models.TextChoices):
    """RACI."""

    RESPONSIBLE = "responsible", "Responsible"
    ACCOUNTABLE = "accountable", "Accountable"
    CONSULTED = "consulted", "Consulted"
    INFORMED = "informed", "Informed"


class MemberQuerySet(models.QuerySet["Member"]):
    def for_list(self) -> Self:
        return self.select_related("user", "project").prefetch_related("responsibilities")


class Member(models.Model):
    """A person in a project's team, with one or more roles."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=20, choices=ProjectRole.choices))
    joined_at = models.DateTimeField(default=timezone.now)

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["joined_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="member_once_per_project"),
            models.CheckConstraint(
                condition=Q(roles__contained_by=list(ProjectRole.values)), name="member_roles_known"
            ),
            models.CheckConstraint(condition=Q(roles__len__gt=0), name="member_has_a_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.project.key}"

    @property
    def ref(self) -> str:
        return f"member:{self.pk}"

    @property
    def role_names(self) -> str:
        """The roles in words, such as “Data scientist, DevOps engineer”."""
        return ", ".join(str(ProjectRole(role).label) for role in self.roles)


class Responsibility(models.Model):
    """What a member is for one area of work."""

    id = UlidField()
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="responsibilities")
    work_area = models.CharField(max_length=30, choices=WorkArea.choices)
    kind = models.CharField(max_length=12, choices=ResponsibilityKind.choices)

    class Meta:
        ordering = ["work_area", "id"]
        verbose_name_plural = "responsibilities"
        constraints = [models.UniqueConstraint(fields=["member", "work_area"], name="responsibility_once_per_area")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.get_work_area_display()}"

    @property
    def ref(self) -> str:
        return f"responsibility:{self.pk}"
