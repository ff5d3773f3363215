"""One run: live state, curves, log, cost, and what can be done with it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.htmx import redirect, render_page, settled
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from deployments import costs, permissions
from deployments.models import Run, RunOutput
from deployments.services import runs
from deployments.views import curves, phases
from deployments.views.chips import run_chip
from deployments.views.lists import run_url, visible_project

LOG_LINES = 300


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the run page; ``refusal`` says why it is switched off."""

    name: str
    label: str
    icon: str
    url: str
    refusal: str = ""
    method: str = "post"
    danger: bool = False


@require_GET
def run(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The whole page."""
    user = signed_in(request)
    found = _visible(user, key, number)
    runs.want_output(run_id=found.pk)
    context = _live(found) | _log(request, found) | {"actions": _actions(found, user)}
    return render_page(request, "deployments/run.html", context)


@require_GET
def live(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """What changes while it runs. Polled; ends with 286 once nothing changes any more."""
    user = signed_in(request)
    found = _visible(user, key, number)
    if not found.is_settled:
        runs.want_output(run_id=found.pk)
    context = _live(found) | {"actions": _actions(found, user)}
    response = render_page(request, "deployments/partials/_run_live.html", context)
    return settled(response) if context["settled"] else response


@require_GET
def log(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The end of the log. Polled while it is followed."""
    found = _visible(signed_in(request), key, number)
    context = {"run": found} | _log(request, found)
    response = render_page(request, "deployments/partials/_run_log.html", context)
    return settled(response) if context["log_done"] else response


@require_GET
def log_file(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The log as a text file."""
    found = _visible(signed_in(request), key, number)
    output = RunOutput.objects.filter(run=found).first()
    name = f"{key}-run-{number}.log"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(output.log if output else "", content_type="text/plain; charset=utf-8", headers=headers)


@require_POST
def stop(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Ask for the run's end."""
    found = _visible(signed_in(request), key, number)
    try:
        runs.stop_run(run_id=found.pk, actor=signed_in(request))
        messages.success(request, f"Run {number} is being stopped.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(request, run_url(key, number))


@require_POST
def retry(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Launch the next attempt."""
    found = _visible(signed_in(request), key, number)
    try:
        again = runs.retry_run(run_id=found.pk, actor=signed_in(request))
    except DomainError as error:
        reasons = [f"{missing.message} {missing.how_to_fix}" for missing in error.missing]
        messages.error(request, " ".join(reasons) or error.message)
        return redirect(request, run_url(key, number))
    messages.success(request, f"Run {again.number} is queued: attempt {again.attempt}.")
    return redirect(request, run_url(key, again.number))


def _visible(user: User, key: str, number: int) -> Run:
    rows = Run.objects.for_list().defer("template_version__package")
    return get_object_or_404(rows, project=visible_project(user, key), number=number)


def _live(found: Run) -> dict[str, Any]:
    output = RunOutput.objects.filter(run=found).defer("log").first()
    version = found.template_version
    target = target_of(found)
    return {
        "run": found,
        "project": found.project,
        "now": timezone.now(),
        "settled": found.is_settled,
        "chip": run_chip(found.state, stop_requested=found.stop_requested_at is not None),
        "track": phases.track(
            created=found.created_at, ended=found.ended_at, timeline=found.timeline, now=timezone.now()
        ),
        "charts": curves.charts(
            output.metric_series if output else {}, version.metric_definitions, version.objective_metric, target
        ),
        "result": _result(found, target),
        "figures": _figures(found),
        "made_from": _made_from(found),
    }


def target_of(found: Run) -> curves.Target | None:
    """The success metric of the project, if it has a number to reach."""
    metric = getattr(found.project, "success_metric", None)
    value = getattr(metric, "target", None)
    return curves.Target(str(metric.name), float(value)) if metric is not None and value is not None else None


def _result(found: Run, target: curves.Target | None) -> dict[str, str]:
    name = found.template_version.objective_metric
    if target:
        name = next((each for each in found.metrics if curves.same_metric(each, target.name)), name)
    value = found.metrics.get(name)
    same = target is not None and curves.same_metric(name, target.name)
    return {
        "title": name,
        "value": curves.short(value) if value is not None else "",
        "target": curves.short(target.value) if target and same else "",
    }


def _figures(found: Run) -> dict[str, Any]:
    """Money and time of the run so far, in words."""
    so_far = found.cost if found.cost is not None else accrued(found)
    on_demand = found.training_seconds and costs.compute_cost(
        per_hour=found.price_per_hour, instance_count=found.instance_count, seconds=found.training_seconds
    )
    saved = (on_demand - found.cost) if on_demand and found.cost is not None else Decimal(0)
    share = costs.spot_saving(
        billable_seconds=found.billable_seconds or 0, training_seconds=found.training_seconds or 0
    )
    return {
        "cost": costs.money(so_far, found.currency),
        "exact": f"{so_far:.6f} {found.currency}",
        "cap": costs.money(found.worst_case, found.currency),
        "percent": float(min(Decimal(100), 100 * so_far / found.worst_case)) if found.worst_case else 0.0,
        "sentence": f"{costs.money(so_far, found.currency)} of at most {costs.money(found.worst_case, found.currency)}",
        "estimated": found.cost is None,
        "saved": costs.money(saved, found.currency),
        "share": costs.percent(share) if found.spot and found.training_seconds else "",
        "limit": costs.duration(found.max_runtime_seconds),
        "billable": costs.duration(found.billable_seconds) if found.billable_seconds is not None else "",
    }


def accrued(found: Run) -> Decimal:
    """What the machines have cost up to now, by the wall clock; 0 before they started."""
    if found.started_at is None:
        return Decimal(0)
    seconds = int(((found.ended_at or timezone.now()) - found.started_at).total_seconds())
    return costs.compute_cost(
        per_hour=found.price_per_hour, instance_count=found.instance_count, seconds=max(0, seconds)
    )


def _made_from(found: Run) -> list[tuple[str, str]]:
    version = found.template_version
    data = ", ".join(found.input_channels.values()) or version.data_set
    spot = "spot" if found.spot else "on demand"
    return [
        ("Data", data),
        ("Template", str(version)),
        ("Code", version.code_digest[:12]),
        ("Image", found.environment.images.get(version.image, "")),
        ("Machine", f"{found.instance_count} × {found.instance_type}, {spot}"),
        ("Account", f"{found.environment.name}, {found.environment.account_id}, {found.environment.region}"),
        (
            "Price",
            f"{costs.money(found.price_per_hour, found.currency)} an hour, table of {found.price_dated_on:%d %b %Y}",
        ),
        ("Specification", found.spec_digest[:12]),
        ("Job on AWS", found.aws_name),
    ]


def _log(request: HttpRequest, found: Run) -> dict[str, Any]:
    output = RunOutput.objects.filter(run=found).only("log", "log_complete", "fetched_at").first()
    lines = output.log.splitlines() if output else []
    done = found.is_settled and (not found.arn or bool(output and output.log_complete))
    return {
        "log_lines": "\n".join(lines[-LOG_LINES:]),
        "log_total": len(lines),
        "log_shown": min(len(lines), LOG_LINES),
        "log_fetched_at": output.fetched_at if output else None,
        "log_done": done,
        "follow": request.GET.get("follow") != "0" and not done,
    }


def _actions(found: Run, user: User) -> list[Action]:
    """Clone, retry and stop: always shown, switched off with the reason when they cannot be used."""
    key, number = found.project.key, found.number
    may_launch = permissions.refusal(user, "launch", found.project)
    may_stop = permissions.refusal(user, "stop", found.project)
    if not may_stop and found.is_final:
        may_stop = "The run has ended already."
    elif not may_stop and found.stop_requested_at:
        may_stop = "The run is being stopped already."
    clone_url = f"{reverse('deployments:run_new', args=[key])}?clone={found.pk}"
    return [
        Action("clone", "Clone", "copy", clone_url, may_launch, method="get"),
        Action(
            "retry",
            "Retry",
            "refresh",
            reverse("deployments:run_retry", args=[key, number]),
            _retry_refusal(found, may_launch),
        ),
        Action(
            "stop",
            "Stop run",
            "player-stop",
            reverse("deployments:run_stop", args=[key, number]),
            may_stop,
            danger=True,
        ),
    ]


def _retry_refusal(found: Run, may_launch: str) -> str:
    if may_launch:
        return may_launch
    if found.state not in runs.RETRYABLE:
        return "Only a failed, stopped or lost run can be retried."
    again = Run.objects.filter(retry_of=found).values_list("number", flat=True).first()
    return f"It was already retried as run {again}." if again else ""
