"""One filter class for the projects' pages and API."""

import django_filters
from django.db.models import Q

from coe_portal.core.models import User
from projects.models import BusinessUnit, Health, Project, RiskTier, Stage
from projects.models.project import ProjectQuerySet


def found_by(projects: ProjectQuerySet, words: str) -> ProjectQuerySet:
    """Projects whose key, name or summary contain every word. Trigram indexes serve name and summary."""
    for word in words.split()[:8]:
        fits = Q(name__icontains=word) | Q(summary__icontains=word)
        number = word.upper().removeprefix("PRJ-")
        if number.isascii() and number.isdigit() and len(number) < 18:
            fits |= Q(pk=int(number))
        projects = projects.filter(fits)
    return projects


class ProjectFilter(django_filters.FilterSet):  # type: ignore[misc]
    search = django_filters.CharFilter(method="filter_search", label="Key, name or summary")
    stage = django_filters.MultipleChoiceFilter(choices=Stage.choices, label="Stage")
    business_unit = django_filters.ModelChoiceFilter(
        queryset=BusinessUnit.objects.all(), label="Business unit", empty_label="Any"
    )
    health = django_filters.ChoiceFilter(choices=Health.choices, label="Health", empty_label="Any")
    risk_tier = django_filters.ChoiceFilter(choices=RiskTier.choices, label="Risk tier", empty_label="Any")
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
