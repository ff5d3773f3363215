"""Filters of the kernel's lists, for pages and API alike."""

import django_filters
from django import forms
from django.db.models import Q

from coe_portal.core.models import AuditEntry, SiteRole, User
from coe_portal.core.models.user import UserQuerySet


def _example(text: str) -> forms.TextInput:
    return forms.TextInput(attrs={"placeholder": text})


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"})


class UserFilter(django_filters.FilterSet):  # type: ignore[misc]
    search = django_filters.CharFilter(method="filter_search", label="Part of the name")
    role = django_filters.ChoiceFilter(choices=SiteRole.choices, method="filter_role", label="Site role")

    class Meta:
        model = User
        fields: list[str] = ["kind"]

    def filter_search(self, queryset: UserQuerySet, name: str, value: str) -> UserQuerySet:
        del name
        return queryset.filter(Q(display_name__icontains=value) | Q(username__icontains=value))

    def filter_role(self, queryset: UserQuerySet, name: str, value: str) -> UserQuerySet:
        del name
        return queryset.with_site_role(value)


class AuditFilter(django_filters.FilterSet):  # type: ignore[misc]
    actor = django_filters.CharFilter(field_name="actor__username", label="Username", widget=_example("scientist"))
    action = django_filters.CharFilter(
        lookup_expr="startswith",
        label="Action",
        help_text="Action, such as run.launched or run",
        widget=_example("run or run.launched"),
    )
    subject = django_filters.CharFilter(
        label="Reference", help_text="Reference, such as project:PRJ-12", widget=_example("approval:APR-12")
    )
    project = django_filters.CharFilter(label="Project", help_text="Project key", widget=_example("PRJ-12"))
    since = django_filters.IsoDateTimeFilter(
        field_name="at", lookup_expr="gte", label="From", help_text="From this time on", widget=_moment()
    )
    until = django_filters.IsoDateTimeFilter(
        field_name="at", lookup_expr="lt", label="Before", help_text="Before this time", widget=_moment()
    )

    class Meta:
        model = AuditEntry
        fields: list[str] = []
