"""The decision box."""

from django import forms

from governance.models import Verdict


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

    def cleaned_conditions(self) -> list[str]:
        """The conditions, one a line."""
        return [line.strip() for line in self.cleaned_data["conditions"].splitlines() if line.strip()]
