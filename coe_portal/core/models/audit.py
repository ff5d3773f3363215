"""What happened, kept for ever."""

from typing import Self

from django.conf import settings
from django.db import models

from coe_portal.core.models.user import User


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def about(self, ref: str) -> Self:
        return self.filter(subject=ref)

    def in_project(self, key: str) -> Self:
        return self.filter(project=key)

    def for_list(self) -> Self:
        return self.select_related("actor", "on_behalf_of")

    def with_seal(self) -> Self:
        """With the link of the hash chain that covers each entry, as ``seal``; the newest have none yet."""
        return self.for_list().select_related("seal")


class AuditEntry(models.Model):
    """One thing that somebody, or the portal itself, did. Rows are only ever added: a trigger refuses the rest."""

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: the portal."
    )
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60, db_index=True)
    subject = models.CharField(max_length=120, help_text="Reference such as project:PRJ-12 or run:01k….")
    subject_label = models.CharField(max_length=300)
    project = models.CharField(max_length=20, blank=True, help_text="Key of the project that the subject belongs to.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    comment = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["subject", "-id"], name="audit_subject"),
            models.Index(fields=["project", "-id"], name="audit_project"),
            models.Index(fields=["actor", "-id"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_label}"

    @property
    def actor_name(self) -> str:
        actor: User | None = self.actor
        return str(actor) if actor else "CoE Portal"
