"""People, groups and their API tokens."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.forms import BaseUserCreationForm, ReadOnlyPasswordHashField
from django.db.models import QuerySet
from django.http import HttpRequest

from coe_portal.core.adminsite import AuditedAdmin, ReadOnlyAdmin
from coe_portal.core.models import ApiToken, ApproverGroup, SiteRole, User
from coe_portal.core.services import tokens

ROLE_FIELDS = {
    "site_roles": forms.MultipleChoiceField(
        choices=SiteRole.choices, required=False, widget=forms.CheckboxSelectMultiple
    ),
    "approver_groups": forms.MultipleChoiceField(
        choices=ApproverGroup.choices, required=False, widget=forms.CheckboxSelectMultiple
    ),
}
PROFILE = ["username", "display_name", "email", "kind", "site_roles", "approver_groups", "is_active"]


class PersonForm(forms.ModelForm[User]):
    """Change a person; the password is changed on a page of its own."""

    site_roles = ROLE_FIELDS["site_roles"]
    approver_groups = ROLE_FIELDS["approver_groups"]
    password = ReadOnlyPasswordHashField(help_text="Passwords are stored as hashes; nobody can read them.")

    class Meta:
        model = User
        fields = [*PROFILE, "password"]


class NewPersonForm(BaseUserCreationForm[User]):
    """Make a person or a service account."""

    site_roles = ROLE_FIELDS["site_roles"]
    approver_groups = ROLE_FIELDS["approver_groups"]

    class Meta:
        model = User
        fields = PROFILE


@admin.register(User)
class UserAdmin(AuditedAdmin):
    audit_name = "user"
    secret_fields = frozenset({"password", "password1", "password2", "usable_password"})
    form = PersonForm
    list_display = ["username", "display_name", "kind", "roles", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["username", "display_name", "email"]
    ordering = ["display_name"]

    @admin.display(description="Roles and groups")
    def roles(self, user: User) -> str:
        labels = dict(SiteRole.choices) | dict(ApproverGroup.choices)
        return ", ".join(str(labels[name]) for name in [*user.site_roles, *user.approver_groups])

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs |= {"form": NewPersonForm, "fields": None}
        return super().get_form(request, obj, change, **kwargs)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ["hint", "user", "name", "scopes", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["revoked_at"]
    list_select_related = ["user"]
    search_fields = ["user__username", "name"]
    actions = ["revoke"]

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            tokens.revoke_token(token_id=token.pk, actor=_lead(request))
        self.message_user(request, f"{len(queryset)} tokens are revoked.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return _lead(request).is_lead


def _lead(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the admin console lets nobody in without an account")
    return request.user
