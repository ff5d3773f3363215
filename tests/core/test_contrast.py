"""The token pairs of both themes against WCAG 2.2: text 4.5:1, status words 6.7:1, edges and marks 3:1."""

import re
from pathlib import Path

import pytest
from django.conf import settings

SURFACES = ("canvas", "side", "surface", "surface-2", "sunken")
TEXTS = ("text", "text-2", "text-3")
STATES = ("mute", "info", "warn", "ok", "bad", "exp")
MARKS = ("control", "s1", "s2", "s3", "s4", "s5", "s6", "ok-s", "warn-s", "bad-s")
WHITE = "#ffffff"


def tokens(theme: str) -> dict[str, str]:
    css = (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text()
    block = re.search(rf'\[data-bs-theme="{theme}"\] \{{(.*?)\n\}}', css, re.DOTALL)
    assert block, f"tokens.css has no tokens for the {theme} theme."
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2, section "relative luminance")."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, section "contrast ratio")."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_has_the_contrast_that_the_standard_gives() -> None:
    assert contrast("#000000", WHITE) == pytest.approx(21)
    assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_surface(theme: str) -> None:
    colours = tokens(theme)
    pairs = [(text, surface) for text in (*TEXTS, "accent-text") for surface in SURFACES]
    pale = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in pale.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_status_words_stand_out_on_their_tint(theme: str) -> None:
    colours = tokens(theme)
    ratios = {state: round(contrast(colours[f"{state}-t"], colours[f"{state}-b"]), 2) for state in STATES}
    assert {state: ratio for state, ratio in ratios.items() if ratio < 6.7} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_and_chart_marks_are_seen_on_cards(theme: str) -> None:
    colours = tokens(theme)
    ratios = {mark: round(contrast(colours[mark], colours["surface"]), 2) for mark in MARKS}
    assert {mark: ratio for mark, ratio in ratios.items() if ratio < 3} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_words_on_a_primary_button_can_be_read(theme: str) -> None:
    colours = tokens(theme)
    assert contrast(WHITE, colours["accent"]) >= 4.5
    assert contrast(colours["accent-text"], colours["accent-soft"]) >= 4.5


def test_white_initials_can_be_read_on_every_avatar() -> None:
    css = (Path(settings.BASE_DIR) / "static" / "css" / "components.css").read_text()
    colours = re.findall(r"\.av\.a\d \{\s+background: (#[0-9a-f]{6});\s+\}", css)
    assert len(colours) == 6
    assert [colour for colour in colours if contrast(WHITE, colour) < 4.5] == []
