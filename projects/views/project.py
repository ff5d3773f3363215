"""The pages of one project: overview, checklist, team, history."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.models import AuditEntry, User
from coe_portal.core.paging import keyset_page
from coe_portal.core.sessions import signed_in
from projects import permissions, stages
from projects.forms import EvidenceForm, MemberForm, ResponsibilityForm
from projects.models import Member, Project, ProjectRole, ResponsibilityKind, Stage, WorkArea
from projects.services import checklist, team
from projects.views import words

HISTORY_SIZE = 50
MARKS = {
    ResponsibilityKind.ACCOUNTABLE: "p",
    ResponsibilityKind.RESPONSIBLE: "p h",
    ResponsibilityKind.CONSULTED: "p c",
    ResponsibilityKind.INFORMED: "p c",
}


def _project(request: HttpRequest, key: str) -> tuple[User, Project]:
    user = signed_in(request)
    rows = Project.objects.with_people().select_related("success_metric")
    return user, rows.get(pk=permissions.visible_project(user, key).pk)


def _shared(user: User, project: Project, tab: str) -> dict[str, Any]:
    criteria = list(project.criteria.for_list())
    met = sum(criterion.status in ("accepted", "waived") for criterion in criteria)
    return {
        "project": project,
        "tab": tab,
        "stage_chip": words.STAGE_CHIPS[Stage(project.stage)],
        "journey": stages.journey(project.stage, criteria),
        "criteria": [(item, words.STATUS_CHIPS[item.status], words.summary_of(item)) for item in criteria],  # type: ignore[index]
        "met": met,
        "total": len(criteria),
        "edit_refusal": permissions.refusal(user, "answer", project),
        "metric": getattr(project, "success_metric", None),
    }


@require_GET
def detail(request: HttpRequest, key: str) -> HttpResponse:
    """The overview: journey, next best action, checklist, team coverage, latest runs."""
    user, project = _project(request, key)
    members = list(project.members.for_list())
    context = _shared(user, project, "overview") | {
        "matrix": _matrix(members),
        "gaps": team.coverage_gaps(project, members),
    }
    return render(request, "projects/detail.html", context)


def _matrix(members: list[Member]) -> list[dict[str, Any]]:
    """Areas of work × roles: the strongest kind that somebody with the role has."""
    order = list(MARKS)
    rows = []
    for area, label in WorkArea.choices:
        cells: dict[str, str] = {}
        for member in members:
            for duty in member.responsibilities.all():
                if duty.work_area == area:
                    _strengthen(cells, member.roles, ResponsibilityKind(duty.kind), order)
        gap = ResponsibilityKind.ACCOUNTABLE not in cells.values()
        marks = [
            (MARKS.get(ResponsibilityKind(cells[role])) if role in cells else "", cells.get(role, "nobody"))
            for role in _roles()
        ]
        rows.append({"label": label, "marks": marks, "gap": gap})
    return rows


def _roles() -> list[str]:
    return [role for role in ProjectRole.values if role != ProjectRole.SPONSOR]


def _strengthen(
    cells: dict[str, str], roles: list[str], kind: ResponsibilityKind, order: list[ResponsibilityKind]
) -> None:
    for role in roles:
        if role not in cells or order.index(kind) < order.index(ResponsibilityKind(cells[role])):
            cells[role] = kind


@require_GET
def checklist_page(request: HttpRequest, key: str) -> HttpResponse:
    """Every question with its answer in words, its evidence and verdict."""
    user, project = _project(request, key)
    context = _shared(user, project, "checklist")
    context["answers"] = [(item, chip, words.answer_rows(item)) for item, chip, _ in context["criteria"]]
    context["verdict_refusal"] = permissions.refusal(user, "give_verdict", project)
    return render(request, "projects/checklist.html", context | {"evidence_form": EvidenceForm()})


@require_POST
def add_evidence(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Add a link or a note to an answer."""
    form = EvidenceForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(sentence) for field in form.errors.values() for sentence in field))
    else:
        checklist.add_evidence(project_key=key, code=code, actor=signed_in(request), **form.cleaned_data)
        messages.success(request, f"“{form.cleaned_data['title']}” is added as evidence.")
    return redirect(request, reverse("projects:checklist", args=[key]) + f"#{code[:40]}")


@require_POST
def give_verdict(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Accept an answer or send it back."""
    verdict, comment = request.POST.get("verdict", ""), request.POST.get("comment", "")
    checklist.give_verdict(project_key=key, code=code, verdict=verdict, comment=comment, actor=signed_in(request))
    messages.success(request, "Your verdict is recorded.")
    return redirect(request, reverse("projects:checklist", args=[key]) + f"#{code[:40]}")


@require_http_methods(["GET", "POST"])
def team_page(request: HttpRequest, key: str) -> HttpResponse:
    """Members, roles and who answers for which area; POST adds a colleague."""
    user, project = _project(request, key)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            team.add_member(project_key=key, username=values["user"], roles=values["roles"], actor=user)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            return redirect(
                request, (request.POST.get("next_step") and _wizard(key)) or reverse("projects:team", args=[key])
            )
    members = list(project.members.for_list())
    context = _shared(user, project, "team") | {
        "form": form,
        "members": [(member, _duties(member)) for member in members],
        "areas": WorkArea.choices,
        "kinds": ResponsibilityKind.choices,
        "gaps": team.coverage_gaps(project, members),
        "manage_refusal": permissions.refusal(user, "manage_team", project),
    }
    return render(request, "projects/team.html", context, status=422 if form.errors else 200)


def _wizard(key: str) -> str:
    return reverse("projects:intake_step", args=[key, "team"])


def _duties(member: Member) -> list[tuple[str, str, str]]:
    held = {duty.work_area: duty.kind for duty in member.responsibilities.all()}
    return [(area, str(label), held.get(area, "")) for area, label in WorkArea.choices]


@require_POST
def set_responsibility(request: HttpRequest, key: str) -> HttpResponse:
    """Say what a member is for an area of work."""
    form = ResponsibilityForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a member, an area and what they are for it.")
    else:
        values = form.cleaned_data
        team.set_responsibility(
            project_key=key,
            member_id=values["member"],
            work_area=values["work_area"],
            kind=values["kind"],
            actor=signed_in(request),
        )
        messages.success(request, "The responsibility is set.")
    return redirect(request, reverse("projects:team", args=[key]))


@require_POST
def remove_member(request: HttpRequest, key: str, member_id: str) -> HttpResponse:
    """Take a person out of the team."""
    team.remove_member(project_key=key, member_id=member_id, actor=signed_in(request))
    messages.success(request, "The person left the team. Look at the gaps that may have opened.")
    return redirect(request, reverse("projects:team", args=[key]))


@require_GET
def history(request: HttpRequest, key: str) -> HttpResponse:
    """The project's story: who did what, when, with before and after."""
    user, project = _project(request, key)
    entries = AuditEntry.objects.in_project(project.key).for_list()
    page = keyset_page(entries, ordering="-id", cursor=request.GET.get("cursor", ""), size=HISTORY_SIZE)
    context = _shared(user, project, "history") | {
        "page": page,
        "revisions": project.revisions.select_related("submitted_by"),
    }
    return render_page(request, "projects/history.html", context, partial="entries")
