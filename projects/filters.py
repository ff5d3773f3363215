"""One filter class for the projects' pages and API."""

import django_filters
from django.db.models import Q, QuerySet

from coe_portal.core.models import User
from coe_portal.core.widgets import FilterSelect
from projects.models import (
    BusinessUnit,
    Criterion,
    CriterionStatus,
    Evidence,
    EvidenceKind,
    Handover,
    HandoverState,
    Health,
    Member,
    Project,
    ProjectRole,
    Responsibility,
    ResponsibilityKind,
    RiskTier,
    Skill,
    SkillLevel,
    Stage,
    WorkArea,
)
from projects.models.project import ProjectQuerySet
from projects.models.skills import SUBJECTS


def found_by(projects: ProjectQuerySet, words: str) -> ProjectQuerySet:
    """Projects whose key, name or summary contain every word. Trigram indexes serve name and summary."""
    for word in words.split()[:8]:
        fits = Q(name__icontains=word) | Q(summary__icontains=word)
        number = word.upper().removeprefix("PRJ-")
        if number.isascii() and number.isdigit() and len(number) < 18:
            fits |= Q(pk=int(number))
        projects = projects.filter(fits)
    return projects


class BusinessUnitFilter(django_filters.FilterSet):  # type: ignore[misc]
    search = django_filters.CharFilter(method="filter_search", label="Part of the name or cost centre")
    name = django_filters.CharFilter(label="Name")
    cost_center = django_filters.CharFilter(label="Cost centre")

    class Meta:
        model = BusinessUnit
        fields: list[str] = []

    def filter_search(self, queryset: QuerySet[BusinessUnit], name: str, value: str) -> QuerySet[BusinessUnit]:
        del name
        return queryset.filter(Q(name__icontains=value) | Q(cost_center__icontains=value))


class CriterionFilter(django_filters.FilterSet):  # type: ignore[misc]
    status = django_filters.MultipleChoiceFilter(choices=CriterionStatus.choices, label="Status")
    step = django_filters.NumberFilter(label="Step of the journey, 1 to 7")
    owner = django_filters.CharFilter(field_name="owner__username", label="Username")

    class Meta:
        model = Criterion
        fields: list[str] = []


class EvidenceFilter(django_filters.FilterSet):  # type: ignore[misc]
    criterion = django_filters.CharFilter(field_name="criterion__code", label="Code of the question")
    kind = django_filters.MultipleChoiceFilter(choices=EvidenceKind.choices, label="Kind")
    withdrawn = django_filters.BooleanFilter(
        field_name="withdrawn_at", lookup_expr="isnull", exclude=True, label="Withdrawn"
    )

    class Meta:
        model = Evidence
        fields: list[str] = []


class MemberFilter(django_filters.FilterSet):  # type: ignore[misc]
    user = django_filters.CharFilter(field_name="user__username", label="Username")
    role = django_filters.ChoiceFilter(choices=ProjectRole.choices, method="filter_role", label="Role")

    class Meta:
        model = Member
        fields: list[str] = []

    def filter_role(self, queryset: QuerySet[Member], name: str, value: str) -> QuerySet[Member]:
        del name
        return queryset.filter(roles__contains=[value])


class ResponsibilityFilter(django_filters.FilterSet):  # type: ignore[misc]
    member = django_filters.CharFilter(field_name="member_id", label="Id of the member")
    work_area = django_filters.ChoiceFilter(choices=WorkArea.choices, label="Area of work")
    kind = django_filters.ChoiceFilter(choices=ResponsibilityKind.choices, label="Kind")

    class Meta:
        model = Responsibility
        fields: list[str] = []


class HandoverFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=HandoverState.choices, label="State")
    person = django_filters.CharFilter(field_name="person__username", label="Username")

    class Meta:
        model = Handover
        fields: list[str] = []


class SkillFilter(django_filters.FilterSet):  # type: ignore[misc]
    subject = django_filters.ChoiceFilter(choices=SUBJECTS, label="Area of work")
    level = django_filters.ChoiceFilter(choices=SkillLevel.choices, label="Level, 1 to 3")

    class Meta:
        model = Skill
        fields: list[str] = []


class ProjectFilter(django_filters.FilterSet):  # type: ignore[misc]
    search = django_filters.CharFilter(method="filter_search", label="Key, name or summary")
    stage = django_filters.MultipleChoiceFilter(choices=Stage.choices, label="Stage")
    business_unit = django_filters.ModelChoiceFilter(
        queryset=BusinessUnit.objects.all(), label="Business unit", empty_label="Any", widget=FilterSelect
    )
    health = django_filters.ChoiceFilter(choices=Health.choices, label="Health", empty_label="Any", widget=FilterSelect)
    risk_tier = django_filters.ChoiceFilter(
        choices=RiskTier.choices, label="Risk tier", empty_label="Any", widget=FilterSelect
    )
    owner = django_filters.ModelChoiceFilter(
        queryset=User.objects.all(), to_field_name="username", label="Owner's username"
    )
    sponsor = django_filters.ModelChoiceFilter(
        queryset=User.objects.all(), to_field_name="username", label="Sponsor's username"
    )

    class Meta:
        model = Project
        fields: list[str] = []

    def filter_search(self, queryset: ProjectQuerySet, name: str, value: str) -> ProjectQuerySet:
        del name
        return found_by(queryset, value)
