"""Moving projects to a policy version: one, with everything that it means, or many of a list."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from coe_portal.core.errors import NotAllowed
from coe_portal.core.forms import text_of
from coe_portal.core.htmx import redirect
from coe_portal.core.paging import keyset_page
from coe_portal.core.sessions import signed_in
from governance.models import PolicyMove, PolicyStatus, PolicyVersion
from governance.services import moves
from projects import permissions
from projects.models import Project

PAGE_SIZE = 25


@require_http_methods(["GET", "POST"])
def projects(request: HttpRequest, label: str) -> HttpResponse:
    """The projects under way that are pinned to something else, each with what moving it means."""
    user = signed_in(request)
    if not user.is_lead:
        raise NotAllowed("Only CoE leads move projects to another policy.")
    version = moves.version_of(label, user)
    if request.method == "POST":
        done = moves.move_many(project_keys=request.POST.getlist("project"), target=label, actor=user)
        moved = sum(not item.refusal for item in done)
        if moved:
            messages.success(request, f"{moved} project{'' if moved == 1 else 's'} moved to {version}.")
        for item in done:
            if item.refusal:
                messages.error(request, f"{item.key} did not move: {item.refusal}")
        return redirect(request, reverse("governance:policy_projects", args=[label]))
    rows = Project.objects.open().exclude(policy_version=label).for_list()
    page = keyset_page(rows, ordering="-id", cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context = {"row": version, "page": page, "query": "", "previews": moves.previews(page.rows, version)}
    return render(request, "governance/policy_projects.html", context)


@require_http_methods(["GET", "POST"])
def project(request: HttpRequest, key: str) -> HttpResponse:
    """What moving one project to the version named in ``to`` adds, removes and changes; then moving it."""
    user = signed_in(request)
    found = permissions.visible_project(user, key)
    if request.method == "POST":
        done = moves.move(project_key=key, target=text_of(request, "to"), actor=user)
        messages.success(request, f"{found.key} is pinned to {done.target} now.")
        return redirect(request, reverse("projects:checklist", args=[found.key]))
    published = PolicyVersion.objects.filter(status=PolicyStatus.PUBLISHED).order_by("name")
    choices = {row.label: row for row in published if row.label != found.policy_version}
    label = request.GET.get("to", next(iter(choices)) if len(choices) == 1 else "")
    target = (choices.get(label) or moves.version_of(label, user)) if label else None
    context = {
        "project": found,
        "choices": choices.values(),
        "to": label,
        "preview": moves.preview_of(found, target) if target and found.is_open else None,
        "history": PolicyMove.objects.for_list().filter(project=found),
        "may_move": user.is_lead,
    }
    return render(request, "governance/migrate_policy.html", context)
