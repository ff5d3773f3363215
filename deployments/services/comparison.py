"""Runs side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from deployments.models import Run, RunState

FEWEST, MOST = 2, 5
RIVALS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is compared: a value for each run in order, None where a run has none.

    ``best`` is the position of the best value, or None when there is no better and worse.
    """

    name: str
    title: str
    values: tuple[Any, ...]
    differs: bool
    best: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Metrics, and parameters with those that differ first."""

    runs: tuple[Run, ...]
    metrics: tuple[Line, ...]
    parameters: tuple[Line, ...]


def compare(*, run_ids: Sequence[str], actor: User) -> Comparison:
    """Put 2 to 5 runs side by side. Raises InvalidInput when they are too few, too many or not the person's to see."""
    wanted = list(dict.fromkeys(run_ids))
    if not FEWEST <= len(wanted) <= MOST:
        raise InvalidInput({"ids": [f"Name {FEWEST} to {MOST} different runs."]})
    found = {run.pk: run for run in _rows(actor).filter(pk__in=wanted)}
    unknown = [run_id for run_id in wanted if run_id not in found]
    if unknown:
        raise InvalidInput({"ids": [f"There is no run {', '.join(unknown)[:120]} that you may see."]})
    runs = tuple(found[run_id] for run_id in wanted)
    return Comparison(runs, _metrics(runs), _parameters(runs))


def best_other(run: Run) -> Run | None:
    """The project's best other succeeded run of the same template, by the template's objective; with its curves."""
    name = run.template_version.objective_metric
    definitions = run.template_version.metric_definitions
    direction = next((each.get("direction", "") for each in definitions if each["name"] == name), "")
    rows = (
        Run.objects.filter(
            project_id=run.project_id,
            template_version__template_id=run.template_version.template_id,
            state=RunState.SUCCEEDED,
            metrics__has_key=name,
        )
        .exclude(pk=run.pk)
        .only("id", "number", "metrics", "output__metric_series")
        .select_related("output")
        .order_by("-id")[:RIVALS]
    )
    sign = 1 if direction == "decrease" else -1
    return min(rows, key=lambda row: sign * row.metrics[name], default=None)


def _rows(actor: User) -> Any:
    return (
        Run.objects.visible_to(actor)
        .select_related("project", "environment", "template_version__template", "requested_by")
        .defer("template_version__package")
    )


def _metrics(runs: Sequence[Run]) -> tuple[Line, ...]:
    known = {each["name"]: each for run in runs for each in run.template_version.metric_definitions}
    names = [name for name in known if any(name in run.metrics for run in runs)]
    names += sorted({name for run in runs for name in run.metrics} - set(names))
    lines = []
    for name in names:
        values = tuple(run.metrics.get(name) for run in runs)
        about = known.get(name, {})
        best = best_of(values, about.get("direction", ""))
        lines.append(Line(name, about.get("title", name), values, len(set(values)) > 1, best))
    return tuple(lines)


def best_of(values: Sequence[float | None], direction: str) -> int | None:
    """Position of the best value for ``increase`` or ``decrease``; None for a tie, one value or no direction."""
    known = [value for value in values if value is not None]
    if len(known) < FEWEST or direction not in ("increase", "decrease"):
        return None
    best = max(known) if direction == "increase" else min(known)
    return list(values).index(best) if known.count(best) == 1 else None


def _parameters(runs: Sequence[Run]) -> tuple[Line, ...]:
    titles = {name: spec.get("title", name) for run in runs for name, spec in run.template_version.properties.items()}
    rows: list[tuple[str, str, list[Any]]] = [
        ("template", "Template", [str(run.template_version) for run in runs]),
        ("environment", "Environment", [run.environment.name for run in runs]),
        ("instance_type", "Machine", [f"{run.instance_count} × {run.instance_type}" for run in runs]),
        ("max_runtime_seconds", "Maximum time in seconds", [run.max_runtime_seconds for run in runs]),
        ("spot", "Spot", [run.spot for run in runs]),
    ]
    names = dict.fromkeys([*titles, *(name for run in runs for name in run.parameters)])
    rows += [(name, titles.get(name, name), [run.parameters.get(name) for run in runs]) for name in names]
    lines = [
        Line(name, title, tuple(values), any(each != values[0] for each in values)) for name, title, values in rows
    ]
    return tuple(sorted(lines, key=lambda line: not line.differs))
