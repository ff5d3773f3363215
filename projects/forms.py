"""Forms for intakes: built from the schemas that the policy gives, so a new question needs no new code."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from coe_portal.core.models import User
from projects import checklists, filetypes
from projects.models import BusinessUnit, Criterion, Evidence, EvidenceKind, ProjectRole, RiskTier

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
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=criterion.version)

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
    """A file, a link, a note or something that the portal knows; several fields, of which the filled ones decide."""

    title = forms.CharField(max_length=120, required=False, label="Title", help_text="A file may keep its own name.")
    file = forms.FileField(required=False, label="File", max_length=1000)
    url = forms.CharField(max_length=500, required=False, label="or an address", help_text="https://…")
    live = forms.ChoiceField(required=False, label="or something that the portal knows")
    note = forms.CharField(max_length=4000, required=False, label="Note", widget=forms.Textarea(attrs={"rows": 2}))
    valid_until = forms.DateField(
        required=False,
        label="Holds until",
        help_text="Empty for ever.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    replaces = forms.ChoiceField(required=False, label="Takes the place of")

    @classmethod
    def of(
        cls,
        code: str,
        data: Any = None,
        files: Any = None,
        *,
        live: Mapping[str, list[tuple[str, str]]] | None = None,
        pieces: Iterable[Evidence] = (),
    ) -> "EvidenceForm":
        """The form beside the question with this code; ids differ from those beside other questions.

        Args:
            live: by kind what the project can point to.
            pieces: the evidence that there is.
        """
        form = cls(data, files, auto_id=f"evidence-{code}-%s", label_suffix="")
        groups = [
            (EvidenceKind(kind).label, [(f"{kind} {reference}", words) for reference, words in found])
            for kind, found in (live or {}).items()
            if found
        ]
        form.fields["live"].choices = [("", "Nothing"), *groups]  # type: ignore[attr-defined]
        form.fields["replaces"].choices = [("", "Nothing"), *((piece.pk, piece.title) for piece in pieces)]  # type: ignore[attr-defined]
        form.fields["file"].widget.attrs["accept"] = ",".join(f".{name}" for name in filetypes.TYPES)
        for name, known in (("live", groups), ("replaces", pieces)):
            if not known:
                del form.fields[name]
        return form

    def clean(self) -> dict[str, Any]:
        """What kind it is follows from what was filled in: one of file, address and object, or else a note."""
        values: dict[str, Any] = super().clean() or {}
        given = [name for name in ("file", "url", "live") if values.get(name)]
        if len(given) > 1:
            raise forms.ValidationError("Add one piece at a time: a file, an address or an object of the portal.")
        kind = {"file": EvidenceKind.FILE, "url": EvidenceKind.LINK}.get("".join(given), EvidenceKind.NOTE)
        live, _, reference = values.pop("live", "").partition(" ")
        return values | {"kind": live or kind, "reference": reference}


class WithdrawForm(forms.Form):
    """Why a piece supports its answer no longer."""

    reason = forms.CharField(max_length=500, label="Why it does not count any more")


class PlanForm(forms.Form):
    """Who answers a question, and until when."""

    owner = forms.ChoiceField(required=False, label="Who answers")
    due_on = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    @classmethod
    def of(cls, criterion: Criterion, people: list[tuple[str, str]], data: Any = None) -> "PlanForm":
        """The form beside a question; ``people`` are the colleagues to choose from, read once for all questions."""
        owner = criterion.owner.username if criterion.owner else ""
        initial = {"owner": owner, "due_on": criterion.due_on}
        form = cls(data, initial=initial, auto_id=f"plan-{criterion.code}-%s", label_suffix="")
        form.fields["owner"].choices = people  # type: ignore[attr-defined]
        return form


def colleagues_or_nobody() -> list[tuple[str, str]]:
    """Everybody to choose from, nobody first."""
    return _colleagues("Nobody in particular")


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
