"""The hash chain over the audit trail, and what checking it has found."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.models.audit import AuditEntry
from coe_portal.core.models.user import User


class AuditSeal(models.Model):
    """One link of the chain: the hash of an audit entry and of the link before. Rows are only ever added.

    Numbers have no gap. The entry is no foreign key in the database: an entry that somebody removed leaves its seal.
    """

    number = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, db_constraint=False, related_name="seal")
    sealed_at = models.DateTimeField()
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def unsealed(after: int = 0) -> models.QuerySet[AuditEntry]:
    """Entries beyond this id that no seal covers yet; only the seals of such entries are looked at."""
    seals = AuditSeal.objects.filter(entry=OuterRef("pk"), entry_id__gt=after)
    return AuditEntry.objects.filter(~Exists(seals), pk__gt=after)


class AuditCheckQuerySet(models.QuerySet["AuditCheck"]):
    def unfinished(self) -> Self:
        return self.filter(finished_at=None)

    def finished(self) -> Self:
        return self.exclude(finished_at=None)

    def intact(self) -> Self:
        return self.finished().filter(broken__isnull=True)


class AuditCheck(models.Model):
    """One walk along the whole chain by a worker, in stretches: ``position`` is the last seal that was found right."""

    id = UlidField()
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty: the schedule.",
    )
    anchor = models.CharField(max_length=100, blank=True, help_text="Head of the check before, NUMBER:HASH.")
    position = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    unsealed = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=100, blank=True, help_text="Last seal that was found right, NUMBER:HASH.")
    broken = models.JSONField(null=True, help_text="{kind, number, entry, message} of the first break, or empty.")

    objects = AuditCheckQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=models.Q(finished_at=None),
                nulls_distinct=False,
                name="audit_check_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"check of the audit trail asked for at {self.asked_at:%d %B %Y %H:%M}"

    @property
    def ref(self) -> str:
        return f"audit_check:{self.pk}"

    @property
    def is_intact(self) -> bool:
        return self.finished_at is not None and self.broken is None

    @property
    def asked_by_name(self) -> str:
        person: User | None = self.asked_by
        return str(person) if person else "CoE Portal"

    @property
    def is_old(self) -> bool:
        """It is two days old, although one begins every day."""
        return self.asked_at < timezone.now() - timedelta(days=2)
