"""The POC checklist: what the policy asks and what a project answers."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from coe_portal.core.lifecycle import Lifecycle
from projects.models.project import ENDED, Project


class ChecklistVersion(models.Model):
    """The criteria of one published policy version, handed down by governance. Never changed."""

    policy_version = models.CharField(max_length=80, unique=True)
    criteria = models.JSONField()
    intake = models.JSONField(
        default=dict, help_text="{concept, concept_questions, explain_similar_from}: how ideas are looked at first."
    )
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
        CriterionStatus.REJECTED: {CriterionStatus.OPEN, CriterionStatus.ANSWERED, CriterionStatus.WAIVED},
        CriterionStatus.EXPIRED: {CriterionStatus.OPEN, CriterionStatus.ANSWERED, CriterionStatus.WAIVED},
        CriterionStatus.WAIVED: {CriterionStatus.OPEN, CriterionStatus.ANSWERED},
    },
)
MET = (CriterionStatus.ACCEPTED, CriterionStatus.WAIVED)


class CriterionQuerySet(models.QuerySet["Criterion"]):
    """Names for the sets of criteria that the portal speaks of."""

    def ended(self, today: date) -> Self:
        """Accepted answers and waivers whose last day is over, in projects that go on."""
        over = models.Q(status=CriterionStatus.ACCEPTED, expires_on__lt=today)
        over |= models.Q(status=CriterionStatus.WAIVED, waived_until__lt=today)
        return self.filter(over).exclude(project__stage__in=ENDED)

    def for_list(self) -> Self:
        return self.select_related("project").with_people()

    def with_people(self) -> Self:
        """Without the project, for pages of one: those know it."""
        from projects.models.evidence import Evidence  # evidence points here

        pieces = models.Prefetch("evidence", Evidence.objects.current().select_related("added_by"))
        return self.select_related("owner", "verdict_by").prefetch_related(pieces)


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
    expires_on = models.DateField(null=True, blank=True, help_text="The last day on which an accepted answer holds.")
    waived_until = models.DateField(null=True, blank=True, help_text="The last day of its waiver.")
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
        constraints = [
            models.UniqueConstraint(fields=["project", "code"], name="criterion_once_per_project"),
            models.CheckConstraint(
                condition=~models.Q(status="waived") | models.Q(waived_until__isnull=False), name="waiver_has_an_end"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_on"], condition=models.Q(status="accepted"), name="criterion_expiry"),
            models.Index(fields=["waived_until"], condition=models.Q(status="waived"), name="criterion_waiver"),
        ]

    def __str__(self) -> str:
        return f"{self.short} of {self.project.key}"

    @property
    def ref(self) -> str:
        return f"criterion:{self.project.key}/{self.code}"
