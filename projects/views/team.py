"""The team of a project: members, roles, who answers for which area."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from coe_portal.core.errors import DomainError, InvalidInput
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects import permissions
from projects.forms import MemberForm
from projects.models import Project, ResponsibilityKind
from projects.services import gaps, handovers, raci, skills, team
from projects.views import matrix, wizard
from projects.views.head import head_context
from projects.views.project import project_of

Refused = Mapping[str, Sequence[str]]
NOTHING: Mapping[str, Any] = MappingProxyType({})


@require_http_methods(["GET", "POST"])
def team_page(request: HttpRequest, key: str) -> HttpResponse:
    """Members, roles and who answers for which area; POST adds a colleague or changes their roles."""
    user, project = project_of(request, key)
    form, in_wizard = MemberForm(request.POST or None), bool(request.POST.get("next_step"))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            member = team.add_member(project_key=key, username=values["user"], roles=values["roles"], actor=user)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{member.user} is in the team as {member.role_names.lower()}.")
            return redirect(request, _wizard(key) if in_wizard else _url(key))
    if request.method == "POST" and in_wizard:
        return wizard.step_page(request, user, project, "team", member_form=form)
    return render(request, "projects/team.html", _context(user, project, form), status=422 if form.errors else 200)


def _context(
    user: User, project: Project, form: MemberForm, posted: Mapping[str, str] = NOTHING, refused: Refused = NOTHING
) -> dict[str, Any]:
    members = list(project.members.for_list())
    found = gaps.coverage_gaps(project, members)
    helpers = skills.who_could_help(found, members)
    return head_context(project, "team", team=members) | {
        "form": form,
        "members": members,
        "matrix": matrix.by_member(members, posted, refused),
        "refused": bool(refused),
        "kinds": ResponsibilityKind.choices,
        "gaps": [(gap, helpers.get(skills.subject_of(gap), ())) for gap in found],
        "handovers": [(row, handovers.in_words(row)) for row in project.handovers.open().for_list()],
        "manage_refusal": _refusal(user, project),
    }


def _refusal(user: User, project: Project) -> str:
    if reason := permissions.refusal(user, "manage_team", project):
        return reason
    try:
        permissions.require_open_checklist(project)
    except DomainError as error:
        return error.message
    return ""


def _url(key: str) -> str:
    return reverse("projects:team", args=[key])


def _wizard(key: str) -> str:
    return reverse("projects:intake_step", args=[key, "team"])


@require_POST
def set_responsibilities(request: HttpRequest, key: str) -> HttpResponse:
    """Save the cells of the matrix that changed; all of them or none."""
    user, project = project_of(request, key)
    try:
        count = raci.save_matrix(project_key=key, cells=matrix.cells_of(project, request.POST), actor=user)
    except InvalidInput as error:
        context = _context(user, project, MemberForm(), request.POST, error.errors)
        return render(request, "projects/team.html", context, status=422)
    told = f"{count} responsibilit{'y' if count == 1 else 'ies'} changed." if count else "Nothing was changed."
    messages.success(request, told)
    return redirect(request, _url(key) + "#h-matrix")


@require_POST
def remove_member(request: HttpRequest, key: str, member_id: str) -> HttpResponse:
    """Take a person out of the team."""
    team.remove_member(project_key=key, member_id=member_id, actor=signed_in(request))
    messages.success(request, "The person left the team. Look at the gaps that may have opened.")
    return redirect(request, _url(key))
