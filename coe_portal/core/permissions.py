"""Who may read the audit trail."""

from coe_portal.core.models import AuditEntry, User
from coe_portal.core.models.audit import AuditQuerySet


def audit_visible_to(user: User) -> AuditQuerySet:
    """Everything for CoE leads, executives and auditors; otherwise what the person did or had done for them."""
    entries: AuditQuerySet = AuditEntry.objects.all()
    if user.reads_everything:
        return entries
    return entries.filter(actor=user) | entries.filter(on_behalf_of=user)
