"""Forms of ideas before they are projects: concepts, and joining others."""

from collections.abc import Iterable
from typing import Any

from django import forms

from projects.models import (
    Project,
)


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
