"""People, groups and their API tokens."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth.forms import AdminUserCreationForm, ReadOnlyPasswordHashField, SetPasswordForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from coe_portal.core.adminsite import AuditedAdmin, ReadOnlyAdmin
from coe_portal.core.errors import DomainError
from coe_portal.core.models import ApiToken, ApproverGroup, SiteRole, User, UserKind
from coe_portal.core.services import people, tokens

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
    password = ReadOnlyPasswordHashField(
        help_text="Passwords are stored as hashes; nobody can read them. The button sets a new one."
    )

    class Meta:
        model = User
        fields = [*PROFILE, "password"]

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        stays = SiteRole.COE_LEAD in values.get("site_roles", ()) and values.get("is_active")
        if self.instance.is_lead and not stays and not User.objects.leads().exclude(pk=self.instance.pk).exists():
            self.add_error("site_roles", "This is the last CoE lead. Make another one first.")
        return values

    def save(self, commit: bool = True) -> User:
        if self.instance.kind == UserKind.SERVICE:
            self.instance.set_unusable_password()
        return super().save(commit)


class NewPersonForm(AdminUserCreationForm[User]):
    """Make a person or a service account. Who signs in elsewhere, and every service account, has no password."""

    site_roles = ROLE_FIELDS["site_roles"]
    approver_groups = ROLE_FIELDS["approver_groups"]

    class Meta:
        model = User
        fields = PROFILE

    def validate_passwords(self, *args: Any, **kwargs: Any) -> None:
        if self.cleaned_data.get("kind") == UserKind.SERVICE:
            self.cleaned_data.update(usable_password="false")  # noqa: S106  the form's word for "none"
        super().validate_passwords(*args, **kwargs)


@admin.register(User)
class UserAdmin(AuditedAdmin):
    audit_name = "user"
    secret_fields = frozenset({"password", "password1", "password2", "usable_password"})
    form = PersonForm
    list_display = ["username", "display_name", "kind", "roles", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["username", "display_name", "email"]
    ordering = ["display_name"]
    actions = ["remove_second_factors"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            people.tell_activity(person=obj)

    def get_urls(self) -> list[URLPattern]:
        own = path("<int:user_id>/password/", self.admin_site.admin_view(self.set_password), name="core_user_password")
        return [own, *super().get_urls()]

    def set_password(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Give a person a new password."""
        person = get_object_or_404(User, pk=user_id)
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        form = SetPasswordForm(person, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                people.set_password(user_id=user_id, password=form.cleaned_data["new_password1"], actor=_lead(request))
                self.message_user(request, f"{person} has a new password.")
            except DomainError as error:
                self.message_user(request, error.message, level=messages.ERROR)
            return HttpResponseRedirect(reverse("admin:core_user_change", args=[user_id]))
        fields: Any = form  # AdminForm draws any form; its annotation knows model forms only
        context = {
            **self.admin_site.each_context(request),
            "title": f"Set the password of {person}",
            "form": form,
            "adminform": AdminForm(fields, [(None, {"fields": list(form.fields)})], {}),
            "opts": self.opts,
            "original": person,
        }
        return TemplateResponse(request, "admin/set_password.html", context)

    @admin.action(description="Remove second factors (the person lost theirs)", permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        removed = sum(people.remove_second_factors(user_id=person.pk, actor=_lead(request)) for person in queryset)
        self.message_user(request, f"{removed} second factors are removed.", level=messages.WARNING)

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
