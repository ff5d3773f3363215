"""Projects in the admin console."""

from django.contrib import admin

from coe_portal.core.adminsite import AuditedAdmin, ReadOnlyAdmin
from projects.models import BusinessUnit, Project


@admin.register(BusinessUnit)
class BusinessUnitAdmin(AuditedAdmin):
    audit_name = "business_unit"
    list_display = ["name", "cost_center"]
    search_fields = ["name", "cost_center"]


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "business_unit", "stage", "owner", "waiting_on", "updated_at"]
    list_filter = ["stage", "business_unit"]
    list_select_related = ["business_unit", "owner"]
    search_fields = ["name"]
    show_full_result_count = False
