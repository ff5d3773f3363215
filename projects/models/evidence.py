"""Evidence: what supports an answer. A piece that is withdrawn stays, and so does its file."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from projects.models.checklist import Criterion


class EvidenceKind(models.TextChoices):
    """What a piece of evidence is. A live object is shown as it is now, beside what it said when it was added."""

    FILE = "file", "File"
    LINK = "link", "Link"
    NOTE = "note", "Note"
    RUN_METRIC = "run_metric", "Metric of a run"
    DATASET = "dataset", "Data set"
    APPROVAL = "approval", "Approval"


LIVE_KINDS = (EvidenceKind.RUN_METRIC, EvidenceKind.DATASET, EvidenceKind.APPROVAL)


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Names for the sets of evidence that the portal speaks of."""

    def current(self) -> Self:
        """What supports the answers, or did until its day: what was not withdrawn."""
        return self.filter(withdrawn_at=None)

    def holding(self) -> Self:
        """What supports the answers today: neither withdrawn nor over."""
        return self.current().filter(Q(valid_until=None) | Q(valid_until__gte=timezone.localdate()))

    def for_list(self) -> Self:
        return self.select_related("criterion__project", "added_by", "withdrawn_by", "replaces")


class Evidence(models.Model):
    """Something that supports an answer: a file, a link, a note, or an object that the portal knows."""

    id = UlidField()
    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=10, choices=EvidenceKind.choices)
    title = models.CharField(max_length=120)
    url = models.URLField(max_length=500, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    reference = models.CharField(max_length=120, blank=True, help_text="Which live object, in the words of its kind.")
    said = models.CharField(max_length=200, blank=True, help_text="What the live object said when it was added.")
    file_name = models.CharField(max_length=120, blank=True, help_text="As it was uploaded, for people.")
    stored_as = models.CharField(max_length=80, blank=True, help_text="Random name below the media folder.")
    media_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(null=True, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file's content, in hexadecimal digits.")
    valid_until = models.DateField(null=True, blank=True, help_text="The last day on which it proves anything.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_because = models.CharField(max_length=500, blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["added_at"]
        verbose_name_plural = "evidence"
        constraints = [
            models.UniqueConstraint(fields=["stored_as"], condition=~Q(stored_as=""), name="evidence_file_once"),
            models.CheckConstraint(
                condition=~Q(kind="file") | (~Q(stored_as="") & ~Q(sha256="") & Q(size__isnull=False)),
                name="evidence_file_is_described",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_by__isnull=False), name="evidence_withdrawn_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        return f"evidence:{self.pk}"
