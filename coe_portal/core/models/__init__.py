"""Rows that every app shares: people, what happened, what is to be told, who calls the API."""

from coe_portal.core.models.access import ApiToken, IdempotencyRecord, Scope
from coe_portal.core.models.audit import AuditEntry
from coe_portal.core.models.outbox import OutboxEvent
from coe_portal.core.models.seals import AuditCheck, AuditSeal
from coe_portal.core.models.user import ApproverGroup, SiteRole, User, UserKind

__all__ = [
    "ApiToken",
    "ApproverGroup",
    "AuditCheck",
    "AuditEntry",
    "AuditSeal",
    "IdempotencyRecord",
    "OutboxEvent",
    "Scope",
    "SiteRole",
    "User",
    "UserKind",
]
