"""One question of the checklist: who answers it, its evidence, its verdict. A refused form comes back as it was."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError, NotFound
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects import permissions
from projects.forms import EvidenceForm, PlanForm, VerdictForm
from projects.models import Criterion, CriterionStatus, Evidence, Project
from projects.services import checklist, evidence, expiry, live_objects
from projects.views.checklist import answer_refusal, rows_of
from projects.views.head import head_context
from projects.views.project import project_of


@require_GET
def page(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """One question with everything that belongs to it."""
    user, project = project_of(request, key)
    return _page(request, user, project, code)


def _page(
    request: HttpRequest, user: User, project: Project, code: str, refused: forms.Form | None = None
) -> HttpResponse:
    criteria = list(project.criteria.select_related("owner", "verdict_by"))
    item = next((each for each in criteria if each.code == code), None)
    if item is None:
        raise NotFound(f"{project.key} has no question “{code[:40]}”.")
    item.project = project
    withdrawn = _split_evidence(item)
    context: dict[str, Any] = head_context(project, "checklist", criteria) | {
        "row": rows_of(project, [item], user)[0],
        "answer_refusal": answer_refusal(user, project),
        "withdrawn": withdrawn,
    }
    if item.status == CriterionStatus.ANSWERED:
        context["verdict_refusal"] = permissions.refusal(user, "give_verdict", project)
    if not context["answer_refusal"]:
        context["plan"] = PlanForm.of(item)
    if isinstance(refused, VerdictForm):
        context["row"]["verdict"] = refused
    elif refused is not None:
        context["plan"] = refused
    return render(request, "projects/criterion.html", context, status=422 if refused is not None else 200)


def _split_evidence(item: Criterion) -> list[Evidence]:
    """Read all evidence of the question at once: what counts is kept on it, what was withdrawn is returned."""
    pieces = list(Evidence.objects.filter(criterion=item).select_related("added_by", "withdrawn_by"))
    current = [piece for piece in pieces if piece.withdrawn_at is None]
    item._prefetched_objects_cache = {"evidence": current}  # type: ignore[attr-defined]
    return [piece for piece in pieces if piece.withdrawn_at is not None]


@require_http_methods(["GET", "POST"])
def add_evidence(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Add a file, a link, a note or an object of the portal to an answer."""
    user, project = project_of(request, key)
    item = project.criteria.filter(code=code).first()
    if item is None:
        raise NotFound(f"{project.key} has no question “{code[:40]}”.")
    refusal = answer_refusal(user, project)
    known = [] if refusal else list(Evidence.objects.current().filter(criterion=item))
    live = {} if refusal else live_objects.choices(project)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = EvidenceForm.of(code, *sent, live=live, pieces=known)
    if form.is_valid():
        try:
            added = evidence.add(project_key=key, code=code, piece=_piece(form), actor=user)
        except DomainError as error:
            if not error.errors and error.status < 500:
                raise
            apply_domain_error(form, error)
        else:
            messages.success(request, f"“{added.title}” is added as evidence.")
            return redirect(request, reverse("projects:checklist", args=[project.key]) + f"#{code[:40]}")
    context = head_context(project, "checklist") | {"item": item, "form": form, "answer_refusal": refusal}
    return render(request, "projects/evidence_add.html", context, status=422 if form.errors else 200)


def _piece(form: EvidenceForm) -> evidence.Piece:
    values = dict(form.cleaned_data)
    file = values.pop("file", None)
    named = {"file_name": file.name, "content": file.file} if file else {}
    return evidence.Piece(**values, **named)


@require_POST
def give_verdict(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Accept an answer or send it back."""
    form = VerdictForm.of(code, request.POST)

    def judge() -> str:
        checklist.give_verdict(project_key=key, code=code, actor=signed_in(request), **form.cleaned_data)
        return "Your verdict is recorded."

    return _answered(request, key, code, form, judge)


@require_POST
def plan(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Say who answers a question until when."""
    _, project = project_of(request, key)
    criterion = project.criteria.select_related("owner").filter(code=code).first() or Criterion(code=code)
    form = PlanForm.of(criterion, request.POST)

    def keep() -> str:
        checklist.plan_criterion(project_key=key, code=code, actor=signed_in(request), **form.cleaned_data)
        return "Owner and day are saved."

    return _answered(request, key, code, form, keep)


@require_POST
def confirm(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Say that the answer holds as it stands."""

    def hold() -> str:
        expiry.confirm(project_key=key, code=code, actor=signed_in(request))
        return "The answer is confirmed and waits for a reviewer."

    return _answered(request, key, code, forms.Form(request.POST), hold)


def _answered(request: HttpRequest, key: str, code: str, form: forms.Form, act: Callable[[], str]) -> HttpResponse:
    """Do it and go back to the question, or show the form again with what was refused."""
    user, project = project_of(request, key)
    if form.is_valid():
        try:
            messages.success(request, act())
        except DomainError as error:
            if not error.errors and error.status < 500:
                raise
            apply_domain_error(form, error)
        else:
            return redirect(request, reverse("projects:checklist", args=[project.key]) + f"#{code[:40]}")
    return _page(request, user, project, code, form)
