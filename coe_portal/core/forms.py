"""Forms that show a rule's refusal in place."""

from django import forms
from django.http import HttpRequest

from coe_portal.core.errors import DomainError


def text_of(request: HttpRequest, name: str) -> str:
    """What was sent in a field that stands alone, without a character that no column can hold."""
    return request.POST.get(name, "").replace("\x00", "")


def apply_domain_error(form: forms.BaseForm, error: DomainError) -> None:
    """Put the sentences of ``error`` on the fields they name, the rest on top of the form."""
    placed = False
    for name, sentences in error.errors.items():
        target = name if name in form.fields else None
        for sentence in sentences:
            form.add_error(target, sentence if target else f"{name}: {sentence}")
            placed = True
    for missing in error.missing:
        form.add_error(None, f"{missing.message} {missing.how_to_fix}".strip())
        placed = True
    if not placed:
        form.add_error(None, error.message)
