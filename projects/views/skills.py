"""What I can do: one row for each area of work."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from coe_portal.core.htmx import redirect
from coe_portal.core.sessions import signed_in
from projects.models import Skill, SkillLevel
from projects.models.skills import SUBJECTS
from projects.services import skills


class SkillRowForm(forms.Form):
    """Level and note for one subject."""

    level = forms.TypedChoiceField(
        choices=[(0, "Not yet"), *SkillLevel.choices], coerce=int, required=False, label="Level"
    )
    note = forms.CharField(max_length=skills.MAX_NOTE, required=False, label="Note")


@require_http_methods(["GET", "POST"])
def my_skills(request: HttpRequest) -> HttpResponse:
    """Say what I can do, so that teams with a gap find me."""
    user = signed_in(request)
    known = {skill.subject: skill for skill in Skill.objects.filter(person=user).for_list()}
    rows = [(title, known.get(code), _form(code, known.get(code), request)) for code, title in SUBJECTS]
    if request.method == "POST" and all(form.is_valid() for _, _, form in rows):
        wanted = {str(form.prefix): (form.cleaned_data["level"] or 0, form.cleaned_data["note"]) for _, _, form in rows}
        skills.save_all(username=user.username, wanted=wanted, actor=user)
        messages.success(request, "Your skills are saved. Teams that lack somebody for this work see your name.")
        return redirect(request, reverse("projects:my_skills"))
    refused = any(form.errors for _, _, form in rows if form.is_bound)
    return render(request, "projects/skills.html", {"rows": rows}, status=422 if refused else 200)


def _form(code: str, known: Skill | None, request: HttpRequest) -> SkillRowForm:
    initial: dict[str, Any] = {"level": known.level, "note": known.note} if known else {"level": 0}
    data = request.POST if request.method == "POST" else None
    return SkillRowForm(data, prefix=code, initial=initial, label_suffix="")
