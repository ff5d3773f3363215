"""Filters of runs, templates and environments, for pages and API alike."""

import re

import django_filters
from django.db.models import Q

from coe_portal.core.filters import MomentFilter
from deployments.models import Environment, EnvironmentKind, Run, RunState, TemplateVersion
from deployments.models.runs import RunQuerySet
from deployments.models.templates import TemplateVersionQuerySet

_PROJECT_KEY = re.compile(r"PRJ-0*(\d{1,14})", re.IGNORECASE)


class RunFilter(django_filters.FilterSet):  # type: ignore[misc]
    project = django_filters.CharFilter(method="filter_project", label="Project key")
    state = django_filters.MultipleChoiceFilter(choices=RunState.choices, label="State")
    environment = django_filters.CharFilter(field_name="environment__name", label="Environment")
    template = django_filters.CharFilter(field_name="template_version__template__name", label="Template")
    requested_by = django_filters.CharFilter(field_name="requested_by__username", label="Username")
    spot = django_filters.BooleanFilter(label="Spot")
    instance_type = django_filters.CharFilter(label="Instance type")
    since = MomentFilter(field_name="created_at", lookup_expr="gte", label="From this time on")
    until = MomentFilter(field_name="created_at", lookup_expr="lt", label="Before this time")
    search = django_filters.CharFilter(method="filter_search", label="Number, id or part of the note")

    class Meta:
        model = Run
        fields: list[str] = ["kind"]

    def filter_project(self, queryset: RunQuerySet, name: str, value: str) -> RunQuerySet:
        del name
        key = _PROJECT_KEY.fullmatch(value)
        return queryset.filter(project_id=int(key.group(1))) if key else queryset.none()

    def filter_search(self, queryset: RunQuerySet, name: str, value: str) -> RunQuerySet:
        del name
        found = Q(note__icontains=value) | Q(id=value.lower()) | Q(aws_name=value.lower())
        if value.isascii() and value.isdigit() and len(value) < 10:
            found |= Q(number=int(value))
        return queryset.filter(found)


class TemplateFilter(django_filters.FilterSet):  # type: ignore[misc]
    name = django_filters.CharFilter(field_name="template__name", label="Name")
    kind = django_filters.CharFilter(field_name="template__kind", label="Kind")
    search = django_filters.CharFilter(method="filter_search", label="Part of the name or title")

    class Meta:
        model = TemplateVersion
        fields: list[str] = ["version"]

    def filter_search(self, queryset: TemplateVersionQuerySet, name: str, value: str) -> TemplateVersionQuerySet:
        del name
        return queryset.filter(Q(template__name__icontains=value) | Q(title__icontains=value))


class EnvironmentFilter(django_filters.FilterSet):  # type: ignore[misc]
    kind = django_filters.ChoiceFilter(choices=EnvironmentKind.choices, label="Kind")
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Part of the name")

    class Meta:
        model = Environment
        fields: list[str] = ["name", "region", "access"]
