"""Forms for intakes: built from the schemas that the policy gives, so a new question needs no new code."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from coe_portal.core.models import User
from projects import checklists
from projects.models import (
    BusinessUnit,
    Criterion,
    DataClassification,
    Dataset,
    EvidenceKind,
    FieldQuestion,
    LessonKind,
    Project,
    ProjectRole,
    Readiness,
    RiskTier,
)
from projects.services import places

WORDS = {
    "yes": "Yes",
    "no": "No",
    "unsure": "Not sure",
    "can_be": "It can be labelled",
    "cost_saving": "Lower cost",
    "revenue": "More revenue",
    "risk_reduction": "Less risk",
    "quality": "Better quality",
    "time_saving": "Time saved",
    "batch": "In batches, on a schedule",
    "real_time": "In real time, while people wait",
    "increase": "Higher is better",
    "decrease": "Lower is better",
    "public": "Public",
    "internal": "Internal",
    "confidential": "Confidential",
    "restricted": "Restricted, personal",
    "sandbox_copy": "Sandbox: a copy of the data",
    "platform_read": "Data platform account: read only",
}


def _colleagues(nobody: str) -> list[tuple[str, str]]:
    return [("", nobody), *((person.username, str(person)) for person in User.objects.people())]


# What a choice means for the project, shown below it.
CONSEQUENCES = {
    "public": ("Anybody may see it",),
    "internal": ("For employees only",),
    "confidential": ("Needs an approval of Security before the proof of concept",),
    "restricted": (
        "Needs an approval of Security before the proof of concept",
        "Personal data: keep as little as you can",
    ),
    "sandbox_copy": (
        "Easier to prevent accidents in production",
        "Somebody must destroy the copy at the end",
    ),
    "platform_read": (
        "Fewer places to look after",
        "An accident can disturb production: query limits apply",
    ),
    "can_be": ("Say below how, by whom and until when",),
    "unsure": ("A data engineer will find out",),
    "batch": ("Cheaper: machines run only when they are needed",),
    "real_time": ("An endpoint that costs money around the clock",),
}


class OptionCards(forms.RadioSelect):
    """Radio buttons as cards that say what each choice means."""

    template_name = "django/forms/option_cards.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        return option | {"notes": CONSEQUENCES.get(str(value), ())}


class AnswerForm(forms.Form):
    """One question of the checklist: a field per property of its schema, prefixed with the question's code."""

    def __init__(self, criterion: Criterion, data: Any = None) -> None:
        super().__init__(data, initial=dict(criterion.answer or {}), prefix=criterion.code, label_suffix="")
        self.criterion = criterion
        schema = criterion.answer_schema
        for name, rule in checklists.fields_of(schema):
            self.fields[name] = _field(rule, name in schema.get("required", []))
        self.asked: list[FieldQuestion] = []
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=criterion.version)

    def place(self, questions: Iterable[FieldQuestion]) -> None:
        """Put reviewers' open questions beside the fields that they are about; the rest above the fields."""
        for question in questions:
            if question.code != self.criterion.code:
                continue
            field = self.fields.get(question.field)
            if field is None:
                self.asked.append(question)
            else:
                field.asked = [*getattr(field, "asked", []), question]  # type: ignore[attr-defined]

    def answer(self) -> dict[str, Any]:
        """What was filled in, as the service wants it: numbers as numbers, dates as text, nothing for empty fields."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _field(rule: Mapping[str, Any], needed: bool) -> forms.Field:
    common: dict[str, Any] = {
        "label": rule.get("title", ""),
        "required": False,
        "help_text": "" if needed else "May stay empty.",
    }
    if "enum" in rule:
        choices = [(value, WORDS.get(value, value)) for value in rule["enum"]]
        return forms.ChoiceField(choices=choices, widget=OptionCards, **common)
    if rule["type"] == "integer":
        return forms.IntegerField(min_value=rule.get("minimum"), max_value=rule.get("maximum"), **common)
    if rule["type"] == "number":
        return forms.FloatField(**common, widget=forms.NumberInput(attrs={"step": "any"}))
    return _text_field(rule, common)


def _text_field(rule: Mapping[str, Any], common: dict[str, Any]) -> forms.Field:
    kind = rule.get("format", "")
    if kind == "date":
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
    if kind == "username":
        return forms.ChoiceField(choices=_colleagues("Choose a colleague"), **common)
    widget = forms.Textarea(attrs={"rows": 3}) if kind == "text" else forms.TextInput()
    return forms.CharField(max_length=rule.get("maxLength"), widget=widget, **common)


class ProjectForm(forms.Form):
    """What a project is called and whom it concerns."""

    name = forms.CharField(min_length=3, max_length=120, label="Name", help_text="What people will call it.")
    summary = forms.CharField(
        max_length=2000, required=False, label="In one or two sentences", widget=forms.Textarea(attrs={"rows": 3})
    )
    business_unit = forms.ModelChoiceField(queryset=BusinessUnit.objects.all(), label="Business unit")
    sponsor = forms.ChoiceField(required=False, label="Sponsor", help_text="Who pays for it; may come later.")
    risk_tier = forms.ChoiceField(
        required=False,
        label="Risk if a prediction is wrong",
        choices=[("", "Not judged yet"), *RiskTier.choices],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sponsor"].choices = _colleagues("Nobody yet")  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    """Add a colleague to the team."""

    user = forms.ChoiceField(label="Colleague")
    roles = forms.MultipleChoiceField(choices=ProjectRole.choices, widget=forms.CheckboxSelectMultiple, label="Roles")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].choices = _colleagues("Choose a colleague")  # type: ignore[attr-defined]


class EvidenceForm(forms.Form):
    """A link or a note that supports an answer."""

    kind = forms.ChoiceField(choices=EvidenceKind.choices, label="Kind")
    title = forms.CharField(max_length=120, label="Title")
    url = forms.CharField(max_length=500, required=False, label="Address", help_text="For a link: https://…")
    note = forms.CharField(max_length=4000, required=False, label="Note", widget=forms.Textarea(attrs={"rows": 2}))

    @classmethod
    def of(cls, code: str, data: Any = None) -> "EvidenceForm":
        """The form beside the question with this code; ids differ from those beside other questions."""
        return cls(data, auto_id=f"evidence-{code}-%s", label_suffix="")


class VerdictForm(forms.Form):
    """A reviewer's verdict on an answer."""

    verdict = forms.CharField(max_length=20, widget=forms.HiddenInput)
    comment = forms.CharField(
        max_length=4000,
        required=False,
        label="Comment",
        help_text="Needed to send the answer back.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @classmethod
    def of(cls, code: str, data: Any = None) -> "VerdictForm":
        """The form beside the question with this code."""
        return cls(data, auto_id=f"verdict-{code}-%s", label_suffix="")


class DatasetForm(forms.Form):
    """An entry of the register; columns stand one a line, with their class after a colon."""

    name = forms.CharField(max_length=120, label="Name", help_text="As people name it, such as claims_outcomes.")
    owner = forms.ChoiceField(label="Owner", help_text="Decides who gets access.")
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
        self.fields["owner"].choices = _colleagues("Choose a colleague")  # type: ignore[attr-defined]
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


class ConceptForm(forms.Form):
    """What an idea is called and what it does, for the concept."""

    name = forms.CharField(min_length=3, max_length=120, label="Name", help_text="What people will call it.")
    summary = forms.CharField(
        max_length=2000,
        required=False,
        label="What does it do, and for whom?",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)


class JoinForm(forms.Form):
    """The wish to join a project."""

    intake = forms.ChoiceField(
        required=False,
        label="Your own intake that is the same idea",
        help_text="It is closed as merged when you are taken in; nothing of it is lost.",
    )
    message = forms.CharField(
        max_length=2000, required=False, label="What would you bring?", widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, intakes: Iterable[Project], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        choices = [("", "None"), *((row.key, str(row)) for row in intakes)]
        self.fields["intake"].choices = choices  # type: ignore[attr-defined]


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
