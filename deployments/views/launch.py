"""The launch form with its price."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.htmx import redirect, render_page, toast
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from deployments import costs
from deployments.forms import LaunchForm
from deployments.models import Environment, Price, TemplateVersion
from deployments.services import estimates, prices, runs, templates
from deployments.services.estimates import Estimate
from deployments.services.specification import Wish
from deployments.views.chips import verdict_chip
from deployments.views.columns import run_url
from deployments.views.lists import visible_project
from projects.models import Project


@require_http_methods(["GET", "POST"])
def run_new(request: HttpRequest, key: str) -> HttpResponse:
    """Choose a template, fill in its form, see the price, launch."""
    user = signed_in(request)
    project = visible_project(user, key)
    shelf = list(TemplateVersion.objects.current().for_list())
    form, version = _form(request, project, user, shelf)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            run = runs.launch_run(wish=form.wish(), actor=user, request_key=form.cleaned_data["request_key"])
            return toast(redirect(request, run_url(project.key, run.number)), f"Run {run.number} is queued.")
        except DomainError as error:
            form.refuse(error)
    status = 422 if request.method == "POST" else 200
    context = {
        "project": project,
        "form": form,
        "version": version,
        "templates": shelf,
        "obstacles": runs.obstacles(project=project, actor=user),
        **_estimate(form, project),
    }
    return render_page(request, "deployments/run_new.html", context, partial="form", status=status)


@require_POST
def estimate(request: HttpRequest, key: str) -> HttpResponse:
    """The price of what the form holds now."""
    user = signed_in(request)
    project = visible_project(user, key)
    shelf = list(TemplateVersion.objects.current().for_list())
    form, _ = _form(request, project, user, shelf)
    context = {"project": project, **_estimate(form, project)}
    return render_page(request, "deployments/partials/_estimate.html", context)


def _version(shelf: Sequence[TemplateVersion], name: str, start: Wish | None) -> TemplateVersion | None:
    """The version that a cloned run used, else the newest of the named template, else the first on the shelf."""
    if start and start.template == name:
        return templates.find(name, start.template_version)
    named = [each for each in shelf if each.name == name]
    return next(iter([*named, *shelf]), None)


def _form(
    request: HttpRequest, project: Project, user: User, shelf: Sequence[TemplateVersion]
) -> tuple[LaunchForm | None, TemplateVersion | None]:
    data = request.POST if request.method == "POST" else None
    start = _start(request, user)
    query = data if data is not None else request.GET
    name = str(query.get("template") or (start.template if start else ""))
    version = _version(shelf, name, start)
    places = list(Environment.objects.open_to(project.pk).order_by("kind", "name"))
    if version is None or not places:
        return None, version
    chosen = str(query.get("environment") or (start.environment if start else ""))
    place = next((each for each in places if each.name == chosen), places[0])
    return LaunchForm(
        project_key=project.key,
        version=version,
        environments=places,
        prices=_prices(place),
        start=start,
        data=data,
    ), version


def _prices(place: Environment) -> dict[str, Price]:
    return prices.current_prices(place.region)


def _start(request: HttpRequest, user: User) -> Wish | None:
    """What the form starts with: the run that is cloned, if one is named."""
    cloned = request.GET.get("clone", "") or request.POST.get("clone", "")
    return runs.wish_of(runs.visible_run(run_id=cloned, actor=user)) if cloned else None


def _estimate(form: LaunchForm | None, project: Project) -> dict[str, Any]:
    """Figures for the price card, or the sentence that says why there are none."""
    if form is None:
        return {}
    wish = form.wish() if form.is_bound and form.is_valid() else _initial_wish(form)
    if form.is_bound and not form.is_valid():
        return {"estimate_problem": "Fill in the marked fields to see the price."}
    try:
        found = estimates.preview(project=project, wish=wish, version=form.version, places=form.places)
    except DomainError as error:
        sentences = [sentence for each in error.errors.values() for sentence in each]
        return {"estimate_problem": " ".join(sentences) or error.message}
    return {"estimate": found, "figures": figures(found), "verdict": verdict_chip(found.verdict)}


def _initial_wish(form: LaunchForm) -> Wish:
    return Wish(
        project=form.project_key,
        environment=form.initial["environment"],
        template=form.version.name,
        template_version=form.version.version,
        instance_type=form.initial["instance_type"],
        instance_count=form.initial["instance_count"],
        max_runtime_seconds=60 * form.initial["max_minutes"],
        spot=form.initial["spot"],
    )


def figures(found: Estimate) -> dict[str, Any]:
    """Money in words; ``share`` is the percent of what is left that the worst case takes."""
    left = found.budget_left
    share = 100.0 if left is not None and left <= 0 else float(100 * found.worst_case / left) if left else 0.0
    return {
        "share": min(100.0, share),
        "bar": "bad" if found.verdict == "over_budget" else "",
        "sentence": f"The worst case takes {share:.0f}% of it"
        if share >= 1
        else "The worst case takes less than 1% of it",
        "worst": costs.money(found.worst_case, found.currency),
        "expected": costs.money(found.expected, found.currency),
        "hour": costs.money(found.price_per_hour, found.currency),
        "left": costs.money(found.budget_left, found.currency) if found.budget_left is not None else "",
    }
