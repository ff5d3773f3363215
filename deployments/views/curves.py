"""Metric curves for the run page: which lines share a chart, and where the target of the project lies."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from coe_portal.core.charts.lines import Line, Plot, draw

TABLE_ROWS = 20
RIVAL_BEYOND = 1.25
Series = Mapping[str, Sequence[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: ``values`` are ``(step, value)``, ``kind`` is its colour class."""

    name: str
    title: str
    values: tuple[tuple[float, float], ...]
    kind: str

    @property
    def last(self) -> str:
        return short(self.values[-1][1])


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines that share a scale, and the target of the project if it is about this metric."""

    title: str
    curves: tuple[Curve, ...]
    target: float | None

    @property
    def key(self) -> str:
        """Names the chart in an element's id."""
        return re.sub(r"[^a-z0-9]+", "-", self.curves[0].name.lower())

    @property
    def sentence(self) -> str:
        lines = "; ".join(f"{curve.title} is {curve.last} at step {curve.values[-1][0]:g}" for curve in self.curves)
        return f"{self.title}: {lines}" + (f"; the target is {short(self.target)}" if self.target is not None else "")

    @property
    def svg(self) -> SafeString:
        """The picture; the first curve lies on top."""
        first, last = self.curves[0].values[0][0], max(curve.values[-1][0] for curve in self.curves)
        words = ((first, f"{first:.0f}"), ((first + last) / 2, f"{(first + last) / 2:.0f}"), (last, f"Step {last:.0f}"))
        lines = [Line(curve.title, curve.values, curve.kind, dot=curve.kind != "s6") for curve in self.curves]
        target = None if self.target is None else (self.target, f"Target {short(self.target)}")
        return draw(Plot(self.sentence, lines, words if last > first else words[-1:], target))

    @property
    def table(self) -> list[tuple[float, list[str]]]:
        """At most 20 steps and the last one with the value of each line, for those who read instead of look."""
        steps = [step for step, _ in self.curves[0].values]
        wanted = [*steps[:: max(1, -(-len(steps) // TABLE_ROWS))], steps[-1]]
        by_step = [dict(curve.values) for curve in self.curves]
        return [
            (step, [short(line[step]) if step in line else "" for line in by_step]) for step in dict.fromkeys(wanted)
        ]


@dataclass(frozen=True, slots=True)
class Target:
    """What the project wants to reach: the success metric's name and value."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Rival:
    """The best other run: its title for the legend and its curves."""

    title: str
    series: Series


def charts(
    series: Series,
    definitions: Sequence[Mapping[str, Any]],
    objective: str,
    target: Target | None = None,
    rival: Rival | None = None,
) -> list[Chart]:
    """One chart for each quantity (``train:loss`` and ``validation:loss`` are one), that of the objective first.

    The rival's curve of the objective lies in grey behind this run's own.
    """
    titles = {each["name"]: each.get("title", each["name"]) for each in definitions}
    groups: dict[str, list[str]] = {}
    for name in sorted((name for name in series if series[name]), key=lambda name: (name != objective, name)):
        groups.setdefault(name.partition(":")[2] or name, []).append(name)
    found = []
    for names in groups.values():
        curves = list(_curves(sorted(names, key=lambda name: name.startswith("train:")), titles, series))
        if rival and objective in names and rival.series.get(objective):
            curves.append(Curve(objective, rival.title, _as_far_as(curves, rival.series[objective]), "s6"))
        goal = target.value if target and any(same_metric(name, target.name) for name in names) else None
        found.append(Chart(curves[0].title, tuple(curves), goal))
    return found


def _curves(names: Iterable[str], titles: Mapping[str, str], series: Series) -> Iterable[Curve]:
    for number, name in enumerate(names, start=1):
        yield Curve(name, titles.get(name, name), _values(series[name]), f"s{1 if number == 1 else number + 1}")


def _as_far_as(curves: Sequence[Curve], points: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    """A rival's points up to a little beyond our own last step, so that our own line keeps its room."""
    end = RIVAL_BEYOND * max(curve.values[-1][0] for curve in curves)
    return tuple(point for point in _values(points) if point[0] <= end) or _values(points[:1])


def _values(points: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(step), float(value)) for step, value in points)


def same_metric(name: str, other: str) -> bool:
    """Whether two names mean the same metric: case, punctuation and the part before the colon do not matter."""
    return _plain(name) == _plain(other) != ""


def short(value: float) -> str:
    """Three or four meaningful digits: 0.9650, 55.13, 1203."""
    size = abs(value)
    return f"{value:.0f}" if size >= 1000 else f"{value:.2f}" if size >= 10 else f"{value:.4f}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().rpartition(":")[2])
