"""Lessons: of one project, of similar ones, and the wall of wins and lessons."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.models import User
from coe_portal.core.paging import keyset_page
from coe_portal.core.sessions import signed_in
from projects import knowledge, permissions
from projects.filters import LessonFilter
from projects.forms import LessonForm
from projects.models import Lesson, LessonKind, Project, Stage
from projects.services import lessons
from projects.views.head import head_context
from projects.views.project import project_of

PAGE_SIZE, WINS = 30, 6
KIND_ICONS = {
    LessonKind.WORKED: ("circle-check", "ok-i"),
    LessonKind.FAILED: ("alert-triangle", "warn-i"),
    LessonKind.DIFFERENT: ("arrow-forward-up", "info-i"),
}


def _shown(rows: list[Lesson], user: User) -> list[dict[str, Any]]:
    """Lessons of several projects; only those that the person may see become links."""
    named = {row.project_id for row in rows}
    seen = set(Project.objects.visible_to(user).filter(pk__in=named).values_list("pk", flat=True))
    return [_shown_to(user, row, may_open=row.project_id in seen) for row in rows]


def _shown_to(user: User, row: Lesson, *, may_open: bool) -> dict[str, Any]:
    icon, may_change = KIND_ICONS[LessonKind(row.kind)], not lessons.change_refusal(user, row)
    return {"lesson": row, "icon": icon, "may_open": may_open, "may_change": may_change}


@require_GET
def stories(request: HttpRequest) -> HttpResponse:
    """What went live, and what every project learnt; filters in the address."""
    user = signed_in(request)
    filters = LessonFilter(request.GET, Lesson.objects.for_list())
    rows = filters.qs if filters.is_valid() else filters.queryset.none()
    page = keyset_page(rows, ordering="-id", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    live = Project.objects.visible_to(user).filter(stage__in=[Stage.PRODUCTION_READY, Stage.PRODUCTION])
    context = {
        "filter": filters,
        "page": page,
        "rows": _shown(page.rows, user),
        "query": _query(request.GET),
        "wins": live.with_people().select_related("success_metric").order_by("-updated_at", "-id")[:WINS],
    }
    return render_page(request, "projects/stories.html", context, partial="lessons")


def _query(query: QueryDict) -> str:
    kept = query.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


@require_http_methods(["GET", "POST"])
def of_project(request: HttpRequest, key: str) -> HttpResponse:
    """What one project learnt; POST adds a lesson."""
    user, project = project_of(request, key)
    form = LessonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = lessons.give_lesson(project_key=key, actor=user, **form.cleaned_data)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"“{done.title}” is shared with everybody.")
            return redirect(request, reverse("projects:lessons", args=[project.key]))
    return _page(request, user, project, form)


def _page(request: HttpRequest, user: User, project: Project, form: LessonForm) -> HttpResponse:
    owed, rows = lessons.owed_by(project), list(project.lessons.for_list())
    written = {row.kind for row in rows}
    lacking = [kind for kind in LessonKind if kind not in written]
    if lacking:
        form.fields["kind"].initial = lacking[0].value
    context = head_context(project, "lessons") | {
        "rows": [_shown_to(user, row, may_open=True) for row in rows],
        "form": form,
        "refusal": lessons.refusal(user, project),
        "owed": owed,
        "lacking": [kind.label.lower() for kind in lacking if owed and kind in owed.kinds],
    }
    return render(request, "projects/lessons.html", context, status=422 if form.errors else 200)


@require_GET
def alike(request: HttpRequest, key: str) -> HttpResponse:
    """What others learnt about something similar, as a part of other pages."""
    user = signed_in(request)
    project = permissions.visible_project(user, key)
    text = f"{project.name} {project.summary}"
    rows = [
        _shown_to(user, known.lesson, may_open=known.may_open) | {"reason": known.reason}
        for known in knowledge.lessons_alike(user, text, besides=project.pk)
    ]
    return render_page(request, "projects/lessons_alike.html", {"project": project, "rows": rows}, partial="panel")


@require_POST
def withdraw(request: HttpRequest, lesson_id: str) -> HttpResponse:
    """Take a lesson back."""
    user = signed_in(request)
    row = Lesson.objects.select_related("project").filter(pk=lesson_id[:26]).first()
    lessons.withdraw_lesson(lesson_id=lesson_id, actor=user)
    messages.success(request, "The lesson is withdrawn; the audit trail keeps what it said.")
    key = row.project.key if row else ""
    return redirect(request, reverse("projects:lessons", args=[key]))
