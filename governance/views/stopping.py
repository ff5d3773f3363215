"""Stopping a project where it is no proof of concept, or the way to where it ends instead."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from governance.forms import StopForm
from governance.services import spending, stopping
from projects.models import Project
from projects.permissions import visible_project


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, key: str) -> HttpResponse:
    """What follows, and the reason; POST stops it."""
    user = signed_in(request)
    project, form = visible_project(user, key), StopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = stopping.stop(project_key=key, reason=form.cleaned_data["reason"], actor=user)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{done.key} is stopped. It is kept as it ended.")
            return redirect(request, reverse("projects:detail", args=[done.key]))
    place = stopping.elsewhere(project)
    context = {
        "project": project,
        "form": form,
        "elsewhere": place,
        "refusal": _refusal(user, project) if place is None else "",
        "is_idea": project.stage in stopping.IDEAS,
        "running": spending.running_of(project),
    }
    return render(request, "governance/stop.html", context, status=422 if form.errors else 200)


def _refusal(user: User, project: Project) -> str:
    if not project.is_open:
        return f"{project.key} is {project.get_stage_display().lower()} already; it is kept as it ended."
    return stopping.refusal(user, project)
