"""The decision box, and delegating it."""

from typing import Any

from django import forms
from django.utils import timezone

from coe_portal.core.models import User
from governance.models import PocChoice, Verdict
from governance.policies.schema import ACTIONS, ENVIRONMENT_KINDS
from projects.models import BusinessUnit


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


class DelegationForm(forms.Form):
    """Who decides for the giver, for how long, about what."""

    to = forms.ChoiceField(label="Who decides for you")
    starts_on = forms.DateField(label="From", widget=_day())
    ends_on = forms.DateField(label="Until", help_text="The last day; both days are included.", widget=_day())
    scope = forms.ChoiceField(label="About")

    def __init__(self, *args: Any, giver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [person for person in User.objects.people().exclude(pk=giver.pk) if not person.is_auditor]
        self.fields["to"].choices = [("", "Choose a colleague"), *((person.username, str(person)) for person in people)]  # type: ignore[attr-defined]
        self.fields["scope"].choices = [  # type: ignore[attr-defined]
            ("all", "Everything"),
            ("action:advance", "Only gates between stages"),
            ("action:break_glass", "Only breaking the glass"),
            *((f"business_unit:{unit.pk}", f"Only {unit}") for unit in BusinessUnit.objects.all()),
        ]
        self.fields["starts_on"].initial = timezone.localdate()
