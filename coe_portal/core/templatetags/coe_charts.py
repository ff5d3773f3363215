"""Charts for templates; the drawing is in ``coe_portal.core.charts``."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from coe_portal.core.charts import shapes

register = template.Library()


@register.simple_tag
def bar(value: Any, limit: Any, sentence: str = "", kind: str = "") -> SafeString:
    """{% bar 61 95 "61 of 95 thousand dollars spent" %}"""
    text = sentence or f"{value} of {limit}"
    return shapes.bar(float(value or 0), float(limit or 0), sentence=text, kind=kind)


@register.simple_tag
def gauge(score: Any, sentence: str = "") -> SafeString:
    """{% gauge 64 "Readiness score 64 of 100" %}"""
    return shapes.gauge(int(score or 0), sentence=sentence or f"{score} of 100")


@register.simple_tag
def mini_journey(current: int, sentence: str) -> SafeString:
    """{% mini_journey 4 "Step 4 of 7: Proof of concept" %}"""
    return shapes.mini_journey(current, sentence=sentence)
