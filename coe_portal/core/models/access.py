"""How automation gets in: API tokens and idempotency keys."""

import hashlib
import secrets
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField


class Scope(models.TextChoices):
    """What a token may be used for, within what its owner may do."""

    READ = "read", "Read"
    WRITE = "write", "Write"
    DECIDE = "decide", "Decide approvals"
    ADMIN = "admin", "Administer"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=timezone.now(), user__is_active=True)


class ApiToken(models.Model):
    """A secret with scopes and an end. Only its SHA-256 is kept; the token itself is shown once."""

    PREFIX = "coe_"

    id = UlidField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, default="token")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False, help_text="The first characters, to tell tokens apart.")
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(scopes__contained_by=list(Scope.values)), name="token_scopes_known"),
        ]

    def __str__(self) -> str:
        return f"{self.hint}… of {self.user}"

    @property
    def ref(self) -> str:
        return f"token:{self.pk}"

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    @staticmethod
    def digest_of(token: str) -> str:
        """SHA-256 in hex. The token has 256 random bits, so a slow hash would add nothing."""
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def make(cls, *, user_id: int, scopes: list[str], name: str, expires_at: datetime) -> tuple["ApiToken", str]:
        """Build an unsaved row and its token. The token cannot be had again."""
        token = cls.PREFIX + secrets.token_urlsafe(32)
        row = cls(
            user_id=user_id,
            name=name,
            scopes=scopes,
            digest=cls.digest_of(token),
            hint=token[:10],
            expires_at=expires_at,
        )
        return row, token


class IdempotencyRecord(models.Model):
    """The answer that was given to a POST with an ``Idempotency-Key``, so that a repeat gets the same one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
