"""The decision box, and delegating it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from coe_portal.core.colleagues import ColleagueField
from coe_portal.core.models import SiteRole, User
from coe_portal.core.models.user import UserQuerySet
from governance.models import IntakeOutcome, PocChoice, Severity, Verdict
from governance.models.delegations import ACTION_WORDS
from governance.policies.schema import ACTIONS, ENVIRONMENT_KINDS
from projects.models import AccessPattern, BusinessUnit, Dataset, Project
from projects.services import accesses, places

OUTCOMES = {
    "invite": "Invite to the full case",
    "fund": "Fund it",
    "defer": "Defer it to a day",
    "decline": "Decline it",
    "request_changes": "Send it back with questions",
}


def _day() -> forms.DateInput:
    """A browser's date field, which wants 2026-11-30 whatever the language."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class DecisionForm(forms.Form):
    """One verdict with its reason."""

    verdict = forms.ChoiceField(choices=Verdict.choices, widget=forms.HiddenInput)
    comment = forms.CharField(
        required=False,
        max_length=4000,
        label="Reason (kept in the audit trail)",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    conditions = forms.CharField(
        required=False,
        max_length=2000,
        label="Conditions, one a line",
        help_text="Filled in, they make it “approve with conditions”.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    conditions_due_on = forms.DateField(required=False, label="Conditions are met by", widget=_day())

    def cleaned_conditions(self) -> list[str]:
        """The conditions, one a line."""
        return [line.strip() for line in self.cleaned_data["conditions"].splitlines() if line.strip()]


class BreakGlassForm(forms.Form):
    """Which gate is opened, where, for how long and why."""

    action = forms.ChoiceField(choices=[(name, name.replace("_", " ").capitalize()) for name in ACTIONS], label="What")
    environment = forms.ChoiceField(
        choices=[("", "No environment"), *((kind, kind) for kind in ENVIRONMENT_KINDS)], required=False, label="Where"
    )
    hours = forms.IntegerField(min_value=1, max_value=24, initial=4, label="For how many hours")
    reason = forms.CharField(
        min_length=20,
        max_length=2000,
        label="Why waiting would be worse",
        help_text="Two people read this before they agree, and an auditor afterwards.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class WaiverForm(forms.Form):
    """Until when a criterion may pass, and why."""

    ends_on = forms.DateField(label="Until", help_text="The last day; it ends by itself.", widget=_day())
    reason = forms.CharField(
        label="Why it can pass, and what covers the risk",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PocDecisionForm(forms.Form):
    """How a proof of concept goes on."""

    decision = forms.ChoiceField(choices=PocChoice.choices, label="How does it go on?", widget=forms.RadioSelect)
    reason = forms.CharField(label="Why", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    reopen = forms.MultipleChoiceField(
        required=False,
        label="Pivot: which questions have another answer now?",
        widget=forms.CheckboxSelectMultiple,
    )
    ends_on = forms.DateField(required=False, label="Extend: new end", widget=_day())
    added_budget = forms.DecimalField(
        required=False, min_value=0, max_digits=12, decimal_places=2, label="Extend: more money"
    )

    def __init__(self, *args: Any, questions: list[tuple[str, str]], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reopen"].choices = questions  # type: ignore[attr-defined]
        self.fields["added_budget"].help_text = f"In {currency}; an extension needs an approval."


class StopForm(forms.Form):
    """Why a project ends."""

    reason = forms.CharField(
        label="Why it ends",
        max_length=2000,
        help_text="The team reads it, and whoever has the same idea later.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DelegationForm(forms.Form):
    """Who decides for the giver, for how long, about what."""

    to = ColleagueField(label="Who decides for you")
    starts_on = forms.DateField(label="From", widget=_day())
    ends_on = forms.DateField(label="Until", help_text="The last day; both days are included.", widget=_day())
    scope = forms.ChoiceField(label="About")

    def __init__(self, *args: Any, giver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.people().exclude(pk=giver.pk).exclude(site_roles__contains=[SiteRole.AUDITOR])
        self.fields["to"].offer(others)  # type: ignore[attr-defined]
        self.fields["scope"].choices = [  # type: ignore[attr-defined]
            ("all", "Everything"),
            *((f"action:{name}", f"Only {words}") for name, words in ACTION_WORDS.items()),
            *((f"business_unit:{unit.pk}", f"Only {unit}") for unit in BusinessUnit.objects.all()),
        ]
        self.fields["starts_on"].initial = timezone.localdate()


MOST_DATASETS = 500  # more than a person scrolls through; every entry's page asks for itself


class AskForDataForm(forms.Form):
    """What data, for what, how and for how long."""

    dataset = forms.ChoiceField(label="Data set")
    purpose = forms.CharField(
        min_length=accesses.MIN_WORDS,
        max_length=accesses.MAX_WORDS,
        label="What it is for",
        help_text="The data's owner decides on this; say what you train or measure with it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    pattern = forms.ChoiceField(choices=AccessPattern.choices, label="How you read it")
    environment = forms.ChoiceField(
        required=False, label="Where the copy lies", help_text="For a sandbox copy only; never a production account."
    )
    days = forms.IntegerField(
        min_value=1, max_value=accesses.MAX_DAYS, initial=90, label="For how many days", help_text="From the grant on."
    )
    columns = forms.CharField(
        required=False,
        max_length=20_000,
        label="Columns, separated by commas",
        help_text="Only what you need. Empty asks for all of them.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        chosen = str(self.data.get("dataset") or self.initial.get("dataset") or "")[:26]
        known = Dataset.objects.in_use().select_related("owner")
        rows = {row.pk: row for row in [*known.filter(pk=chosen), *known[:MOST_DATASETS]]}.values()
        self.fields["dataset"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a data set"),
            *((row.pk, f"{row.name} ({row.get_classification_display().lower()}, {row.owner})") for row in rows),
        ]
        open_to = places.for_copies(project.pk)
        self.fields["environment"].choices = [  # type: ignore[attr-defined]
            *((place.name, f"{place.name} ({place.kind})") for place in open_to),
            ("", "No copy"),
        ]
        self.fields["environment"].initial = open_to[0].name if open_to else ""

    def wish(self) -> accesses.Wish:
        """What was filled in, as the service wants it."""
        given = self.cleaned_data
        columns = [name.strip() for name in given["columns"].split(",") if name.strip()]
        place = given["environment"] if given["pattern"] == AccessPattern.SANDBOX_COPY else ""
        return accesses.Wish(given["purpose"], given["pattern"], given["days"], columns, place)


class IntakeDecisionForm(forms.Form):
    """What becomes of an intake, with the reason; questions stand beside the fields they are about."""

    outcome = forms.ChoiceField(label="Decision", widget=forms.RadioSelect)
    reason = forms.CharField(
        max_length=4000,
        label="Reason (the team reads it)",
        error_messages={"required": "Say why: the team and an auditor read it."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    defer_until = forms.DateField(required=False, label="Comes back on", help_text="Only to defer it.", widget=_day())

    def __init__(self, *args: Any, concept: bool, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        left_out = IntakeOutcome.FUND if concept else IntakeOutcome.INVITE
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            (value, OUTCOMES[value]) for value in IntakeOutcome.values if value != left_out
        ]


class WeightsForm(forms.Form):
    """Weights of the dimensions, to try and to save."""

    def __init__(self, *args: Any, titles: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        for code, title in titles.items():
            self.fields[code] = forms.IntegerField(min_value=0, max_value=100, label=title)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if len(given) == len(self.fields) and (whole := sum(given.values())) != 100:
            raise forms.ValidationError(f"The weights together need to be 100; these are {whole}.")
        return given


class ReviewerForm(forms.Form):
    """Whom a CoE lead asks to score an intake."""

    user = ColleagueField(label="Ask a colleague to score it")


class FindingForm(forms.Form):
    """What a review found."""

    title = forms.CharField(min_length=5, max_length=200, label="What is wrong?")
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.MEDIUM, label="How much harm can it do?")
    owner = ColleagueField(nobody="The project's owner", required=False, label="Who puts it right?")
    due_on = forms.DateField(
        required=False,
        label="Until when?",
        help_text="A week for high and critical ones, else a month, if it stays empty.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    detail = forms.CharField(
        max_length=4000,
        required=False,
        label="What was seen, and where",
        help_text="May stay empty.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, people: UserQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].offer(people)  # type: ignore[attr-defined]


class AssignFindingForm(forms.Form):
    """Who puts a finding right from now on, and why."""

    owner = ColleagueField(
        label="Who puts it right?", help_text="Somebody who can see the project; they get a mail and the task."
    )
    reason = forms.CharField(max_length=2000, label="Why it is handed over", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, people: UserQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].offer(people)  # type: ignore[attr-defined]
