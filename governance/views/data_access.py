"""The data page of a project, one access, and what people do with it."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError, NotFound
from coe_portal.core.forms import apply_domain_error, text_of
from coe_portal.core.htmx import polled, redirect, render_page, settled
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from governance.forms import AskForDataForm
from governance.services import data_access, data_overview
from projects.models import DataAccess
from projects.permissions import visible_project
from projects.services import accesses


@require_GET
def project_data(request: HttpRequest, key: str) -> HttpResponse:
    """What data the project names, asks for, reads and has to destroy, and what is missing."""
    user = signed_in(request)
    project = visible_project(user, key)
    context = {"project": project, "overview": data_overview.of(project, user)}
    return render_page(request, "governance/project_data.html", context)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for access to a data set; looking asks for nothing."""
    user = signed_in(request)
    project = visible_project(user, key)
    chosen = {"dataset": request.GET.get("dataset", "")}
    form = AskForDataForm(request.POST or None, initial=chosen, project=project)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            asked = data_access.ask(project_key=key, dataset_id=given["dataset"], wish=form.wish(), actor=user)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{asked.dataset.owner} is asked. You are told when it is decided.")
            return redirect(request, _url(asked.pk))
    context = {"project": project, "form": form, "obstacles": data_overview.obstacles(project, user)}
    return render(request, "governance/data_ask.html", context, status=422 if request.method == "POST" else 200)


@require_GET
def access(request: HttpRequest, access_id: str) -> HttpResponse:
    """One access: what it is for, its policy, and how it ends."""
    user = signed_in(request)
    return render_page(request, "governance/data_access.html", _context(_find(user, access_id), user))


@require_GET
def state(request: HttpRequest, access_id: str) -> HttpResponse:
    """How the destruction of a copy stands. Polled while a worker looks."""
    user = signed_in(request)
    found = _find(user, access_id)

    def draw() -> HttpResponse:
        response = render_page(request, "governance/partials/_destruction.html", _context(found, user))
        return response if found.check_requested_at else settled(response)

    return polled(request, (user.pk, found.status, found.check_requested_at, found.check_result), draw)


@require_GET
def iam_policy(request: HttpRequest, access_id: str) -> HttpResponse:
    """The IAM policy as a file."""
    found = _find(signed_in(request), access_id)
    text = json.dumps(accesses.policy_for(found), indent=2) + "\n"
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="read-{found.project.key.lower()}-{found.pk}.json"'
    return response


@require_POST
def grant(request: HttpRequest, access_id: str) -> HttpResponse:
    """Grant what was approved while the gate was closed."""
    user = signed_in(request)
    return _done(request, access_id, lambda: data_access.grant(access_id=access_id, actor=user))


@require_POST
def revoke(request: HttpRequest, access_id: str) -> HttpResponse:
    """End it before its time."""
    user, reason = signed_in(request), text_of(request, "reason")
    return _done(request, access_id, lambda: data_access.revoke(access_id=access_id, reason=reason, actor=user))


@require_POST
def attest(request: HttpRequest, access_id: str) -> HttpResponse:
    """Say that the copy is destroyed."""
    user, statement = signed_in(request), text_of(request, "statement")
    return _done(
        request,
        access_id,
        lambda: data_access.attest_destroyed(access_id=access_id, statement=statement, actor=user),
    )


def _done(request: HttpRequest, access_id: str, work: Any) -> HttpResponse:
    """Do it; a rule's refusal is said on the access's own page, a missing right is an answer of its own."""
    try:
        work()
    except DomainError as error:
        if error.status not in (400, 409):
            raise
        sentences = [sentence for each in error.errors.values() for sentence in each]
        messages.error(request, " ".join(sentences) or error.message)
    return redirect(request, _url(access_id))


def _find(user: User, access_id: str) -> DataAccess:
    found = DataAccess.objects.visible_to(user).for_list().filter(pk=access_id[:26]).first()
    if found is None:
        raise NotFound("There is no such data access that you may see.")
    return found


def _url(access_id: str) -> str:
    return reverse("governance:data_access", args=[access_id])


def _context(found: DataAccess, user: User) -> dict[str, Any]:
    policy = json.dumps(accesses.policy_for(found), indent=2) if found.is_readable else ""
    return {
        "access": found,
        "chip": accesses.chip_of(found),
        "policy": policy,
        "request_row": data_access.request_of(found),
        "sees_project": _sees(user, found),
        "grant_refusal": data_access.grant_refusal(user, found),
        "revoke_refusal": data_access.revoke_refusal(user, found),
        "attest_refusal": data_access.attest_refusal(user, found),
    }


def _sees(user: User, found: DataAccess) -> bool:
    try:
        visible_project(user, found.project.key)
    except NotFound:
        return False
    return True
