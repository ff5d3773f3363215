"""Filters of the kernel's lists, for pages and API alike."""

from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, Subquery
from django_filters.fields import IsoDateTimeField

from coe_portal.core.models import AuditEntry, SavedView, SavedViewPage, SiteRole, User
from coe_portal.core.models.audit import AuditQuerySet
from coe_portal.core.models.user import UserQuerySet
from coe_portal.core.widgets import PlainSelect

PORTAL = "-"  # no username
# Kinds of happenings by the beginnings of their actions.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "decisions": ("Decisions and stages", ("approval.", "project.stage_moved", "intake.", "poc.", "condition.")),
    "risks": ("Findings and exceptions", ("finding.", "break_glass.", "waiver.", "risk.")),
    "checklist": ("Checklist and evidence", ("checklist.", "criterion.", "evidence.")),
    "people": ("Team", ("team.", "handover.", "reviewer.")),
    "data": ("Data", ("data", "access.")),
    "runs": ("Runs", ("run.",)),
    "project": ("Project and lessons", ("project.", "lesson", "policy.")),
}


def _example(text: str) -> forms.TextInput:
    return forms.TextInput(attrs={"placeholder": text})


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"})


class MomentField(IsoDateTimeField):  # type: ignore[misc]
    """A time in UTC: PostgreSQL knows fewer time zones than Python, and the first and last day of time have no UTC."""

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError("Enter a time between the years 1 and 9999.") from None


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """A point in time with its time zone, as RFC 3339 writes it."""

    field_class = MomentField


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


class SavedViewFilter(django_filters.FilterSet):  # type: ignore[misc]
    owner = django_filters.CharFilter(field_name="owner__username", label="Username")
    page = django_filters.ChoiceFilter(choices=SavedViewPage.choices, label="Page")
    is_shared = django_filters.BooleanFilter(label="Shared")

    class Meta:
        model = SavedView
        fields: list[str] = []


class AuditFilter(django_filters.FilterSet):  # type: ignore[misc]
    actor = django_filters.CharFilter(method="filter_actor", label="Username", widget=_example("scientist"))
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
    since = MomentFilter(
        field_name="at", lookup_expr="gte", label="From", help_text="From this time on", widget=_moment()
    )
    until = MomentFilter(
        field_name="at", lookup_expr="lt", label="Before", help_text="Before this time", widget=_moment()
    )

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def filter_actor(self, queryset: AuditQuerySet, name: str, value: str) -> AuditQuerySet:
        """One value to compare with, not a join: so the index of the actor's entries serves the newest of them."""
        del name
        return queryset.filter(actor_id=Subquery(User.objects.filter(username=value).values("pk")[:1]))


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"})


class StoryFilter(django_filters.FilterSet):  # type: ignore[misc]
    """What narrows the story of one project: who, what kind of happening, and between which days."""

    who = django_filters.ChoiceFilter(method="filter_who", label="Who", empty_label="Anybody", widget=PlainSelect)
    kind = django_filters.ChoiceFilter(
        choices=[(code, title) for code, (title, _) in KINDS.items()],
        method="filter_kind",
        label="What",
        empty_label="Everything",
        widget=PlainSelect,
    )
    since = django_filters.DateFilter(field_name="at", lookup_expr="date__gte", label="From", widget=_day())
    until = django_filters.DateFilter(field_name="at", lookup_expr="date__lte", label="Until", widget=_day())

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def __init__(self, data: Any, queryset: AuditQuerySet) -> None:
        super().__init__(data, queryset)
        named = queryset.order_by()
        took_part = Q(pk__in=named.values("actor")) | Q(pk__in=named.values("on_behalf_of"))
        acted = User.objects.filter(took_part)
        people = [(user.username, str(user)) for user in acted]
        self.filters["who"].extra["choices"] = [*people, (PORTAL, "CoE Portal")]

    def filter_who(self, queryset: AuditQuerySet, name: str, value: str) -> AuditQuerySet:
        """What somebody did, and what was done for them."""
        del name
        if value == PORTAL:
            return queryset.filter(actor=None)
        return queryset.filter(Q(actor__username=value) | Q(on_behalf_of__username=value))

    def filter_kind(self, queryset: AuditQuerySet, name: str, value: str) -> AuditQuerySet:
        del name
        wanted = Q()
        for beginning in KINDS[value][1]:
            wanted |= Q(action__startswith=beginning)
        return queryset.filter(wanted)
