"""What the page of a run says about it, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone

from coe_portal.core.models import User
from deployments import costs, permissions
from deployments.models import Run, RunOutput
from deployments.services import comparison, runs
from deployments.views import curves, phases
from deployments.views.chips import run_chip
from projects.models import SuccessMetric

CAUSES = {
    "capacity": "AWS had no machine free",
    "quota": "The account's quota is used up",
    "internal": "AWS had a fault of its own",
    "memory": "The machine ran out of memory",
    "code": "The training script failed",
    "configuration": "AWS refused the job as it was set up",
    "denied": "A role does not allow this",
    "data": "The input could not be read",
    "runtime": "The maximum time was used up",
    "spot_wait": "No spot machine was free for long enough",
    "gate": "The gate was closed when the run was to start",
    "lost": "AWS does not know this job",
    "name_clash": "Another job holds this name",
    "unknown": "The run failed",
}


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
    primary: bool = False


def live_context(found: Run, user: User, output: RunOutput | None) -> dict[str, Any]:
    """Everything that changes while a run runs; the curves of the best other run are fetched when they are wanted."""
    series = output.metric_series if output else {}
    version = found.template_version
    target, best = target_of(found), comparison.best_other(found)
    rival = _rival_of(best) if best else None
    return {
        "run": found,
        "project": found.project,
        "now": timezone.now(),
        "over": found.is_settled,
        "settled": is_quiet(found, output),
        "chip": run_chip(found.state, stop_requested=found.stop_requested_at is not None),
        "track": phases.track(
            created=found.created_at, ended=found.ended_at, timeline=found.timeline, now=timezone.now()
        ),
        "charts": curves.charts(series, version.metric_definitions, version.objective_metric, target, rival),
        "log_trouble": output.trouble if output else "",
        "result": result_of(found, series, best),
        "figures": figures_of(found),
        "cause": CAUSES.get((found.failure or {}).get("cause", ""), CAUSES["unknown"]),
        "artifact_name": found.artifact_uri.rpartition("/")[2],
        "actions": actions_of(found, user, best),
    }


def _rival_of(best: Run) -> curves.Rival | None:
    output: RunOutput | None = getattr(best, "output", None)
    if output is None or not output.metric_series:
        runs.want_output(run_id=best.pk)
        return None
    return curves.Rival(f"Run {best.number}", output.metric_series)


def is_quiet(found: Run, output: RunOutput | None) -> bool:
    """Whether nothing on the page will change any more: the run is settled and its output fetched to the end."""
    return found.is_settled and (not found.arn or bool(output and output.log_complete))


def target_of(found: Run) -> curves.Target | None:
    """The success metric of the project, if it has a number to reach."""
    metric = _metric_of(found)
    return curves.Target(metric.name, metric.target) if metric else None


def _metric_of(found: Run) -> SuccessMetric | None:
    metric: SuccessMetric | None = getattr(found.project, "success_metric", None)
    return metric


def result_of(found: Run, series: curves.Series, best: Run | None) -> dict[str, str]:
    """The value of the success metric if the run reports it, else of the template's objective, and how good it is."""
    name, metric = found.template_version.objective_metric, _metric_of(found)
    if metric:
        name = _reported_as(metric, [name, *found.metrics, *series])
    points = series.get(name) or []
    value = found.metrics.get(name, points[-1][1] if points else None)
    titles = {each["name"]: each.get("title", each["name"]) for each in found.template_version.metric_definitions}
    told = {"title": titles.get(name, name), "value": "" if value is None else curves.short(value)}
    if value is not None and best is not None and name in best.metrics:
        told["gain"] = f"{value - best.metrics[name]:+.4f} against run {best.number}".replace("-", "−")
    if metric and curves.same_metric(name, metric.name):
        told["target"] = curves.short(metric.target)
        told["reached"] = "" if value is None else "yes" if metric.is_met_by(value) else "no"
    return told


def _reported_as(metric: SuccessMetric, names: Sequence[str]) -> str:
    """The name under which a run reports the success metric, in validation rather than in training; else the first."""
    same = [name for name in names if curves.same_metric(name, metric.name)]
    return next((name for name in same if not name.startswith("train:")), [*same, *names][0])


