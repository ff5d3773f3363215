"""Projects, their stages, their success metric and their numbered revisions."""

import re
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone

from coe_portal.core.fields import MoneyField, UlidField
from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User

WORDS = SearchVector("name", "summary", config="english")
_KEY = re.compile(r"PRJ-([1-9][0-9]{0,17})")


class Stage(models.TextChoices):
    """Where a project stands. Between two stages stands a gate."""

    INTAKE = "intake", "Intake"
    QUALIFICATION = "qualification", "Qualification"
    POC = "poc", "Proof of concept"
    PRODUCTION_READY = "production_ready", "Production ready"
    PRODUCTION = "production", "Production"
    RETIRED = "retired", "Retired"
    DECLINED = "declined", "Declined"
    DEFERRED = "deferred", "Deferred"
    STOPPED = "stopped", "Stopped"


STAGE_LIFECYCLE = Lifecycle(
    model="projects.Project",
    field="stage",
    states=Stage,
    moves={
        Stage.INTAKE: {Stage.QUALIFICATION, Stage.DECLINED, Stage.DEFERRED, Stage.STOPPED},
        Stage.QUALIFICATION: {Stage.INTAKE, Stage.POC, Stage.DECLINED, Stage.DEFERRED},
        Stage.POC: {Stage.PRODUCTION_READY, Stage.STOPPED},
        Stage.PRODUCTION_READY: {Stage.PRODUCTION, Stage.STOPPED},
        Stage.PRODUCTION: {Stage.RETIRED},
        Stage.DEFERRED: {Stage.INTAKE, Stage.DECLINED, Stage.STOPPED},
        Stage.RETIRED: set(),
        Stage.DECLINED: set(),
        Stage.STOPPED: set(),
    },
)
ENDED = (Stage.RETIRED, Stage.DECLINED, Stage.STOPPED)


class Health(models.TextChoices):
    """How a project is doing, in the words of the pages."""

    ON_TRACK = "on_track", "On track"
    AT_RISK = "at_risk", "At risk"
    BLOCKED = "blocked", "Blocked"


class RiskTier(models.TextChoices):
    """How much harm a wrong prediction can do. A policy uses some of these words and says how one is reached."""

    MINIMAL = "minimal", "Minimal"
    LOW = "low", "Low"
    LIMITED = "limited", "Limited"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    UNACCEPTABLE = "unacceptable", "Unacceptable"


