"""The concept of an intake: a summary and a few questions, sent before the full case is written."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from coe_portal.core.errors import DomainError, GateClosed
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects import checklists, permissions
from projects.forms import AnswerForm, ConceptForm
from projects.models import ConceptState, Project
from projects.services import concepts, projects
from projects.views import wizard
from projects.views.similar import alike


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Name, summary and the concept's questions; one button keeps them, the other sends them."""
    user = signed_in(request)
    project = permissions.visible_project(user, key)
    data = request.POST if request.method == "POST" else None
    about = ConceptForm(data, initial={"name": project.name, "summary": project.summary})
    find = request.GET.get("find", "")
    forms = [AnswerForm(item, data, find=find) for item in concepts.questions_of(project)]
    if data is not None and _save(project, about, forms, user):
        return _go_on(request, project, user)
    errors = about.errors or any(form.errors for form in forms)
    return render(
        request, "projects/concept.html", _context(user, project, about, forms), status=422 if errors else 200
    )


def _save(project: Project, about: ConceptForm, forms: list[AnswerForm], user: User) -> bool:
    if not about.is_valid():
        return False
    try:
        projects.update_project(project_key=project.key, changes=about.cleaned_data, actor=user)
    except DomainError as error:
        apply_domain_error(about, error)
        return False
    return wizard.save(project, forms, user)


def _go_on(request: HttpRequest, project: Project, user: User) -> HttpResponse:
    here = reverse("projects:concept", args=[project.key])
    if "send" not in request.POST:
        messages.success(request, "Kept. Send it when you are ready.")
        return redirect(request, here)
    try:
        concepts.submit_concept(project_key=project.key, actor=user)
    except GateClosed as error:
        for missing in error.missing:
            messages.error(request, f"{missing.message} {missing.how_to_fix}")
    else:
        messages.success(request, "The concept is sent. A CoE lead answers; you find it on this page.")
    return redirect(request, here)


def _context(user: User, project: Project, about: ConceptForm, forms: list[AnswerForm]) -> dict[str, Any]:
    concept, questions = concepts.concept_of(project), wizard.asked_of(project)
    for form in forms:
        form.place(item.question for item in questions)
    criteria = [form.criterion for form in forms]
    return {
        "project": project,
        "concept": concept,
        "mode": concepts.rules_of(project)["concept"],
        "waits": concept is not None and concept.state == ConceptState.SUBMITTED,
        "about": about,
        "forms": forms,
        "frozen": wizard.frozen(user, project),
        "asked": questions,
        "missing": checklists.readiness(criteria).missing,
        "intake": project,
        **alike(user, f"{project.name} {project.summary}", besides=project.pk),
    }


@require_POST
def take_back(request: HttpRequest, key: str) -> HttpResponse:
    """Take the concept back before it is decided."""
    concepts.take_back(project_key=key, actor=signed_in(request))
    messages.success(request, "The concept is yours again; change it and send it anew.")
    return redirect(request, reverse("projects:concept", args=[key]))
