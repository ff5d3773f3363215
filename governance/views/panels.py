"""What governance shows on a project's page, and what a project asks of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core.errors import GateClosed
from coe_portal.core.htmx import is_fragment_request, redirect, render_page
from coe_portal.core.sessions import signed_in
from governance.models import ApprovalRequest
from governance.services import gate_lists, intakes
from governance.services.dossier import chip_of
from governance.services.next_actions import next_action
from projects.permissions import visible_project


@require_GET
def next_action_panel(request: HttpRequest, key: str) -> HttpResponse:
    """The one thing that helps most now."""
    user = signed_in(request)
    project = visible_project(user, key)
    context = {"project": project, "action": next_action(project, user)}
    return render_page(request, "governance/next_action.html", context, partial="panel")


@require_GET
def gate_panel(request: HttpRequest, key: str) -> HttpResponse:
    """Gates with what is met, what is missing and the way to fix it: three on the project's page, all on their own."""
    user = signed_in(request)
    project = visible_project(user, key)
    wanted = gate_lists.FIRST if is_fragment_request(request) else gate_lists.ALL
    found, first = gate_lists.lists(project, wanted, user), len(gate_lists.FIRST)
    context = {
        "project": project,
        "gates": found[:first],
        "more": found[first:],
        "here": reverse("projects:detail", args=[project.key]),
    }
    return render_page(request, "governance/gate.html", context, partial="panel")


@require_GET
def decisions_panel(request: HttpRequest, key: str) -> HttpResponse:
    """Every approval that the project asked for, newest first."""
    user = signed_in(request)
    project = visible_project(user, key)
    rows = ApprovalRequest.objects.filter(project=project).with_decisions().order_by("-id")
    context = {"project": project, "rows": [(row, *chip_of(row)) for row in rows]}
    return render_page(request, "governance/decisions.html", context, partial="panel")


@require_POST
def submit(request: HttpRequest, key: str) -> HttpResponse:
    """Submit a complete intake, or say everything that is missing."""
    user = signed_in(request)
    try:
        done = intakes.submit(project_key=key, actor=user)
    except GateClosed as error:
        for missing in error.missing:
            messages.error(request, f"{missing.message} {missing.how_to_fix}")
        return redirect(request, reverse("projects:intake_step", args=[key, "check"]))
    messages.success(
        request,
        f"Submitted as revision {done.approval.revision}. {done.approval.key} waits for {done.project.waiting_on}.",
    )
    return redirect(request, reverse("projects:detail", args=[done.project.key]))


@require_POST
def advance(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for the gate that leaves the project's stage."""
    done = intakes.advance(project_key=key, actor=signed_in(request))
    messages.success(request, f"{done.approval.key} waits for {done.project.waiting_on}.")
    return redirect(request, reverse("governance:approval", args=[done.approval.key]))
