"""One filter class for the projects' pages and API."""

import django_filters
from django.db.models import Q, QuerySet

from coe_portal.core.models import User
from coe_portal.core.widgets import PlainSelect
from projects.models import (
    AccessPattern,
    AccessStatus,
    BusinessUnit,
    ConceptState,
    Criterion,
    CriterionStatus,
    DataAccess,
    DataClassification,
    Dataset,
    Evidence,
    EvidenceKind,
    Handover,
    HandoverState,
    Health,
    Lesson,
    LessonKind,
    Member,
    Project,
    ProjectRole,
    Readiness,
    Responsibility,
    ResponsibilityKind,
    RiskTier,
    Skill,
    SkillLevel,
    Stage,
    WorkArea,
)
from projects.models.data_access import DataAccessQuerySet
from projects.models.datasets import DatasetQuerySet
from projects.models.lessons import LessonQuerySet
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
        queryset=BusinessUnit.objects.all(), label="Business unit", empty_label="Any", widget=PlainSelect
    )
    concept = django_filters.ChoiceFilter(
        field_name="concept__state", choices=ConceptState.choices, label="State of the concept"
    )
    health = django_filters.ChoiceFilter(choices=Health.choices, label="Health", empty_label="Any", widget=PlainSelect)
    risk_tier = django_filters.ChoiceFilter(
        choices=RiskTier.choices, label="Risk tier", empty_label="Any", widget=PlainSelect
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


class DatasetFilter(django_filters.FilterSet):  # type: ignore[misc]
    search = django_filters.CharFilter(method="filter_search", label="Name, description or location")
    classification = django_filters.ChoiceFilter(
        choices=DataClassification.choices, label="Class", empty_label="Any", widget=PlainSelect
    )
    readiness = django_filters.ChoiceFilter(
        choices=Readiness.choices, label="Readiness", empty_label="Any", widget=PlainSelect
    )
    business_unit = django_filters.ModelChoiceFilter(
        queryset=BusinessUnit.objects.all(), label="Business unit", empty_label="Any", widget=PlainSelect
    )
    environment = django_filters.CharFilter(label="Environment")
    owner = django_filters.CharFilter(field_name="owner__username", label="Owner's username")
    project = django_filters.CharFilter(method="filter_project", label="Key of a project that has access")

    class Meta:
        model = Dataset
        fields: list[str] = []

    def filter_search(self, queryset: DatasetQuerySet, name: str, value: str) -> DatasetQuerySet:
        del name
        return queryset.found_by(value)

    def filter_project(self, queryset: DatasetQuerySet, name: str, value: str) -> DatasetQuerySet:
        del name
        visible = Project.objects.visible_to(self.request.user).by_key(value)
        readable = DataAccess.objects.granted().filter(project__in=visible)
        return queryset.filter(pk__in=readable.values("dataset"))


class DataAccessFilter(django_filters.FilterSet):  # type: ignore[misc]
    project = django_filters.CharFilter(method="filter_project", label="Project key")
    dataset = django_filters.CharFilter(field_name="dataset_id", label="Id of the data set")
    status = django_filters.MultipleChoiceFilter(choices=AccessStatus.choices, label="Status")
    pattern = django_filters.ChoiceFilter(choices=AccessPattern.choices, label="Pattern")
    requested_by = django_filters.CharFilter(field_name="requested_by__username", label="Username")

    class Meta:
        model = DataAccess
        fields: list[str] = []

    def filter_project(self, queryset: DataAccessQuerySet, name: str, value: str) -> DataAccessQuerySet:
        del name
        return queryset.filter(project__in=Project.objects.by_key(value))


class LessonFilter(django_filters.FilterSet):  # type: ignore[misc]
    search = django_filters.CharFilter(method="filter_search", label="Words, project key or unit")
    kind = django_filters.ChoiceFilter(choices=LessonKind.choices, label="Kind", empty_label="Any", widget=PlainSelect)
    tag = django_filters.CharFilter(method="filter_tag", label="Tag")
    project = django_filters.CharFilter(method="filter_project", label="Project key")

    class Meta:
        model = Lesson
        fields: list[str] = []

    def filter_search(self, queryset: LessonQuerySet, name: str, value: str) -> LessonQuerySet:
        """Lessons that hold every word in title, text, tags, or the name of their project or unit."""
        del name
        for word in value.split()[:8]:
            own = Q(title__icontains=word) | Q(text__icontains=word) | Q(tags__contains=[word.lower()])
            of_project = Q(project__name__icontains=word) | Q(project__business_unit__name__icontains=word)
            queryset = queryset.filter(own | of_project | Q(project__in=Project.objects.by_key(word)))
        return queryset

    def filter_tag(self, queryset: LessonQuerySet, name: str, value: str) -> LessonQuerySet:
        del name
        return queryset.filter(tags__contains=[value.strip().lower()])

    def filter_project(self, queryset: LessonQuerySet, name: str, value: str) -> LessonQuerySet:
        del name
        return queryset.filter(project__in=Project.objects.by_key(value))
