"""Environments, templates, prices and runs in the admin console."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from coe_portal.core.adminsite import AuditedAdmin, ReadOnlyAdmin
from coe_portal.core.errors import DomainError
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from deployments.models import Environment, Price, Run, TemplateVersion
from deployments.services import environments, prices

FIELDS = [*environments.FIELDS, "projects"]


class EnvironmentForm(forms.ModelForm[Environment]):
    """The same rules as in the API, beside the fields."""

    class Meta:
        model = Environment
        fields = FIELDS

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        candidate = Environment(**{name: values.get(name) or "" for name in environments.FIELDS if name != "providers"})
        candidate.images = values.get("images") or {}
        for name, sentences in environments.problems(candidate).items():
            if name not in self.errors:
                self.add_error(name, sentences)
        return values


@admin.register(Environment)
class EnvironmentAdmin(AuditedAdmin):
    form = EnvironmentForm
    audit_name = "environment"
    list_display = ["name", "kind", "account_id", "region", "access", "check_state"]
    list_filter = ["kind", "access"]
    search_fields = ["name", "account_id"]
    filter_horizontal = ["projects"]
    actions = ["check_now"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in environments.FIELDS}
        keys = [project.key for project in form.cleaned_data["projects"]]
        actor = signed_in(request)
        if change:
            environments.update_environment(environment_id=obj.pk, values=values, projects=keys, actor=actor)
            return
        made = environments.create_environment(values=values, projects=keys, actor=actor)
        obj.pk, obj.external_id = made.pk, made.external_id
        told = f"ExternalId for the role's trust policy: {made.external_id}. It is shown only now, so note it."
        self.message_user(request, told, level=messages.WARNING)

    @admin.action(description="Check the selected environments", permissions=["check"])
    def check_now(self, request: HttpRequest, queryset: QuerySet[Environment]) -> None:
        for environment in queryset:
            try:
                environments.request_check(environment_id=environment.pk, actor=signed_in(request))
            except DomainError as error:
                self.message_user(request, error.message, level=messages.WARNING)
        self.message_user(request, "A worker checks them now. The result stands on the environment's page.")

    def has_check_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_lead


@admin.register(TemplateVersion)
class TemplateVersionAdmin(ReadOnlyAdmin):
    list_display = ["template", "version", "title", "objective_metric", "published_at"]
    list_filter = ["template"]
    list_select_related = ["template"]
    search_fields = ["template__name", "title"]
    exclude = ["package"]


@admin.register(Price)
class PriceAdmin(AuditedAdmin):
    audit_name = "price"
    fields = ["region", "component", "instance_type", "per_hour", "currency", "dated_on", "source"]
    list_display = ["instance_type", "region", "component", "per_hour", "currency", "dated_on", "source"]
    list_filter = ["region", "component", "dated_on"]
    search_fields = ["instance_type"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A new price is a new row with its own date: runs keep the one they were launched with."""
        del request, obj
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        del change
        obj.pk = prices.add_price(values=form.cleaned_data, actor=signed_in(request)).pk


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["aws_name", "project", "number", "environment", "state", "requested_by", "cost", "created_at"]
    list_filter = ["state", "environment", "kind"]
    list_select_related = ["project", "environment", "requested_by"]
    search_fields = ["=aws_name", "=id", "=arn"]
    show_full_result_count = False
