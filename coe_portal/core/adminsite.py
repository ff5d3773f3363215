"""The admin console: Django's admin, open to CoE leads and, read-only, to auditors. Every change is audited."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from coe_portal.core import audit
from coe_portal.core.models import User
from coe_portal.core.services import system

TITLES = {
    "User": ("People", "Accounts, site roles and approver groups"),
    "ApiToken": ("API tokens", "Who calls the API, with which scopes, until when"),
    "AuditEntry": ("Audit trail", "Every entry with its before and after"),
    "OutboxEvent": ("Events", "On their way or parked; parked ones can be retried"),
    "BusinessUnit": ("Business units", "Who owns projects and pays for them"),
    "Skill": ("Skills", "What people can do, as they say or a CoE lead corrected"),
    "Handover": ("Orphaned duties", "What people who left answered for"),
    "Project": ("Projects", "Every project, as it is stored"),
    "Dataset": ("Data sets", "What data there is, who owns it, where it lies"),
    "DataAccess": ("Data access", "Who may read which data, until when"),
    "PolicyVersion": ("Policies", "Drafts to write, versions to publish"),
    "ApprovalRequest": ("Approval requests", "What was asked and decided"),
    "Condition": ("Conditions", "What approvals demand, by whom, until when"),
    "Finding": ("Findings", "What is wrong with projects, and who puts it right"),
    "Lesson": ("Lessons", "What projects learnt"),
    "Review": ("Reviews", "What reviewers say of intakes"),
    "PocDecision": ("POC decisions", "Go, no go, pivot or extend, with what was known"),
    "Waiver": ("Waivers", "Criteria that count as met until a day"),
    "Environment": ("Environments", "Accounts, regions, roles, buckets and queues"),
    "TemplateVersion": ("Training templates", "The golden paths and their versions"),
    "Price": ("Prices", "What an hour of each machine costs, by date"),
    "Run": ("Runs", "Every run, as it is stored"),
}


class CoeAdminSite(admin.AdminSite):
    site_header = "Admin console"
    site_title = "Admin console"
    index_title = "Admin console"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only our own kinds: libraries bring pages that would write no audit entry and show secrets to auditors."""
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin | AuditedAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_staff

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own: list[URLResolver | URLPattern] = [
            path("system/", self.admin_view(self.system_health), name="system_health"),
        ]
        return own + super().get_urls()

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The console's rooms, with names that people use."""
        rooms: list[Any] = super().get_app_list(request, app_label)
        for model in (model for room in rooms for model in room["models"]):
            model["name"], model["about"] = TITLES.get(model["object_name"], (model["name"], ""))
        return rooms

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The rooms, and what needs a hand."""
        return super().index(request, {**(extra_context or {}), "parts": system.status()})

    def system_health(self, request: HttpRequest) -> HttpResponse:
        """Whether workers, scheduler, event consumer and queues do their work."""
        context = {**self.each_context(request), "title": "Workers and queues", "parts": system.status()}
        return TemplateResponse(request, "admin/system_health.html", context)


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that nobody edits by hand."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False


class AuditedAdmin(admin.ModelAdmin[Any]):
    """Rows that CoE leads edit. What changed is recorded in the same transaction; nothing is deleted.

    The action in the audit trail is ``<audit_name>.created`` or ``<audit_name>.changed``. Subclasses whose rules live
    in a service override ``save_model`` and call it.
    """

    audit_name = ""
    secret_fields: frozenset[str] = frozenset({"password"})

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        changed = [name for name in form.changed_data if name not in self.secret_fields]
        before = {name: form.initial.get(name) for name in changed}
        super().save_model(request, obj, form, change)
        actor = request.user if isinstance(request.user, User) else None
        if not change or form.changed_data:
            audit.record(
                actor=actor,
                action=f"{self.audit_name}.{'changed' if change else 'created'}",
                subject=obj,
                before=before if change else None,
                after={name: form.cleaned_data.get(name) for name in changed},
            )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False
