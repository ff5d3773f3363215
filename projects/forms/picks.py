"""Choosing data sets of the register, which may hold thousands: what is ticked, and what a search finds."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q

from projects.models import Dataset
from projects.services import named_data

LISTED, WORDS, LONGEST = 24, 8, 80


class DatasetPicks(forms.CheckboxSelectMultiple):
    """Boxes to tick below a field to search with."""

    template_name = "django/forms/dataset_picks.html"
    find, note = "", ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"] |= {"find": self.find, "note": self.note}
        return context


class DatasetsField(forms.MultipleChoiceField):
    """Data sets by key: those of the answer and those ticked meanwhile first, then those that a search finds.

    Args:
        kept: keys of the answer as it is; they stay valid when their data set is retired.
        ticked: keys that were sent.
        find: words that the name has to hold; empty lists the first of the register.
    """

    widget = DatasetPicks

    def __init__(self, label: str, kept: Any, ticked: Iterable[str] = (), find: str = "") -> None:
        kept, find = kept if isinstance(kept, list) else [], find[:LONGEST]
        chosen, found, matching = choices(kept, ticked, find)
        listed = [(row.pk, named_data.in_words(row)) for row in (*chosen, *found)]
        super().__init__(choices=listed, label=label, required=False)
        self.widget.find, self.widget.note = find, note(len(found), matching, find)

    def drawn(self, name: str, ticked: list[str]) -> dict[str, Any]:
        """What the template of the boxes needs, for a field of this name."""
        widget: Any = self.widget
        context: dict[str, Any] = widget.get_context(name, ticked, {"id": f"id_{name}"})
        return context


def choices(kept: Iterable[str], ticked: Iterable[str], find: str) -> tuple[list[Dataset], list[Dataset], int]:
    """What is chosen, the first data sets in use beside it that hold every word of ``find``, and how many hold them."""
    kept, ticked = ([str(key)[:26] for key in keys if "\x00" not in str(key)] for keys in (kept, ticked))
    usable = Q(pk__in=kept) | Q(pk__in=Dataset.objects.in_use().filter(pk__in=ticked).values("pk"))
    chosen = list(Dataset.objects.filter(usable).order_by("name", "pk")) if kept or ticked else []
    others = Dataset.objects.in_use().exclude(pk__in=[row.pk for row in chosen])
    for word in find.split()[:WORDS]:
        others = others.filter(name__icontains=word.replace("\x00", ""))
    return chosen, list(others.order_by("name", "pk")[:LISTED]), others.count()


def note(shown: int, matching: int, find: str) -> str:
    """What the list below the search holds, in a sentence; empty while it holds the whole register."""
    if find and not matching:
        return f"No other data set has “{find}” in its name. Try a part of it, or name the data in words."
    if matching > shown:
        more = "Type more of the name" if find else "Type a part of the name"
        return f"{shown} of {matching} are listed. {more} to find the others."
    return f"{matching} found." if find else ""
