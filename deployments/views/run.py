"""One run: live state, curves, cost, and what can be done with it. Its log has a module of its own."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.htmx import polled, redirect, render_page, settled
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from deployments.models import Run, RunOutput
from deployments.reconcile import artifacts
from deployments.services import runs
from deployments.views.columns import run_url
from deployments.views.lists import visible_project
from deployments.views.run_facts import is_quiet, live_context, made_from, parameters_of
from deployments.views.run_log import log_context

# While machines run, cost and time grow without a change in the rows; the page moves them this often.
CLOCK_SECONDS = 15


@require_GET
def run(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The whole page."""
    user = signed_in(request)
    found = visible_run(user, key, number)
    output = RunOutput.objects.filter(run=found).first()
    if not is_quiet(found, output):
        runs.want_output(run_id=found.pk)
    context: dict[str, Any] = live_context(found, user, output) | log_context(request, found, output)
    context |= {"made_from": made_from(found), "parameters": parameters_of(found)}
    return render_page(request, "deployments/run.html", context)


@require_GET
def live(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """What changes while it runs. Polled; 304 when nothing changed, 286 once nothing changes any more."""
    user = signed_in(request)
    found = visible_run(user, key, number)
    output = RunOutput.objects.filter(run=found).defer("log", "metric_series").first()
    quiet = is_quiet(found, output)
    if not quiet:
        runs.want_output(run_id=found.pk)
    clock = int(timezone.now().timestamp()) // CLOCK_SECONDS if found.started_at and not found.is_final else 0

    def render() -> HttpResponse:
        response = render_page(request, "deployments/partials/_run_live.html", live_context(found, user, output))
        return settled(response) if quiet else response

    return polled(request, (user.pk, found.version, output and output.fetched_at, clock, quiet), render)


@require_GET
def artifact(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Send the browser to the model, with an address that is good for five minutes."""
    found = visible_run(signed_in(request), key, number)
    return HttpResponseRedirect(artifacts.download_address(found))


@require_POST
def stop(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Ask for the run's end."""
    found = visible_run(signed_in(request), key, number)
    try:
        runs.stop_run(run_id=found.pk, actor=signed_in(request))
        messages.success(request, f"Run {number} is being stopped.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(request, run_url(key, number))


@require_POST
def retry(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Launch the next attempt."""
    found = visible_run(signed_in(request), key, number)
    try:
        again = runs.retry_run(run_id=found.pk, actor=signed_in(request))
    except DomainError as error:
        reasons = [f"{missing.message} {missing.how_to_fix}" for missing in error.missing]
        messages.error(request, " ".join(reasons) or error.message)
        return redirect(request, run_url(key, number))
    messages.success(request, f"Run {again.number} is queued: attempt {again.attempt}.")
    return redirect(request, run_url(key, again.number))


def visible_run(user: User, key: str, number: int) -> Run:
    """The run with all that its page shows, if the person may see it, else 404."""
    rows = Run.objects.for_list().defer(None).defer("template_version__package")
    rows = rows.select_related("project__success_metric")
    return get_object_or_404(rows, project=visible_project(user, key), number=number)
