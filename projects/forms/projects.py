"""Forms of a project and its team."""

from django import forms

from coe_portal.core.colleagues import ColleagueField
from projects.models import (
    BusinessUnit,
    LessonKind,
    ProjectRole,
    RiskTier,
)


class ProjectForm(forms.Form):
    """What a project is called and whom it concerns."""

    name = forms.CharField(min_length=3, max_length=120, label="Name", help_text="What people will call it.")
    summary = forms.CharField(
        max_length=2000, required=False, label="In one or two sentences", widget=forms.Textarea(attrs={"rows": 3})
    )
    business_unit = forms.ModelChoiceField(queryset=BusinessUnit.objects.all(), label="Business unit")
    sponsor = ColleagueField(
        nobody="Nobody yet", required=False, label="Sponsor", help_text="Who pays for it; may come later."
    )
    risk_tier = forms.ChoiceField(
        required=False,
        label="Risk if a prediction is wrong",
        choices=[("", "Not judged yet"), *RiskTier.choices],
    )


class MemberForm(forms.Form):
    """Add a colleague to the team."""

    user = ColleagueField(label="Colleague")
    roles = forms.MultipleChoiceField(choices=ProjectRole.choices, widget=forms.CheckboxSelectMultiple, label="Roles")


class LessonForm(forms.Form):
    """A lesson for the next team."""

    kind = forms.ChoiceField(choices=LessonKind.choices, label="What is it about?")
    title = forms.CharField(
        min_length=5, max_length=120, label="In one line", help_text="As you would say it to a colleague at the door."
    )
    text = forms.CharField(
        min_length=20,
        max_length=2000,
        label="What happened, and what to do about it",
        help_text="Everybody who signs in can read it: leave out what is confidential.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    tags = forms.CharField(
        max_length=280, required=False, label="Tags", help_text="Words to find it by, with commas: labelling, drift."
    )
