"""Line charts. The lines stretch with the card, the text keeps its size: widths are percentages and one nested
``svg`` without aspect ratio, so no script and no style attribute is needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from coe_portal.core.charts.axes import decimals_of, round_ticks

HEIGHT, TOP = 168, 10
AXIS, BOTTOM = 46, HEIGHT + TOP + 26
# Room that the words of a target take: percent of the width, and pixels.
WORD_WIDTH, WORD_HEIGHT = 45.0, 16.0
_CORNERS = ((False, False), (True, False), (False, True), (True, True))
LEFT_OF, RIGHT_OF = ("-6", "end"), ("6", "start")
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``kind`` is a class (s1 … s6, plan, ahead), ``dot`` marks its last point."""

    title: str
    points: Points
    kind: str = "s1"
    dot: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at ``x`` with a word, such as today."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """What a chart shows. ``across`` are the words under the axis as ``(x, text)``; ``target`` is ``(y, text)``.

    ``ticks`` are ``(y, text)`` from low to high; without them round numbers around the lines are taken.
    """

    sentence: str
    lines: Sequence[Line]
    across: Sequence[tuple[float, str]]
    target: tuple[float, str] | None = None
    marks: Sequence[Mark] = field(default_factory=tuple)
    ticks: Sequence[tuple[float, str]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class _Scale:
    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        return round(100 * (value - self.left) / ((self.right - self.left) or 1), 3)

    def y(self, value: float) -> float:
        return round(TOP + HEIGHT * (1 - (value - self.low) / ((self.high - self.low) or 1)), 2)


def number_ticks(values: Sequence[float]) -> list[tuple[float, str]]:
    """Round ticks around ``values`` with as many decimals as they need."""
    ticks = round_ticks(min(values), max(values))
    places = decimals_of(ticks)
    return [(tick, f"{tick:,.{places}f}".replace("-", "−")) for tick in ticks]


def draw(plot: Plot) -> SafeString:
    """The chart as SVG with classes only."""
    values = [value for line in plot.lines for _, value in line.points]
    ticks = plot.ticks or number_ticks(values + ([plot.target[0]] if plot.target else []))
    places = [x for line in plot.lines for x, _ in line.points] + [x for x, _ in plot.across]
    scale = _Scale(min(places), max(places), ticks[0][0], ticks[-1][0])
    parts = (_grid(ticks, scale), _across(plot, scale), _marks(plot, scale), _lines(plot, scale), _target(plot, scale))
    return format_html(
        '<div class="cz" role="img" aria-label="{0}"><svg class="cz-y" width="{1}" height="{2}">{3}</svg>'
        '<svg class="cz-in" width="100%" height="{2}">{4}{5}</svg></div>',
        plot.sentence,
        AXIS,
        BOTTOM,
        _axis(ticks, scale),
        format_html("{}{}{}{}{}", *parts),
        _dots(plot, scale),
    )


def _axis(ticks: Sequence[tuple[float, str]], scale: _Scale) -> SafeString:
    return format_html_join(
        "",
        '<text class="ax" x="{}" y="{}" dy="4" text-anchor="end">{}</text>',
        ((AXIS - 8, scale.y(value), text) for value, text in ticks),
    )


def _grid(ticks: Sequence[tuple[float, str]], scale: _Scale) -> SafeString:
    return format_html_join(
        "",
        '<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/>',
        ((scale.y(value),) for value, _ in ticks),
    )


def _across(plot: Plot, scale: _Scale) -> SafeString:
    def anchor(at: float) -> str:
        return "start" if at < 5 else "end" if at > 90 else "middle"

    return format_html_join(
        "",
        '<text class="ax" x="{}%" y="{}" text-anchor="{}">{}</text>',
        ((at := scale.x(x), HEIGHT + TOP + 20, anchor(at), text) for x, text in plot.across),
    )


def _marks(plot: Plot, scale: _Scale) -> SafeString:
    return format_html_join(
        "",
        '<line class="mark" x1="{0}%" x2="{0}%" y1="{1}" y2="{2}"/><text class="ax halo" x="{0}%" y="{3}" dx="{4}" '
        'text-anchor="{5}">{6}</text>',
        (
            (
                at := scale.x(mark.x),
                TOP,
                TOP + HEIGHT,
                TOP + 12,
                *(LEFT_OF if at > 50 else RIGHT_OF),
                mark.text,
            )
            for mark in plot.marks
        ),
    )


def _target(plot: Plot, scale: _Scale) -> SafeString:
    """A dashed line; its words stand where the fewest points of the lines are."""
    if plot.target is None:
        return SafeString("")
    goal, text = plot.target
    y = scale.y(goal)
    points = [(scale.x(x), scale.y(value)) for line in plot.lines for x, value in line.points]
    at_left, below = min(_CORNERS, key=lambda corner: _crowd(points, y, *corner))
    return format_html(
        '<line class="target" x1="0" x2="100%" y1="{0}" y2="{0}"/>'
        '<text class="ax target halo" x="{1}" y="{0}" dy="{2}" text-anchor="{3}">{4}</text>',
        y,
        "4" if at_left else "100%",
        "14" if below else "-6",
        "start" if at_left else "end",
        text,
    )


def _crowd(points: Sequence[tuple[float, float]], y: float, at_left: bool, below: bool) -> float:
    """How many points lie where the words would stand; words that leave the chart count as a crowd."""
    top, bottom = (y, y + WORD_HEIGHT) if below else (y - WORD_HEIGHT, y)
    if top < 0 or bottom > TOP + HEIGHT:
        return float("inf")
    within = (0.0, WORD_WIDTH) if at_left else (100 - WORD_WIDTH, 100.0)
    return sum(within[0] <= x <= within[1] and top <= at <= bottom for x, at in points)


def _lines(plot: Plot, scale: _Scale) -> SafeString:
    drawn = format_html_join(
        "",
        '<polyline class="ln {}" points="{}"/>',
        ((line.kind, " ".join(f"{scale.x(x)},{scale.y(y)}" for x, y in line.points)) for line in reversed(plot.lines)),
    )
    return format_html(
        '<svg class="cz-ln" width="100%" height="{0}" viewBox="0 0 100 {0}" preserveAspectRatio="none">{1}</svg>',
        BOTTOM,
        drawn,
    )


def _dots(plot: Plot, scale: _Scale) -> SafeString:
    return format_html_join(
        "",
        '<circle class="dot-{}" cx="{}%" cy="{}" r="3.5"/>',
        (
            (line.kind, scale.x(line.points[-1][0]), scale.y(line.points[-1][1]))
            for line in plot.lines
            if line.dot and line.points
        ),
    )
