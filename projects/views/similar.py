"""Work like an intake's own, and what others learnt from such work: join it, or say why not."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import text_of
from coe_portal.core.htmx import redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects import permissions
from projects.knowledge import lessons_alike
from projects.models import Project
from projects.services import distinctions
from projects.similar import similar_projects
from projects.views.wizard import frozen


def alike(user: User, text: str, *, besides: int | None = None) -> dict[str, Any]:
    """Projects and lessons that are like the text, for the card beside it."""
    found = similar_projects(user, text, besides=besides)
    return {"found": found, "learnt": lessons_alike(user, text, besides=besides)}


@require_GET
def while_typing(request: HttpRequest) -> HttpResponse:
    """Work like what is being typed, so that people join instead of repeating; ``intake`` is what is written anew."""
    user, key = signed_in(request), request.GET.get("intake", "")
    project = permissions.visible_project(user, key) if key else None
    text = f"{request.GET.get('name', '')} {request.GET.get('summary', '')}"
    context = alike(user, text, besides=project.pk if project else None) | {"intake": project}
    return render(request, "projects/partials/_similar.html", context)


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Each similar project with why it is shown, the way to join it, and what was said of the difference."""
    user = signed_in(request)
    project = permissions.visible_project(user, key)
    other, reason, refusal = text_of(request, "other"), text_of(request, "reason"), ""
    if request.method == "POST":
        try:
            told = distinctions.explain(project_key=key, other_key=other, reason=reason, actor=user)
        except DomainError as error:
            if not error.errors:
                raise
            refusal = error.message.partition(": ")[2]
        else:
            messages.success(request, f"Reviewers read why this is not {told.other.key}.")
            return redirect(request, reverse("projects:similar_work", args=[project.key]))
    return _page(request, user, project, (other, reason, refusal))


def _page(request: HttpRequest, user: User, project: Project, typed: tuple[str, str, str]) -> HttpResponse:
    other, reason, refusal = typed
    found = similar_projects(user, f"{project.name} {project.summary}", besides=project.pk)
    told = {row.other_id: row for row in project.distinctions.select_related("given_by")}
    rows = [
        {
            "item": item,
            "told": told.get(item.project.pk),
            "reason": reason if item.project.key == other else "",
            "refusal": refusal if item.project.key == other else "",
        }
        for item in found
    ]
    lost = refusal if refusal and other not in {item.project.key for item in found} else ""
    context = {"project": project, "rows": rows, "frozen": frozen(user, project), "lost": lost}
    return render(request, "projects/similar.html", context, status=422 if refusal else 200)
