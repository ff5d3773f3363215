"""What is open on a project: findings, conditions, a broken glass."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError, NotFound
from coe_portal.core.forms import apply_domain_error, text_of
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.sessions import signed_in
from governance.forms import AssignFindingForm, BreakGlassForm, FindingForm
from governance.models import BreakGlass, Condition, Finding
from governance.services import break_glass, conditions, finding_owners, findings
from projects.permissions import visible_project


@require_GET
def panel(request: HttpRequest, key: str) -> HttpResponse:
    """Findings and conditions of a project, the open ones first."""
    user = signed_in(request)
    project = visible_project(user, key)
    found = Finding.objects.filter(project=project).for_list().order_by("state", "due_on")
    bound = Condition.objects.filter(project=project).for_list().order_by("-state", "due_on")
    context = {
        "project": project,
        "glasses": BreakGlass.objects.open_now().filter(project=project).select_related("request", "requested_by"),
        "findings": [
            (row, findings.refusal(row, user), finding_owners.refusal(row, user, project) == "") for row in found
        ],
        "conditions": [(row, conditions.refusal(row, user)) for row in bound],
    }
    return render_page(request, "governance/findings.html", context, partial="panel")


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, key: str) -> HttpResponse:
    """Report what a review found; looking reports nothing."""
    user = signed_in(request)
    project = visible_project(user, key)
    form = FindingForm(request.POST or None, people=finding_owners.candidates(project))
    if request.method == "POST" and form.is_valid():
        try:
            found = findings.report(project_key=key, actor=user, **form.cleaned_data)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"“{found.title}” waits for {found.owner} until {found.due_on:%d %B}.")
            return redirect(request, reverse("governance:project_findings", args=[project.key]))
    context = {"project": project, "form": form, "refusal": findings.report_refusal(user, project)}
    return render(request, "governance/finding_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def assign(request: HttpRequest, finding_id: str) -> HttpResponse:
    """Have somebody else put a finding right; looking changes nothing."""
    user = signed_in(request)
    finding = Finding.objects.visible_to(user).for_list().filter(pk=finding_id[:26]).first()
    if finding is None:
        raise NotFound("There is no such finding that you may see.")
    others = finding_owners.candidates(finding.project).exclude(pk=finding.owner_id)
    form = AssignFindingForm(request.POST or None, people=others)
    if request.method == "POST" and form.is_valid():
        try:
            done = finding_owners.assign(finding_id=finding.pk, actor=user, **form.cleaned_data)
        except DomainError as error:
            if not error.errors:
                raise
            apply_domain_error(form, error)
        else:
            messages.success(request, f"“{done.title}” waits for {done.owner} now.")
            return redirect(request, reverse("governance:project_findings", args=[done.project.key]))
    context = {
        "project": finding.project,
        "finding": finding,
        "form": form,
        "refusal": finding_owners.refusal(finding, user),
    }
    return render(request, "governance/finding_assign.html", context, status=422 if form.errors else 200)


@require_POST
def resolve(request: HttpRequest, finding_id: str) -> HttpResponse:
    """Close a finding with words."""
    done = findings.resolve(
        finding_id=finding_id,
        resolution=text_of(request, "resolution"),
        evidence=text_of(request, "evidence"),
        actor=signed_in(request),
    )
    messages.success(request, f"“{done.title}” is resolved.")
    return redirect(request, reverse("governance:project_findings", args=[done.project.key]))


@require_http_methods(["GET", "POST"])
def ask_break_glass(request: HttpRequest, key: str) -> HttpResponse:
    """Ask to open one gate for some hours; looking asks for nothing."""
    user = signed_in(request)
    project = visible_project(user, key)
    chosen = {"action": request.GET.get("action", ""), "environment": request.GET.get("environment", "")}
    form = BreakGlassForm(request.POST or None, initial=chosen)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        kind = given.pop("environment")
        try:
            asked = break_glass.ask(project_key=key, environment_kind=kind, actor=user, **given)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{asked.key} waits for {asked.project.waiting_on}.")
            return redirect(request, reverse("governance:approval", args=[asked.key]))
    context = {"project": project, "form": form}
    return render(request, "governance/break_glass.html", context, status=422 if form.errors else 200)
