"""Forms beside a question: evidence, plan, verdict."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from coe_portal.core.colleagues import ColleagueField
from projects import filetypes
from projects.models import (
    Criterion,
    Evidence,
    EvidenceKind,
)


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

    owner = ColleagueField(nobody="Nobody in particular", required=False, label="Who answers")
    due_on = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    @classmethod
    def of(cls, criterion: Criterion, data: Any = None) -> "PlanForm":
        """The form beside a question."""
        owner = criterion.owner.username if criterion.owner else ""
        initial = {"owner": owner, "due_on": criterion.due_on}
        return cls(data, initial=initial, auto_id=f"plan-{criterion.code}-%s", label_suffix="")


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