def figures_of(found: Run) -> dict[str, Any]:
    """Money and time of the run so far, in words."""
    so_far = found.cost if found.cost is not None else accrued(found)
    on_demand = found.training_seconds and costs.compute_cost(
        per_hour=found.price_per_hour, instance_count=found.instance_count, seconds=found.training_seconds
    )
    saved = (on_demand - found.cost) if on_demand and found.cost is not None else Decimal(0)
    share = costs.spot_saving(
        billable_seconds=found.billable_seconds or 0, training_seconds=found.training_seconds or 0
    )
    seconds, limit = used_seconds(found), found.max_runtime_seconds
    return {
        "cost": costs.money(so_far, found.currency),
        "exact": f"{so_far:.6f} {found.currency}",
        "cap": costs.money(found.worst_case, found.currency),
        "percent": float(min(Decimal(100), 100 * so_far / found.worst_case)) if found.worst_case else 0.0,
        "sentence": f"{costs.money(so_far, found.currency)} of at most {costs.money(found.worst_case, found.currency)}",
        "estimated": found.cost is None,
        "saved": costs.money(saved, found.currency),
        "share": costs.percent(share) if found.spot and found.training_seconds else "",
        "time": costs.duration(seconds) if seconds is not None else "",
        "time_percent": min(100.0, 100 * (seconds or 0) / limit),
        "time_sentence": f"{costs.duration(seconds or 0)} of at most {costs.duration(limit)}",
        "limit": costs.duration(limit),
        "billable": costs.duration(found.billable_seconds) if found.billable_seconds is not None else "",
    }


def used_seconds(found: Run) -> int | None:
    """Wall clock of the machines up to now or to the end; None before they started."""
    if found.training_seconds is not None:
        return found.training_seconds
    if found.started_at is None:
        return None
    return max(0, int(((found.ended_at or timezone.now()) - found.started_at).total_seconds()))


def accrued(found: Run) -> Decimal:
    """What the machines have cost up to now, by the wall clock; 0 before they started."""
    if found.started_at is None:
        return Decimal(0)
    seconds = max(0, int(((found.ended_at or timezone.now()) - found.started_at).total_seconds()))
    return costs.compute_cost(per_hour=found.price_per_hour, instance_count=found.instance_count, seconds=seconds)


def made_from(found: Run) -> list[tuple[str, str]]:
    """Where a run comes from: data, code, machine, account, price."""
    version = found.template_version
    data = ", ".join(found.input_channels.values()) or version.data_set
    spot = "spot" if found.spot else "on demand"
    dated = found.price_dated_on
    return [
        ("Data", data),
        ("Template", str(version)),
        ("Code", version.code_digest[:12]),
        ("Image", found.environment.images.get(version.image, "").rpartition("/")[2]),
        ("Machine", f"{found.instance_count} × {found.instance_type}, {spot}"),
        ("Account", f"{found.environment.name}, {found.environment.account_id}, {found.environment.region}"),
        ("Price", f"{costs.money(found.price_per_hour, found.currency)} an hour, table of {dated.day} {dated:%b %Y}"),
        ("Specification", found.spec_digest[:12]),
        ("Job on AWS", found.aws_name),
    ]


def parameters_of(found: Run) -> list[tuple[str, Any]]:
    """Title and value of every parameter, in the order of the launch form."""
    known = found.template_version.properties
    names = [name for name in known if name in found.parameters]
    names += [name for name in found.parameters if name not in known]
    return [(known.get(name, {}).get("title", name), found.parameters[name]) for name in names]


def actions_of(found: Run, user: User, best: Run | None) -> list[Action]:
    """Clone, retry, stop and compare: always shown, switched off with the reason when they cannot be used."""
    key, number = found.project.key, found.number
    may_launch = permissions.refusal(user, "launch", found.project)
    clone_url = f"{reverse('deployments:run_new', args=[key])}?clone={found.pk}"
    retry_url, stop_url = (reverse(f"deployments:run_{name}", args=[key, number]) for name in ("retry", "stop"))
    compare = f"{reverse('deployments:compare')}?ids={found.pk},{best.pk}" if best else ""
    shown = [
        Action("clone", "Clone", "copy", clone_url, may_launch, method="get"),
        Action("retry", "Retry", "refresh", retry_url, _retry_refusal(found, may_launch)),
        Action("stop", "Stop run", "player-stop", stop_url, _stop_refusal(found, user), danger=True),
    ]
    if best:
        shown.append(Action("compare", "Compare with best", "git-compare", compare, method="get", primary=True))
    return shown


def _stop_refusal(found: Run, user: User) -> str:
    refused = permissions.refusal(user, "stop", found.project)
    if refused:
        return refused
    if found.is_final:
        return "The run has ended already."
    return "The run is being stopped already." if found.stop_requested_at else ""


def _retry_refusal(found: Run, may_launch: str) -> str:
    if may_launch:
        return may_launch
    if found.state not in runs.RETRYABLE:
        return "Only a failed, stopped or lost run can be retried."
    again = Run.objects.filter(retry_of=found).values_list("number", flat=True).first()
    return f"It was already retried as run {again}." if again else ""
