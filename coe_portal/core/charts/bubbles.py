"""Numbered circles on two scales, with the numbers of the table beside it. Rings tell kinds apart, not colour alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 380, 64, 44, 26, 28
SMALLEST, LARGEST = 9.0, 26.0
_TICK = '<line class="gr" x1="{}" y1="{}" x2="{}" y2="{}"/><text class="ax" x="{}" y="{}"'


@dataclass(frozen=True, slots=True)
class Bubble:
    """One circle: ``x`` from 0 to 100, ``y`` above 0, ``size`` at least 0, ``kind`` a class of the style sheet."""

    number: int
    x: float
    y: float
    size: float
    kind: str


def bubbles(found: Sequence[Bubble], *, x_title: str, y_title: str, sentence: str) -> SafeString:
    """Draw the circles, the largest below the smaller ones. ``y`` is drawn on a logarithmic scale of whole decades."""
    low, high = _decades([bubble.y for bubble in found])
    most = max((bubble.size for bubble in found), default=0.0)
    drawn = format_html_join(
        "",
        '<g class="bub {}"><circle cx="{}" cy="{}" r="{}"/><text x="{}" y="{}">{}</text></g>',
        (_drawn(bubble, low, high, most) for bubble in sorted(found, key=lambda bubble: -bubble.size)),
    )
    return format_html(
        '<svg class="cz bubbles" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        sentence,
        _y_axis(low, high),
        _x_axis(),
        drawn,
        format_html('<text class="ax" x="{}" y="{}" text-anchor="end">{}</text>', WIDTH - RIGHT, HEIGHT - 6, x_title),
        format_html('<text class="ax" x="{}" y="{}">{}</text>', LEFT, TOP - 12, y_title),
    )


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The whole powers of ten around the values; at least one decade."""
    known = [value for value in values if value > 0] or [1000.0, 1_000_000.0]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    return low, max(high, low + 1)


def _x(value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * max(0.0, min(100.0, value)) / 100


def _y(value: float, low: int, high: int) -> float:
    share = (math.log10(value) - low) / (high - low) if value > 0 else 0.0
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - max(0.0, min(1.0, share)))


def _drawn(bubble: Bubble, low: int, high: int, most: float) -> tuple[str, str, str, str, str, str, int]:
    share = bubble.size / most if most else 0.0
    radius = SMALLEST + (LARGEST - SMALLEST) * math.sqrt(share)  # the area says the size
    x, y = f"{_x(bubble.x):.1f}", _y(bubble.y, low, high)
    return bubble.kind, x, f"{y:.1f}", f"{radius:.1f}", x, f"{y + 3.5:.1f}", bubble.number


def _y_axis(low: int, high: int) -> SafeString:
    powers = ((_y(10.0**power, low, high), _money(power)) for power in range(low, high + 1))
    rows = ((LEFT, f"{y:.1f}", WIDTH - RIGHT, f"{y:.1f}", LEFT - 8, f"{y + 4:.1f}", text) for y, text in powers)
    return format_html_join("", _TICK + ' text-anchor="end">{}</text>', rows)


def _x_axis() -> SafeString:
    base = HEIGHT - BOTTOM
    places = ((f"{_x(value):.1f}", value) for value in (0, 25, 50, 75, 100))
    rows = ((x, TOP, x, base, x, base + 16, value) for x, value in places)
    return format_html_join("", _TICK + ' text-anchor="middle">{}</text>', rows)


def _money(power: int) -> str:
    if power >= 9:
        return f"${10 ** (power - 9)}B"
    if power >= 6:
        return f"${10 ** (power - 6)}M"
    if power >= 3:
        return f"${10 ** (power - 3)}k"
    return f"${10.0**power:g}"
