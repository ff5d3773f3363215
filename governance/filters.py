"""Filters of governance's lists, for pages and API alike."""

import django_filters
from django.db.models import Q

from coe_portal.core.widgets import PlainSelect
from governance.models import (
    ApprovalRequest,
    ApprovalState,
    Condition,
    ConditionState,
    Delegation,
    Finding,
    FindingState,
    PolicyStatus,
    PolicyVersion,
    Severity,
)
from governance.models.approvals import ApprovalQuerySet
from governance.models.conditions import ConditionQuerySet
from governance.models.delegations import DelegationQuerySet
from governance.models.findings import FindingQuerySet
from projects.models import BusinessUnit, Project


class ApprovalFilter(django_filters.FilterSet):  # type: ignore[misc]
    waiting_on = django_filters.ChoiceFilter(
        choices=[("me", "me")], method="filter_waiting_on", label="me: open requests that the caller may decide now"
    )
    subject = django_filters.CharFilter(label="Reference, such as project:PRJ-12")
    project = django_filters.CharFilter(method="filter_project", label="Project key")
    state = django_filters.ChoiceFilter(choices=ApprovalState.choices, label="State")
    action = django_filters.CharFilter(label="Action, such as advance:poc")
    requester = django_filters.CharFilter(field_name="requester__username", label="Username")

    class Meta:
        model = ApprovalRequest
        fields: list[str] = []

    def filter_waiting_on(self, queryset: ApprovalQuerySet, name: str, value: str) -> ApprovalQuerySet:
        del name, value
        return queryset.awaiting(self.request.user)

    def filter_project(self, queryset: ApprovalQuerySet, name: str, value: str) -> ApprovalQuerySet:
        del name
        return queryset.filter(project__in=Project.objects.by_key(value))


class InboxFilter(django_filters.FilterSet):  # type: ignore[misc]
    tab = django_filters.ChoiceFilter(
        choices=[("needs-you", "Needs you"), ("waiting", "Waiting on others"), ("done", "Done")],
        method="filter_tab",
        label="Tab",
    )
    search = django_filters.CharFilter(method="filter_search", label="Title, request or project")
    business_unit = django_filters.ModelChoiceFilter(
        field_name="project__business_unit",
        queryset=BusinessUnit.objects.all(),
        label="Business unit",
        empty_label="Any",
        widget=PlainSelect,
    )

    class Meta:
        model = ApprovalRequest
        fields: list[str] = []

    def filter_tab(self, queryset: ApprovalQuerySet, name: str, value: str) -> ApprovalQuerySet:
        """The tab says which requests are read at all, so it filters nothing by itself."""
        del name, value
        return queryset

    def filter_search(self, queryset: ApprovalQuerySet, name: str, value: str) -> ApprovalQuerySet:
        del name
        of_project = Q(project__in=Project.objects.by_key(value))
        number = value.upper().removeprefix("APR-")
        known = Q(pk=int(number)) if number.isascii() and number.isdigit() and len(number) < 18 else Q()
        found = Q(title__icontains=value) | of_project
        return queryset.filter(found | known if known else found)


class PolicyFilter(django_filters.FilterSet):  # type: ignore[misc]
    name = django_filters.CharFilter(label="Name")
    status = django_filters.ChoiceFilter(choices=PolicyStatus.choices, label="Status")

    class Meta:
        model = PolicyVersion
        fields: list[str] = []


class DelegationFilter(django_filters.FilterSet):  # type: ignore[misc]
    to = django_filters.CharFilter(field_name="delegate__username", label="Username of who decides")
    state = django_filters.ChoiceFilter(
        choices=[("not_over", "not over")], method="filter_state", label="not_over: active or planned"
    )

    class Meta:
        model = Delegation
        fields: list[str] = []

    def filter_state(self, queryset: DelegationQuerySet, name: str, value: str) -> DelegationQuerySet:
        del name, value
        return queryset.not_over()


class ConditionFilter(django_filters.FilterSet):  # type: ignore[misc]
    project = django_filters.CharFilter(method="filter_project", label="Project key")
    state = django_filters.ChoiceFilter(choices=ConditionState.choices, label="State")

    class Meta:
        model = Condition
        fields: list[str] = []

    def filter_project(self, queryset: ConditionQuerySet, name: str, value: str) -> ConditionQuerySet:
        del name
        return queryset.filter(project__in=Project.objects.by_key(value))


class FindingFilter(django_filters.FilterSet):  # type: ignore[misc]
    project = django_filters.CharFilter(method="filter_project", label="Project key")
    state = django_filters.ChoiceFilter(choices=FindingState.choices, label="State")
    severity = django_filters.ChoiceFilter(choices=Severity.choices, label="Severity")
    source = django_filters.CharFilter(label="What found it, such as break_glass")

    class Meta:
        model = Finding
        fields: list[str] = []

    def filter_project(self, queryset: FindingQuerySet, name: str, value: str) -> FindingQuerySet:
        del name
        return queryset.filter(project__in=Project.objects.by_key(value))
