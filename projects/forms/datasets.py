"""Forms of the register of data sets."""

from typing import Any

from django import forms

from coe_portal.core.colleagues import ColleagueField
from projects.models import (
    BusinessUnit,
    DataClassification,
    Dataset,
    Readiness,
)
from projects.services import places


class DatasetForm(forms.Form):
    """An entry of the register; columns stand one a line, with their class after a colon."""

    name = forms.CharField(max_length=120, label="Name", help_text="As people name it, such as claims_outcomes.")
    owner = ColleagueField(label="Owner", help_text="Decides who gets access.")
    business_unit = forms.ModelChoiceField(queryset=BusinessUnit.objects.all(), label="Business unit")
    classification = forms.ChoiceField(choices=[("", "Choose a class"), *DataClassification.choices], label="Class")
    location = forms.CharField(max_length=1024, label="Location", help_text="A prefix: s3://bucket/claims/2026/")
    environment = forms.ChoiceField(required=False, label="Environment", help_text="The account from which it is read.")
    readiness = forms.ChoiceField(choices=Readiness.choices, label="Readiness")
    labelled_share = forms.DecimalField(
        required=False, min_value=0, max_value=100, label="Labelled share in percent", help_text="Empty if not known."
    )
    description = forms.CharField(
        required=False, max_length=4000, label="What it holds", widget=forms.Textarea(attrs={"rows": 3})
    )
    columns = forms.CharField(
        required=False,
        max_length=100_000,
        label="Columns, one a line",
        help_text="A class may follow a colon, such as birth_date: restricted.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        known = [(place.name, f"{place.name} ({place.region})") for place in places.known()]
        self.fields["environment"].choices = [("", "Not known"), *known]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, dataset: Dataset) -> "DatasetForm":
        """The form filled with what is kept."""
        kept = {name: getattr(dataset, name) for name in cls.base_fields}
        columns = [f"{each['name']}: {each['classification']}".removesuffix(": ") for each in dataset.columns]
        return cls(initial=kept | {"owner": dataset.owner.username, "columns": "\n".join(columns)})

    def values(self) -> dict[str, Any]:
        """What was filled in, as the service wants it."""
        given = dict(self.cleaned_data)
        lines = [line.rpartition(":") if ":" in line else (line, "", "") for line in given["columns"].splitlines()]
        columns = [{"name": name.strip(), "classification": kind.strip()} for name, _, kind in lines if name.strip()]
        return given | {"business_unit": given["business_unit"].pk, "columns": columns}
