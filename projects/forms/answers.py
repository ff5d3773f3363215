"""Forms for answers: built from the schemas that the policy gives, so a new question needs no new code."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from coe_portal.core.colleagues import ColleagueField
from projects import checklists
from projects.forms.picks import DatasetsField
from projects.models import Criterion, FieldQuestion

READ_AT = "_version"  # the version that was read before editing; no field of a policy begins like this

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

    def __init__(self, criterion: Criterion, data: Any = None, *, find: str = "") -> None:
        """The form for ``criterion``; ``find`` narrows the data sets that can be ticked."""
        super().__init__(data, initial=dict(criterion.answer or {}), prefix=criterion.code, label_suffix="")
        self.criterion, self.find = criterion, find
        schema = criterion.answer_schema
        for name, rule in checklists.fields_of(schema):
            self.fields[name] = self._field(name, rule)
        self.asked: list[FieldQuestion] = []
        self.told = ""  # what the portal filled in by itself when it was saved
        self.fields[READ_AT] = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=criterion.version)

    def _field(self, name: str, rule: Mapping[str, Any]) -> forms.Field:
        needed = any(name in names for names in checklists.needed_of(self.criterion.answer_schema))
        if rule.get("type") == "array":
            ticked = DatasetsField.widget().value_from_datadict(self.data, self.files, self.add_prefix(name)) or []
            return DatasetsField(rule.get("title", ""), self.initial.get(name), ticked, self.find)
        return _field(rule, needed)

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
        values = {name: value for name, value in self.cleaned_data.items() if name != READ_AT}
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
        return ColleagueField(**common)
    widget = forms.Textarea(attrs={"rows": 3}) if kind == "text" else forms.TextInput()
    return forms.CharField(max_length=rule.get("maxLength"), widget=widget, **common)
