"""The audit trail, read-only."""

from django.contrib import admin
from django.http import HttpRequest

from coe_portal.core.adminsite import ReadOnlyAdmin
from coe_portal.core.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "on_behalf_of", "action", "subject_label", "project"]
    list_select_related = ["actor", "on_behalf_of"]
    search_fields = ["=action", "=subject", "=project", "=request_id"]
    date_hierarchy = "at"
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        del obj
        return bool(getattr(request.user, "is_staff", False))
