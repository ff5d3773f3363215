"""Metric curves for the run page: which lines share a chart, and where the target of the project lies."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 460, 200, 46, 176, 12
TICKS = 4


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: ``points`` is an SVG polyline, ``values`` are ``(step, value)``."""

    title: str
    points: str
    values: tuple[tuple[float, float], ...]
    order: int

    @property
    def last(self) -> str:
        return short(self.values[-1][1])


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines that share a scale. ``ticks`` and ``steps`` are ``(position, text)``; ``target`` likewise, or None."""

    title: str
    curves: tuple[Curve, ...]
    ticks: tuple[tuple[float, str], ...]
    steps: tuple[tuple[float, str], ...]
    target: tuple[float, str] | None

    @property
    def sentence(self) -> str:
        lines = "; ".join(f"{curve.title} is {curve.last} at step {curve.values[-1][0]:g}" for curve in self.curves)
        return f"{self.title}: {lines}" + (f"; the target is {self.target[1]}" if self.target else "")

    @property
    def table(self) -> list[tuple[float, list[str]]]:
        """At most 20 steps with the value of each line, for those who read instead of look."""
        steps = [step for step, _ in self.curves[0].values]
        wanted = steps[:: max(1, len(steps) // 20)]
        by_step = [dict(curve.values) for curve in self.curves]
        return [(step, [short(line[step]) if step in line else "" for line in by_step]) for step in wanted]


@dataclass(frozen=True, slots=True)
class Target:
    """What the project wants to reach: the success metric's name and value."""

    name: str
    value: float


def charts(
    series: Mapping[str, Sequence[Sequence[float]]],
    definitions: Sequence[Mapping[str, Any]],
    objective: str,
    target: Target | None = None,
) -> list[Chart]:
    """One chart for each quantity (``train:loss`` and ``validation:loss`` are one), that of the objective first."""
    titles = {each["name"]: each.get("title", each["name"]) for each in definitions}
    groups: dict[str, list[str]] = {}
    for name in sorted((name for name in series if series[name]), key=lambda name: (name != objective, name)):
        groups.setdefault(name.partition(":")[2] or name, []).append(name)
    return [_chart(names, titles, series, target) for names in groups.values()]


def same_metric(name: str, other: str) -> bool:
    """Whether two names mean the same metric: case, punctuation and the part before the colon do not matter."""
    return _plain(name) == _plain(other) != ""


def short(value: float) -> str:
    """Three or four meaningful digits: 0.9650, 55.13, 1203."""
    size = abs(value)
    return f"{value:.0f}" if size >= 1000 else f"{value:.2f}" if size >= 10 else f"{value:.4f}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().rpartition(":")[2])


def _chart(
    names: Sequence[str],
    titles: Mapping[str, str],
    series: Mapping[str, Sequence[Sequence[float]]],
    target: Target | None,
) -> Chart:
    lines = {name: [(float(step), float(value)) for step, value in series[name]] for name in names}
    goal = target if target and any(same_metric(name, target.name) for name in names) else None
    values = [value for line in lines.values() for _, value in line] + ([goal.value] if goal else [])
    low, high = padded(min(values), max(values))
    last = max(step for line in lines.values() for step, _ in line)
    across = (WIDTH - LEFT - 8) / max(last, 1)

    def y(value: float) -> float:
        return round(BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP), 1)

    curves = [
        Curve(
            titles.get(name, name),
            " ".join(f"{LEFT + step * across:.1f},{y(value)}" for step, value in line),
            tuple(line),
            n,
        )
        for n, (name, line) in enumerate(lines.items(), start=1)
    ]
    ticks = [low + (high - low) * part / TICKS for part in range(TICKS + 1)]
    return Chart(
        title=titles.get(names[0], names[0]),
        curves=tuple(curves),
        ticks=tuple((y(tick), short(tick)) for tick in ticks),
        steps=tuple((round(LEFT + step * across, 1), f"{step:.0f}") for step in (0, last / 2, last)),
        target=(y(goal.value), short(goal.value)) if goal else None,
    )


def padded(low: float, high: float) -> tuple[float, float]:
    """A scale that leaves 8 % of room above and below, and is never empty."""
    room = (high - low) * 0.08 or abs(high) * 0.05 or 0.5
    return low - room, high + room
