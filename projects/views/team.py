"""The team of a project: members, roles, who answers for which area."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from projects import permissions
from projects.forms import MemberForm
from projects.models import Member, Project, ResponsibilityKind, WorkArea
from projects.services import team
from projects.views import matrix, wizard
from projects.views.head import head_context
from projects.views.project import project_of


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


def _context(user: User, project: Project, form: MemberForm) -> dict[str, Any]:
    members = list(project.members.for_list())
    return head_context(project, "team") | {
        "form": form,
        "members": members,
        "matrix": matrix.by_member(members),
        "kinds": ResponsibilityKind.choices,
        "gaps": team.coverage_gaps(project, members),
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
    permissions.require(user, "manage_team", project)
    wanted = _changes(list(project.members.for_list()), request.POST)
    try:
        with transaction.atomic():
            for member_id, area, kind in wanted:
                team.set_responsibility(project_key=key, member_id=member_id, work_area=area, kind=kind, actor=user)
    except DomainError as error:
        sentences = [sentence for each in error.errors.values() for sentence in each]
        messages.error(request, " ".join(sentences) or error.message)
    else:
        count = len(wanted)
        told = f"{count} responsibilit{'y' if count == 1 else 'ies'} changed." if count else "Nothing was changed."
        messages.success(request, told)
    return redirect(request, _url(key) + "#h-matrix")


def _changes(members: list[Member], posted: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Member, area and kind of every cell that says something else than what is kept."""
    found = []
    for member in members:
        held = {duty.work_area: duty.kind for duty in member.responsibilities.all()}
        for area in WorkArea.values:
            kind = posted.get(matrix.field_name(member.pk, area))
            if kind is not None and kind != held.get(area, ""):
                found.append((member.pk, area, kind))
    # Whoever becomes accountable comes last: an area has one accountable person, and the newest choice wins.
    return sorted(found, key=lambda change: change[2] == ResponsibilityKind.ACCOUNTABLE)


@require_POST
def remove_member(request: HttpRequest, key: str, member_id: str) -> HttpResponse:
    """Take a person out of the team."""
    team.remove_member(project_key=key, member_id=member_id, actor=signed_in(request))
    messages.success(request, "The person left the team. Look at the gaps that may have opened.")
    return redirect(request, _url(key))