class DataClassification(models.TextChoices):
    """The strictest class among the data that a project uses, in rising order."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"
    CONFIDENTIAL = "confidential", "Confidential"
    RESTRICTED = "restricted", "Restricted"


class BusinessUnit(models.Model):
    """A part of the organisation that owns projects and pays for them."""

    id = UlidField()
    name = models.CharField(max_length=120, unique=True)
    cost_center = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"business_unit:{self.pk}"


class ProjectQuerySet(models.QuerySet["Project"]):
    """Names for the sets of projects that the portal speaks of."""

    def by_key(self, key: str) -> Self:
        """The project with this key, or none; any text is accepted."""
        found = _KEY.fullmatch(key.upper())
        return self.filter(pk=int(found[1])) if found else self.none()

    def visible_to(self, user: User) -> Self:
        """Everything for site roles; for approver groups whatever left intake; else where the person takes part."""
        if user.reads_everything:
            return self
        taking_part = Q(pk__in=self.model.keys_of(user))
        if user.approver_groups:
            taking_part |= ~Q(stage=Stage.INTAKE)
        return self.filter(taking_part)

    def intakes(self) -> Self:
        return self.filter(stage__in=[Stage.INTAKE, Stage.QUALIFICATION, Stage.DEFERRED])

    def open(self) -> Self:
        return self.exclude(stage__in=ENDED)

    def for_list(self) -> Self:
        return self.select_related("business_unit", "owner")

    def with_people(self) -> Self:
        """With everybody who is named on the project, for pages of one project and for exports."""
        return self.for_list().select_related("sponsor", "deploy_authority")


class Project(models.Model):
    """One ML project from the first idea (stage intake) to its end. Its key, PRJ-12, is for life."""

    name = models.CharField(max_length=120)
    summary = models.TextField(blank=True, max_length=2000)
    business_unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="projects")
    stage = models.CharField(max_length=20, choices=Stage.choices, default=Stage.INTAKE)
    health = models.CharField(max_length=10, choices=Health.choices, default=Health.ON_TRACK)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_projects")
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="sponsored_projects"
    )
    deploy_authority = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    risk_tier = models.CharField(max_length=15, choices=RiskTier.choices, blank=True)
    risk_assessed_at = models.DateTimeField(
        null=True, help_text="When the policy's questionnaire gave the risk tier; empty while it is only an estimate."
    )
    data_classification = models.CharField(max_length=15, choices=DataClassification.choices, blank=True)
    policy_version = models.CharField(
        max_length=80, help_text="The policy this project is pinned to, such as default:1."
    )
    poc_starts_on = models.DateField(null=True, blank=True)
    poc_ends_on = models.DateField(null=True, blank=True)
    poc_budget = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    value_per_year = MoneyField(null=True, blank=True, help_text="Likely value a year, from the answer to “value”.")
    readiness = models.JSONField(default=dict, help_text="{score, complete, missing}, kept with every answer.")
    waiting_on = models.CharField(max_length=200, blank=True, help_text="Who decides next; governance keeps it.")
    waiting_since = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="The project it joined."
    )
    revision = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(poc_ends_on=None) | Q(poc_starts_on=None) | Q(poc_ends_on__gt=F("poc_starts_on")),
                name="project_poc_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=Q(poc_budget=None) | Q(poc_budget__gt=0), name="project_budget_positive"),
        ]
        indexes = [
            models.Index(fields=["stage", "-id"], name="project_stage"),
            models.Index(fields=["business_unit", "-id"], name="project_unit"),
            models.Index(fields=["name", "id"], name="project_name"),
            models.Index(fields=["updated_at", "id"], name="project_updated"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="project_name_trigram"),
            GinIndex(OpClass(Upper("summary"), name="gin_trgm_ops"), name="project_summary_trigram"),
            GinIndex(WORDS, name="project_words"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.name}"

    @property
    def key(self) -> str:
        return f"PRJ-{self.pk}"

    @property
    def ref(self) -> str:
        return f"project:{self.key}"

    @property
    def is_open(self) -> bool:
        return self.stage not in ENDED

    @staticmethod
    def keys_of(user: User) -> "models.QuerySet[Any, int]":
        """Primary keys of the projects that the person takes part in or reviews, as a subquery."""
        from projects.models.participation import Participation  # a view over this model and those that point here

        return Participation.objects.filter(user_id=user.pk).values_list("project_id", flat=True)


class MetricDirection(models.TextChoices):
    """Whether more or less of the metric is better."""

    INCREASE = "increase", "Higher is better"
    DECREASE = "decrease", "Lower is better"


class SuccessMetric(models.Model):
    """What the project is measured by, for its whole life: runs report it, gates evaluate it, tests decide on it."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="success_metric")
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=40, blank=True)
    direction = models.CharField(max_length=10, choices=MetricDirection.choices)
    baseline = models.FloatField()
    target = models.FloatField()
    guardrail = models.JSONField(default=dict, help_text="{name, limit}, or empty.")

    def __str__(self) -> str:
        return f"{self.name} from {self.baseline:g} to {self.target:g}"

    def is_met_by(self, value: float) -> bool:
        """Whether ``value`` reaches the target."""
        return value >= self.target if self.direction == MetricDirection.INCREASE else value <= self.target


class Revision(models.Model):
    """Everything a project said when it was submitted; never changed afterwards."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="revision_number_once")]

    def __str__(self) -> str:
        return f"revision {self.number} of {self.project.key}"
