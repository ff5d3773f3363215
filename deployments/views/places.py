"""Environments: a list, a page with checks, and forms for CoE leads."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.htmx import polled, redirect, render_page, settled
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from deployments import permissions
from deployments.forms import EnvironmentForm
from deployments.models import Environment
from deployments.services import environments
from deployments.views.chips import check_chip
from projects.models import Project


@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Every environment with the state of its check."""
    user = signed_in(request)
    rows = [(each, check_chip(each.check_state)) for each in Environment.objects.order_by("name")]
    context = {"rows": rows, "refusal": permissions.lead_refusal(user, "add environments")}
    return render_page(request, "deployments/environments.html", context)


@never_cache
@require_GET
def place(request: HttpRequest, name: str) -> HttpResponse:
    """One environment: what it is, who may use it, what the last check found."""
    user = signed_in(request)
    environment = _find(name)
    shown = request.session.pop("external_id", None)
    external_id = shown[1] if shown and shown[0] == environment.pk else ""
    return render_page(request, "deployments/environment.html", _context(environment, user, external_id=external_id))


@require_GET
def checks(request: HttpRequest, name: str) -> HttpResponse:
    """The check card. Polled while a worker is at it."""
    user, environment = signed_in(request), _find(name)

    def render() -> HttpResponse:
        response = render_page(request, "deployments/partials/_checks.html", _context(environment, user))
        return response if environment.check_state == "checking" else settled(response)

    return polled(request, (user.pk, environment.check_state, environment.check_result), render)


@require_POST
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Have a worker check the environment."""
    environment = _find(name)
    try:
        environments.request_check(environment_id=environment.pk, actor=signed_in(request))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(request, _url(environment))


@require_POST
def renew(request: HttpRequest, name: str) -> HttpResponse:
    """Make a new ExternalId and show it once."""
    environment = _find(name)
    try:
        renewed = environments.renew_external_id(environment_id=environment.pk, actor=signed_in(request))
        request.session["external_id"] = [renewed.pk, renewed.external_id]
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(request, _url(environment))


@require_http_methods(["GET", "POST"])
def place_new(request: HttpRequest) -> HttpResponse:
    """Add an environment."""
    user = signed_in(request)
    form = EnvironmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = environments.create_environment(values=form.values(), projects=form.keys(), actor=user)
            request.session["external_id"] = [made.pk, made.external_id]
            return redirect(request, _url(made))
        except DomainError as error:
            form.refuse(error)
    context = {"form": form, "refusal": permissions.lead_refusal(user, "add environments")}
    return _form_page(request, context)


@require_http_methods(["GET", "POST"])
def place_edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change an environment."""
    user = signed_in(request)
    environment = _find(name)
    form = EnvironmentForm(request.POST) if request.method == "POST" else EnvironmentForm.of(environment)
    if request.method == "POST" and form.is_valid():
        try:
            changed = environments.update_environment(
                environment_id=environment.pk, values=form.values(environment.images), projects=form.keys(), actor=user
            )
            messages.success(request, f"{changed} is saved.")
            return redirect(request, _url(changed))
        except DomainError as error:
            form.refuse(error)
    context = {
        "form": form,
        "environment": environment,
        "refusal": permissions.lead_refusal(user, "change environments"),
    }
    return _form_page(request, context)


def _form_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render_page(request, "deployments/environment_form.html", context, status=status)


def _find(name: str) -> Environment:
    return get_object_or_404(Environment.objects.for_list(), name=name)


def _url(environment: Environment) -> str:
    return reverse("deployments:environment", args=[environment.name])


def _context(environment: Environment, user: User, *, external_id: str = "") -> dict[str, Any]:
    visible = Project.objects.visible_to(user).filter(pk__in=[each.pk for each in environment.projects.all()])
    return {
        "environment": environment,
        "chip": check_chip(environment.check_state),
        "items": environment.check_result.get("items", []),
        "checked_at": parse_datetime(str(environment.check_result.get("at") or "")),
        "projects": list(visible) if environment.access == "listed" else [],
        "external_id": external_id,
        "refusal": permissions.lead_refusal(user, "change environments"),
        "check_refusal": permissions.operator_refusal(user),
    }
