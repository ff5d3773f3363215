"""Bars, gauges and the seven-step mini journey. Each returns safe SVG or HTML."""

import math
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def bar(value: float, limit: float, *, sentence: str, kind: str = "") -> SafeString:
    """A horizontal bar of ``value`` against ``limit``; never drawn beyond full."""
    percent = 0.0 if limit <= 0 else max(0.0, min(100.0, 100 * value / limit))
    return _bar(f"{percent:.1f}", sentence, kind)


@lru_cache(maxsize=1024, typed=True)
def _bar(percent: str, sentence: str, kind: str) -> SafeString:
    return format_html(
        '<svg class="bar" width="100%" height="6" role="img" aria-label="{}">'
        '<rect class="bar-t" width="100%" height="6" rx="3"/>'
        '<rect class="bar-v {}" width="{}%" height="6" rx="3"/></svg>',
        sentence,
        kind,
        percent,
    )


def gauge(score: int, *, sentence: str) -> SafeString:
    """A half-circle gauge of 0 to 100 with the number inside."""
    share = max(0, min(100, score)) / 100
    angle = math.pi * (1 - share)
    x, y = 60 + 50 * math.cos(angle), 60 - 50 * math.sin(angle)
    drawn = '<path class="v" d="M10 60A50 50 0 0 1 {} {}"/>'
    value = format_html(drawn, f"{x:.1f}", f"{y:.1f}") if share else ""
    return format_html(
        '<svg class="gz" viewBox="0 0 120 68" role="img" aria-label="{}">'
        '<path class="t" d="M10 60A50 50 0 0 1 110 60"/>{}<text x="60" y="60" aria-hidden="true">{}</text></svg>',
        sentence,
        value,
        score,
    )


@lru_cache(maxsize=256, typed=True)
def mini_journey(current: int, *, sentence: str) -> SafeString:
    """Seven segments: done, current, to come."""
    kinds = (("d" if step < current else "c" if step == current else "t",) for step in range(1, 8))
    return format_html(
        '<span class="mini-j" role="img" aria-label="{}">{}</span>',
        sentence,
        format_html_join("", '<i class="{}"></i>', kinds),
    )
