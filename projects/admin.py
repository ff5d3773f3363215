"""Projects in the admin console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from coe_portal.core.adminsite import AuditedAdmin, ReadOnlyAdmin
from projects.models import BusinessUnit, Handover, Project, Skill


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


@admin.register(Skill)
class SkillAdmin(AuditedAdmin):
    audit_name = "skill"
    list_display = ["person", "subject", "level", "note", "said_by", "said_at"]
    list_filter = ["subject", "level"]
    list_select_related = ["person", "said_by"]
    search_fields = ["person__username", "person__display_name", "note"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.said_by, obj.said_at = request.user, timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(Handover)
class HandoverAdmin(ReadOnlyAdmin):
    list_display = ["person", "project", "reason", "state", "created_at"]
    list_filter = ["state", "reason"]
    list_select_related = ["person", "project"]
