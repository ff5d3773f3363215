"""Projects in the admin console."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from coe_portal.core.adminsite import AuditedAdmin, ReadOnlyAdmin
from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects.models import BusinessUnit, DataAccess, Dataset, Handover, Lesson, Project, Skill
from projects.services import datasets


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


class DatasetAdminForm(forms.ModelForm[Dataset]):
    """The same rules as in the API, beside the fields."""

    class Meta:
        model = Dataset
        fields = [*datasets.FIELDS]

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        try:
            datasets.check(values=given(values), dataset=None if self.instance._state.adding else self.instance)
        except InvalidInput as error:
            for name, sentences in error.errors.items():
                if name not in self.errors:
                    self.add_error(name, sentences)
        return values


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Rows by their names, as the service wants them."""
    owner, unit = values.get("owner"), values.get("business_unit")
    return values | {
        "owner": owner.username if isinstance(owner, User) else "",
        "business_unit": unit.pk if isinstance(unit, BusinessUnit) else "",
        "columns": values.get("columns") or [],
    }


@admin.register(Dataset)
class DatasetAdmin(AuditedAdmin):
    form = DatasetAdminForm
    audit_name = "dataset"
    list_display = ["name", "classification", "readiness", "owner", "location"]
    list_filter = ["classification", "readiness"]
    list_select_related = ["owner"]
    search_fields = ["name", "location"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values, actor = given(form.cleaned_data), signed_in(request)
        if change:
            datasets.change(dataset_id=obj.pk, values=values, actor=actor)
            return
        obj.pk = datasets.register(values=values, actor=actor).pk


@admin.register(DataAccess)
class DataAccessAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "pattern", "status", "requested_by", "expires_at"]
    list_filter = ["status", "pattern"]
    list_select_related = ["project", "dataset", "requested_by"]
    search_fields = ["dataset__name"]
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


@admin.register(Lesson)
class LessonAdmin(ReadOnlyAdmin):
    list_display = ["title", "kind", "project", "written_by", "written_at"]
    list_filter = ["kind"]
    list_select_related = ["project", "written_by"]
    search_fields = ["title"]
