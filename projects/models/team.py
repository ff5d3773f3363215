"""Who is in the team, who is responsible for what, and what is left over when somebody goes."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from projects.models.project import ENDED, Project


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


# What a team can lack; ``projects.coverage`` finds it, and policies name what closes a gate.
GAP_CODES = (
    "no_domain_expert",
    "nobody_accountable",
    "two_accountable",
    "one_for_all",
    "overloaded",
    "inactive_member",
)


class MemberQuerySet(models.QuerySet["Member"]):
    def for_list(self) -> Self:
        return self.select_related("project").with_people()

    def with_people(self) -> Self:
        """Without the project, for pages of one: those know it."""
        return self.select_related("user").prefetch_related("responsibilities")


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


class ResponsibilityQuerySet(models.QuerySet["Responsibility"]):
    def deciding(self) -> Self:
        """Accountable people to whom approvals may be routed: active, and named by somebody else."""
        by_others = Q(named_by=None) | ~Q(named_by=F("member__user"))
        return self.filter(by_others, kind=ResponsibilityKind.ACCOUNTABLE, member__user__is_active=True)


class Responsibility(models.Model):
    """What a member is for one area of work.

    ``named_by`` said so last. Who named themselves accountable answers for the area like anybody else, but decides no
    approval for it: that needs somebody else's word.
    """

    id = UlidField()
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="responsibilities")
    work_area = models.CharField(max_length=30, choices=WorkArea.choices)
    kind = models.CharField(max_length=12, choices=ResponsibilityKind.choices)
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ResponsibilityQuerySet.as_manager()

    class Meta:
        ordering = ["work_area", "id"]
        verbose_name_plural = "responsibilities"
        constraints = [models.UniqueConstraint(fields=["member", "work_area"], name="responsibility_once_per_area")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.get_work_area_display()}"

    @property
    def ref(self) -> str:
        return f"responsibility:{self.pk}"


class HandoverReason(models.TextChoices):
    """Why somebody does not answer for their duties any more."""

    LEFT_TEAM = "left_team", "left the team"
    DEACTIVATED = "deactivated", "has no active account any more"


class HandoverState(models.TextChoices):
    """Open until others hold every duty."""

    OPEN = "open", "Open"
    DONE = "done", "Done"


HANDOVER_LIFECYCLE = Lifecycle(
    model="projects.Handover",
    states=HandoverState,
    moves={HandoverState.OPEN: {HandoverState.DONE}, HandoverState.DONE: set()},
)


class HandoverQuerySet(models.QuerySet["Handover"]):
    def open(self) -> Self:
        """Those that still matter: an ended project needs nobody any more."""
        return self.filter(state=HandoverState.OPEN).exclude(project__stage__in=ENDED)

    def waiting_for(self, user: User) -> Self:
        """What the person has to see to: the owner for their projects, CoE leads for all."""
        return self.open() if user.is_lead else self.open().filter(project__owner=user)

    def for_list(self) -> Self:
        return self.select_related("project", "person")


class Handover(models.Model):
    """What somebody who left answered for in a project and nobody answers for yet: the orphaned duties.

    ``duties`` holds the codes of ``projects.duties`` that are still without a holder.
    """

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="handovers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=12, choices=HandoverReason.choices)
    duties = ArrayField(models.CharField(max_length=50))
    state = models.CharField(max_length=5, choices=HandoverState.choices, default=HandoverState.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "person"], condition=Q(state="open"), name="handover_open_once_per_person"
            )
        ]
        indexes = [models.Index(fields=["project"], condition=Q(state="open"), name="handover_open")]

    def __str__(self) -> str:
        return f"duties of {self.person} in {self.project.key}"

    @property
    def ref(self) -> str:
        return f"handover:{self.pk}"
