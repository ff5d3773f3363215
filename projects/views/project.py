"""The overview of one project."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.errors import NotFound
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects import permissions
from projects.models import CriterionStatus, Project
from projects.views import matrix, sentences, words
from projects.views.head import head_context


def project_of(request: HttpRequest, key: str) -> tuple[User, Project]:
    """The person and the project with all that its head shows, if the person may see it. Raises NotFound."""
    user = signed_in(request)
    rows = Project.objects.visible_to(user).with_people().select_related("success_metric")
    project = next(iter(rows.by_key(key).order_by()), None)  # to put one row in order costs more than to read it
    if project is None:
        raise NotFound(f"There is no project {key[:20]} that you may see.")
    return user, project


@require_GET
def detail(request: HttpRequest, key: str) -> HttpResponse:
    """The overview: journey, next best action, checklist, budget, team coverage, latest runs."""
    user, project = project_of(request, key)
    criteria = list(project.criteria.with_people())
    people, members = words.names_in(criteria), list(project.members.with_people())
    context: dict[str, Any] = head_context(project, "overview", criteria, members) | {
        "rows": [
            (item, words.STATUS_CHIPS[CriterionStatus(item.status)], sentences.sentence_of(item, people))
            for item in criteria
        ],
        "metric": getattr(project, "success_metric", None),
        "matrix": matrix.by_role(members),
        "may_answer": not permissions.refusal(user, "answer", project),
    }
    return render(request, "projects/detail.html", context)
