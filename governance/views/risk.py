"""The risk questionnaire of a project: questions, points and what was chosen."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from coe_portal.core.errors import InvalidInput
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.sessions import signed_in
from governance.models import RiskAssessment
from governance.policies.risk import Questionnaire
from governance.services import risk
from projects import permissions
from projects.models import Project, Stage

MARKS = {"minimal": "ok", "low": "ok", "limited": "warn", "medium": "warn", "high": "bad", "unacceptable": "bad"}


@require_http_methods(["GET", "POST"])
def questionnaire(request: HttpRequest, key: str) -> HttpResponse:
    """Answer the questionnaire of the project's policy; what was chosen is shown again when something is wrong."""
    user = signed_in(request)
    project = permissions.visible_project(user, key)
    errors: dict[str, list[str]] = {}
    given: dict[str, list[str]] | None = None
    if request.method == "POST":
        given = {name: request.POST.getlist(name) for name in request.POST if name != "csrfmiddlewaretoken"}
        try:
            done = risk.answer(project_key=key, answers=given, actor=user)
        except InvalidInput as error:
            errors = error.errors
        else:
            messages.success(request, f"{done.points} points: the risk tier is {done.get_tier_display().lower()}.")
            return redirect(request, reverse("governance:risk", args=[project.key]))
    context = _context(project, given, errors) | {
        "refusal": _refusal(project, permissions.refusal(user, "answer", project))
    }
    return render(request, "governance/risk.html", context, status=422 if errors else 200)


@require_GET
def panel(request: HttpRequest, key: str) -> HttpResponse:
    """The risk tier in one card."""
    project = permissions.visible_project(signed_in(request), key)
    asked, row = risk.questionnaire_of(project), risk.current(project)
    context = {
        "project": project,
        "asked": asked,
        "assessment": row,
        "mark": MARKS.get(project.risk_tier, "mute"),
        "reasons": asked.score(row.answers).reasons if asked and row else (),
    }
    return render_page(request, "governance/risk_panel.html", context, partial="panel")


def _refusal(project: Project, refusal: str) -> str:
    if refusal or project.is_open:
        return refusal or (
            f"{project.key} is with its approvers, so its answers are fixed."
            if project.stage == Stage.QUALIFICATION
            else ""
        )
    return f"{project.key} is {project.get_stage_display().lower()}; it is kept as it ended."


def _context(project: Project, given: dict[str, list[str]] | None, errors: dict[str, list[str]]) -> dict[str, Any]:
    asked, row = risk.questionnaire_of(project), risk.current(project)
    history = RiskAssessment.objects.for_list().filter(project=project)[:20]
    context = {"project": project, "asked": asked, "assessment": row, "history": history, "errors": errors}
    if asked is None:
        return context
    return context | {
        "questions": _questions(asked, row, given, errors),
        "tiers": [{**tier, "mark": MARKS[tier["tier"]]} for tier in asked.tiers],
        "reasons": asked.score(row.answers).reasons if row else (),
        "mark": MARKS.get(project.risk_tier, "mute"),
        "is_stale": row is not None and row.basis != risk.basis_of(project, asked),
    }


def _questions(
    asked: Questionnaire, row: RiskAssessment | None, given: dict[str, list[str]] | None, errors: dict[str, list[str]]
) -> list[dict[str, Any]]:
    questions = risk.explain(asked, row)
    for question in questions:
        question["errors"] = errors.get(question["code"], [])
        if given is not None:
            for option in question["options"]:
                option["chosen"] = option["value"] in given.get(question["code"], ())
    return questions
