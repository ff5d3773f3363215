"""Policies and approvals in the admin console. Published versions and decisions are only read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from coe_portal.core.adminsite import AuditedAdmin, ReadOnlyAdmin
from coe_portal.core.errors import DomainError
from coe_portal.core.models import User
from governance.models import (
    ApprovalRequest,
    BreakGlass,
    Condition,
    Decision,
    Delegation,
    Finding,
    Notification,
    PocDecision,
    PolicyStatus,
    PolicyVersion,
    Review,
    Waiver,
)
from governance.policies import loader
from governance.services import policies


class PolicyForm(forms.ModelForm[PolicyVersion]):
    """A new draft: the YAML is checked before it is kept."""

    source = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 40, "spellcheck": "false"}), help_text="The whole policy as YAML."
    )

    class Meta:
        model = PolicyVersion
        fields = ["source"]

    def clean_source(self) -> str:
        source = str(self.cleaned_data["source"])
        try:
            name = loader.load(source)["name"]
        except loader.PolicyError as error:
            raise forms.ValidationError([str(problem) for problem in error.problems]) from None
        if self.instance.name and name != self.instance.name:
            raise forms.ValidationError(f"The name of this draft is “{self.instance.name}” and stays so.")
        return source


@admin.register(PolicyVersion)
class PolicyVersionAdmin(AuditedAdmin):
    audit_name = "policy"
    form = PolicyForm
    list_display = ["__str__", "title", "status", "published_at", "published_by"]
    list_filter = ["status", "name"]
    actions = ["publish"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        del request
        current = PolicyVersion.objects.for_new_projects().first()
        return {"source": current.source if current else policies.DEFAULT.read_text()}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts are changed; what was published never is."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.status == PolicyStatus.DRAFT)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        source, actor = form.cleaned_data["source"], _actor(request)
        if change:
            draft = policies.change_draft(policy_id=obj.pk, source=source, actor=actor)
        else:
            draft = policies.create_draft(source=source, actor=actor)
        obj.__dict__.update(draft.__dict__)

    @admin.action(description="Publish the selected draft", permissions=["add"])
    def publish(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        for draft in queryset:
            try:
                version = policies.publish(policy_id=draft.pk, actor=_actor(request))
                self.message_user(request, f"{version} is published. New projects are pinned to it.")
            except DomainError as error:
                self.message_user(request, error.message, level="ERROR")


class DecisionInline(admin.TabularInline[Decision, ApprovalRequest]):
    model = Decision
    extra = 0
    can_delete = False
    fields = ("step", "actor", "on_behalf_of", "verdict", "comment", "decided_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    list_display = ["key", "title", "state", "requester", "created_at", "due_at", "closed_at"]
    list_filter = ["state"]
    list_select_related = ["requester"]
    inlines = [DecisionInline]


@admin.register(Condition)
class ConditionAdmin(ReadOnlyAdmin):
    list_display = ["text", "project", "owner", "due_on", "state"]
    list_filter = ["state"]
    list_select_related = ["project", "owner"]


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = ["title", "project", "severity", "owner", "due_on", "state", "source"]
    list_filter = ["state", "severity", "source"]
    list_select_related = ["project", "owner"]


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ["project", "revision", "reviewer", "scores", "given_at", "policy_version"]
    list_select_related = ["project", "reviewer"]


@admin.register(PocDecision)
class PocDecisionAdmin(ReadOnlyAdmin):
    list_display = ["project", "decision", "decided_by", "decided_at", "in_force_at", "holds_until"]
    list_filter = ["decision"]
    list_select_related = ["project", "decided_by"]


@admin.register(Waiver)
class WaiverAdmin(ReadOnlyAdmin):
    list_display = ["criterion", "ends_on", "requested_by", "requested_at", "request"]
    list_select_related = ["criterion__project", "requested_by", "request"]


@admin.register(BreakGlass)
class BreakGlassAdmin(ReadOnlyAdmin):
    list_display = ["project", "action", "environment_kind", "requested_by", "opened_at", "closes_at"]
    list_select_related = ["project", "requested_by"]


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "person", "telling", "created_at", "send_at", "attempts", "sent_at"]
    list_filter = ["telling", "sent_at"]
    list_select_related = ["person", "request"]


@admin.register(Delegation)
class DelegationAdmin(ReadOnlyAdmin):
    list_display = ["principal", "delegate", "starts_on", "ends_on", "scope", "state", "ended_at"]
    list_select_related = ["principal", "delegate", "business_unit"]
    search_fields = ["principal__username", "delegate__username"]


def _actor(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the admin console lets nobody in without an account")
    return request.user
