"""The checklist of a project: answers in words, evidence, verdicts. A refused form comes back as it was filled in."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects import permissions
from projects.forms import EvidenceForm, VerdictForm
from projects.models import CriterionStatus, Project
from projects.services import checklist
from projects.views import words
from projects.views.head import head_context
from projects.views.project import project_of

Refused = tuple[str, EvidenceForm | VerdictForm]


@require_GET
def checklist_page(request: HttpRequest, key: str) -> HttpResponse:
    """Every question with its answer in words, its evidence and verdict."""
    user, project = project_of(request, key)
    return _page(request, user, project)


def _page(request: HttpRequest, user: User, project: Project, refused: Refused | None = None) -> HttpResponse:
    criteria = list(project.criteria.for_list())
    people = words.people_in(criteria)
    code, form = refused or ("", None)
    rows = [
        {
            "item": item,
            "chip": words.STATUS_CHIPS[CriterionStatus(item.status)],
            "answers": words.answer_rows(item, people),
            "evidence": form if item.code == code and isinstance(form, EvidenceForm) else EvidenceForm.of(item.code),
            "verdict": form if item.code == code and isinstance(form, VerdictForm) else VerdictForm.of(item.code),
        }
        for item in criteria
    ]
    context = head_context(project, "checklist", criteria) | {
        "rows": rows,
        "answer_refusal": _answer_refusal(user, project),
        "verdict_refusal": permissions.refusal(user, "give_verdict", project),
    }
    return render(request, "projects/checklist.html", context, status=422 if refused else 200)


def _answer_refusal(user: User, project: Project) -> str:
    if reason := permissions.refusal(user, "answer", project):
        return reason
    try:
        permissions.require_open_checklist(project)
    except DomainError as error:
        return error.message
    return ""


@require_POST
def add_evidence(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Add a link or a note to an answer."""
    form = EvidenceForm.of(code, request.POST)

    def add() -> str:
        checklist.add_evidence(project_key=key, code=code, actor=signed_in(request), **form.cleaned_data)
        return f"“{form.cleaned_data['title']}” is added as evidence."

    return _answered(request, key, code, form, add)


@require_POST
def give_verdict(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Accept an answer or send it back."""
    form = VerdictForm.of(code, request.POST)

    def judge() -> str:
        checklist.give_verdict(project_key=key, code=code, actor=signed_in(request), **form.cleaned_data)
        return "Your verdict is recorded."

    return _answered(request, key, code, form, judge)


def _answered(
    request: HttpRequest, key: str, code: str, form: EvidenceForm | VerdictForm, act: Callable[[], str]
) -> HttpResponse:
    """Do it and go back to the question, or show the form again with what was refused."""
    user, project = project_of(request, key)
    if form.is_valid():
        try:
            messages.success(request, act())
        except DomainError as error:
            if not error.errors:
                raise
            apply_domain_error(form, error)
        else:
            return redirect(request, reverse("projects:checklist", args=[project.key]) + f"#{code[:40]}")
    return _page(request, user, project, (code, form))
