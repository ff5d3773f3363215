"""Access of a project to a data set: asked for, granted for a time, ended, and for copies destroyed."""

from datetime import date, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.lifecycle import Lifecycle
from coe_portal.core.models import User
from projects.models.datasets import Dataset
from projects.models.project import Project


class AccessPattern(models.TextChoices):
    """How a team reaches the data."""

    SANDBOX_COPY = "sandbox_copy", "Sandbox copy"
    PLATFORM_READ = "platform_read", "Read on the data platform"


class AccessStatus(models.TextChoices):
    """Where an access stands. Only a granted one lets anybody read."""

    REQUESTED = "requested", "Waits for approval"
    APPROVED = "approved", "Approved, not granted yet"
    GRANTED = "granted", "Granted"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"
    AWAITING_DESTRUCTION = "awaiting_destruction", "Copy to be destroyed"
    CLOSED = "closed", "Closed, copy destroyed"


_S = AccessStatus
ACCESS_LIFECYCLE = Lifecycle(
    model="projects.DataAccess",
    field="status",
    states=AccessStatus,
    moves={
        _S.REQUESTED: {_S.APPROVED, _S.GRANTED, _S.REFUSED, _S.WITHDRAWN},
        _S.APPROVED: {_S.GRANTED, _S.REVOKED},
        _S.GRANTED: {_S.EXPIRED, _S.REVOKED, _S.AWAITING_DESTRUCTION},
        _S.AWAITING_DESTRUCTION: {_S.CLOSED},
        _S.REFUSED: set(),
        _S.WITHDRAWN: set(),
        _S.EXPIRED: set(),
        _S.REVOKED: set(),
        _S.CLOSED: set(),
    },
)
REMIND_BEFORE = timedelta(days=7)
LIVE = (_S.REQUESTED, _S.APPROVED, _S.GRANTED, _S.AWAITING_DESTRUCTION)


class EndReason(models.TextChoices):
    """Why a granted access ended."""

    EXPIRED = "expired", "Its time was over"
    REVOKED = "revoked", "It was revoked"
    FINISHED = "finished", "The team finished with it"


class DataAccessQuerySet(models.QuerySet["DataAccess"]):
    """Names for the sets of accesses that the portal speaks of."""

    def visible_to(self, user: User) -> Self:
        """Those of the projects that the person may see, and those to data that they own."""
        if user.reads_everything:
            return self
        return self.filter(Q(project__in=Project.objects.visible_to(user)) | Q(dataset__owner=user))

    def live(self) -> Self:
        """Those that are not over."""
        return self.filter(status__in=LIVE)

    def granted(self) -> Self:
        """Those that let the project read now."""
        return self.filter(status=AccessStatus.GRANTED, expires_at__gt=timezone.now())

    def due(self) -> Self:
        """Granted ones that are to be reminded of or ended now."""
        return self.filter(status=AccessStatus.GRANTED, next_check_at__lte=timezone.now()).order_by("next_check_at")

    def calling(self, user: User) -> Self:
        """What who asked, or the project's owner, has to see to: copies to destroy, access that ends soon."""
        mine = Q(requested_by=user) | Q(project__owner=user)
        left = Q(status=AccessStatus.AWAITING_DESTRUCTION, check_requested_at=None)
        ending = Q(status=AccessStatus.GRANTED, expires_at__lte=timezone.now() + REMIND_BEFORE)
        return self.filter(mine, left | ending)

    def to_look_at(self) -> Self:
        """Copies for which somebody attested the destruction and nobody has looked yet."""
        return self.filter(check_requested_at__isnull=False).order_by("check_requested_at")

    def for_list(self) -> Self:
        return self.select_related("project__owner", "dataset__owner", "requested_by", "attested_by")


class DataAccess(models.Model):
    """A project's wish to use a data set for a purpose and a time, and what became of it.

    ``copy_location`` is the prefix of a sandbox copy. ``check_result`` is what a worker found there after the
    destruction was attested: ``{"at", "empty", "objects", "more", "keys", "trouble"}``.
    """

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="data_accesses")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="accesses")
    purpose = models.TextField(max_length=2000)
    pattern = models.CharField(max_length=15, choices=AccessPattern.choices)
    columns = ArrayField(models.CharField(max_length=128), default=list, blank=True, help_text="Empty: all of them.")
    days = models.PositiveSmallIntegerField(help_text="For how long, counted from the day it is granted.")
    environment = models.CharField(max_length=40, blank=True, help_text="Where the copy lies.")
    copy_location = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=20, choices=AccessStatus.choices, default=AccessStatus.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    granted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True, help_text="When it is reminded of or ended.")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=10, choices=EndReason.choices, blank=True)
    note = models.CharField(max_length=500, blank=True, help_text="Why it is as it is, for people.")
    attestation = models.TextField(blank=True, max_length=2000)
    attested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    attested_at = models.DateTimeField(null=True)
    check_requested_at = models.DateTimeField(null=True)
    check_result = models.JSONField(default=dict)

    objects = DataAccessQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "data accesses"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "dataset", "pattern"],
                condition=Q(status__in=[str(state) for state in LIVE]),
                name="data_access_one_live",
            ),
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=366), name="data_access_days_limited"),
            models.CheckConstraint(
                condition=~Q(status="granted") | Q(granted_at__isnull=False, expires_at__isnull=False),
                name="data_access_granted_ends",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(attested_at__isnull=False, check_result__empty=True),
                name="data_access_closed_when_seen_empty",
            ),
            models.CheckConstraint(
                condition=Q(pattern="platform_read", copy_location="")
                | Q(pattern="sandbox_copy", copy_location__gt=""),
                name="data_access_copy_has_a_place",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="data_access_project"),
            models.Index(fields=["dataset", "-id"], name="data_access_dataset"),
            models.Index(fields=["status", "-id"], name="data_access_status"),
            models.Index(fields=["next_check_at"], condition=Q(status="granted"), name="data_access_due"),
            models.Index(
                fields=["check_requested_at"],
                condition=Q(check_requested_at__isnull=False),
                name="data_access_to_look_at",
            ),
        ]

    def __str__(self) -> str:
        return f"Access to {self.dataset.name} of {self.project.key}"

    @property
    def ref(self) -> str:
        return f"data_access:{self.pk}"

    @property
    def is_copy(self) -> bool:
        return self.pattern == AccessPattern.SANDBOX_COPY

    @property
    def is_readable(self) -> bool:
        """Whether it lets the project read now."""
        return self.status == AccessStatus.GRANTED and self.expires_at is not None and self.expires_at > timezone.now()

    @property
    def expires_on(self) -> date | None:
        """The day on which it ends."""
        return timezone.localtime(self.expires_at).date() if self.expires_at else None

    @property
    def readable_location(self) -> str:
        """What the team reads: the copy, or the data itself."""
        return self.copy_location or self.dataset.location
