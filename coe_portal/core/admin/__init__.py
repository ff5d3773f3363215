"""The kernel's part of the admin console."""

from coe_portal.core.admin.events import OutboxEventAdmin
from coe_portal.core.admin.people import ApiTokenAdmin, UserAdmin
from coe_portal.core.admin.trail import AuditEntryAdmin

__all__ = ["ApiTokenAdmin", "AuditEntryAdmin", "OutboxEventAdmin", "UserAdmin"]
