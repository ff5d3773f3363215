"""The POC checklist: what the policy asks, what a project answers, and the evidence."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.lifecycle import Lifecycle
from projects.models.project import Project


class ChecklistVersion(models.Model):
    """The criteria of one published policy version, handed down by governance. Never changed."""

    policy_version = models.CharField(max_length=80, unique=True)
    criteria = models.JSONField()
    team = models.JSONField(default=dict, help_text="{most_areas, blocks}: what the policy says about teams.")
    is_current = models.BooleanField(default=False)
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-published_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=models.Q(is_current=True), name="checklist_one_current"
            )
        ]

    def __str__(self) -> str:
        return self.policy_version


class CriterionStatus(models.TextChoices):
    """How far a criterion is."""

    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Sent back"
    EXPIRED = "expired", "Expired"
    WAIVED = "waived", "Waived"


CRITERION_LIFECYCLE = Lifecycle(
    model="projects.Criterion",
    field="status",
    states=CriterionStatus,
    moves={
        CriterionStatus.OPEN: {CriterionStatus.ANSWERED, CriterionStatus.WAIVED},
        CriterionStatus.ANSWERED: {
            CriterionStatus.OPEN,
            CriterionStatus.ACCEPTED,
            CriterionStatus.REJECTED,
            CriterionStatus.WAIVED,
        },
        CriterionStatus.ACCEPTED: {
            CriterionStatus.EXPIRED,
            CriterionStatus.OPEN,
            CriterionStatus.ANSWERED,
            CriterionStatus.REJECTED,
        },
        CriterionStatus.REJECTED: {CriterionStatus.OPEN, CriterionStatus.ANSWERED},
        CriterionStatus.EXPIRED: {CriterionStatus.OPEN, CriterionStatus.ANSWERED},
        CriterionStatus.WAIVED: {CriterionStatus.OPEN},
    },
)
MET = (CriterionStatus.ACCEPTED, CriterionStatus.WAIVED)


class CriterionQuerySet(models.QuerySet["Criterion"]):
    def for_list(self) -> Self:
        return self.select_related("owner", "project", "verdict_by").prefetch_related("evidence__added_by")


_Manager = models.Manager.from_queryset(CriterionQuerySet)


class AskedCriteria(_Manager["Criterion"]):
    """What the project's policy asks now, without what an earlier version asked."""

    def get_queryset(self) -> CriterionQuerySet:
        return CriterionQuerySet(self.model, using=self._db).filter(removed_at=None)


class Criterion(models.Model):
    """One requirement of the policy as this project answers it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="criteria")
    code = models.CharField(max_length=40)
    question = models.CharField(max_length=200)
    short = models.CharField(max_length=60, help_text="The question in a few words, for lists.")
    hint = models.TextField(blank=True)
    step = models.PositiveSmallIntegerField(help_text="Step of the journey, 1 to 7.")
    position = models.PositiveSmallIntegerField()
    weight = models.PositiveSmallIntegerField(help_text="Points of the readiness score.")
    answer_schema = models.JSONField()
    status = models.CharField(max_length=10, choices=CriterionStatus.choices, default=CriterionStatus.OPEN)
    answer = models.JSONField(default=dict)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    due_on = models.DateField(null=True, blank=True)
    verdict_comment = models.TextField(blank=True)
    verdict_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    verdict_at = models.DateTimeField(null=True)
    expires_on = models.DateField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    removed_at = models.DateTimeField(
        null=True, help_text="When the project moved to a policy that does not ask this; the answer is kept."
    )

    objects = AskedCriteria()
    ever = CriterionQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "criteria"
        constraints = [models.UniqueConstraint(fields=["project", "code"], name="criterion_once_per_project")]

    def __str__(self) -> str:
        return f"{self.short} of {self.project.key}"

    @property
    def ref(self) -> str:
        return f"criterion:{self.project.key}/{self.code}"


class EvidenceKind(models.TextChoices):
    """What a piece of evidence is."""

    LINK = "link", "Link"
    NOTE = "note", "Note"


class Evidence(models.Model):
    """Something that supports an answer."""

    id = UlidField()
    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=10, choices=EvidenceKind.choices)
    title = models.CharField(max_length=120)
    url = models.URLField(max_length=500, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["added_at"]
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return self.title
