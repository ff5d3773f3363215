"""Asking to join a project, and the owner's answer."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error, text_of
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.sessions import signed_in
from projects import permissions
from projects.forms import JoinForm
from projects.models import JoinState, Project, ProjectRole, Stage
from projects.services import joining
from projects.views.head import head_context
from projects.views.project import project_of

STATE_CHIPS = {JoinState.ASKED: "info", JoinState.JOINED: "ok", JoinState.REFUSED: "bad", JoinState.WITHDRAWN: "mute"}


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Ask the owner to take me in, perhaps with an intake of mine; looking asks for nothing."""
    user = signed_in(request)
    project = permissions.visible_project(user, key)
    mine = Project.objects.filter(owner=user, stage=Stage.INTAKE).exclude(pk=project.pk).order_by("-pk")
    form = JoinForm(request.POST or None, initial={"intake": request.GET.get("intake", "")}, intakes=mine)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            joining.ask(project_key=key, intake_key=given["intake"], message=given["message"], actor=user)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{project.owner} is asked to take you in.")
            return redirect(request, reverse("projects:join_requests", args=[project.key]))
    return render(request, "projects/join.html", {"project": project, "form": form}, status=422 if form.errors else 200)


@require_GET
def panel(request: HttpRequest, key: str) -> HttpResponse:
    """Who wants to join, and what the owner answered."""
    user, project = project_of(request, key)
    rows = list(project.join_requests.for_list())
    context = head_context(project, "team") | {
        "rows": [(row, STATE_CHIPS[JoinState(row.state)], row.person_id == user.pk) for row in rows],
        "refusal": permissions.refusal(user, "manage_team", project),
        "roles": ProjectRole.choices,
    }
    return render_page(request, "projects/join_requests.html", context, partial="panel")


@require_POST
def decide(request: HttpRequest, join_id: str) -> HttpResponse:
    """Take somebody in, or refuse with words."""
    done = joining.decide(
        request_id=join_id,
        accept=request.POST.get("verdict") == "accept",
        roles=request.POST.getlist("roles"),
        answer=text_of(request, "answer"),
        actor=signed_in(request),
    )
    taken = done.state == JoinState.JOINED
    messages.success(request, f"{done.person} is {'in the team' if taken else 'told why not'}.")
    return redirect(request, reverse("projects:team", args=[done.project.key]))


@require_POST
def withdraw(request: HttpRequest, join_id: str) -> HttpResponse:
    """Take my wish back."""
    done = joining.withdraw(request_id=join_id, actor=signed_in(request))
    messages.success(request, f"You do not ask to join {done.project.key} any more.")
    return redirect(request, reverse("projects:join_requests", args=[done.project.key]))
