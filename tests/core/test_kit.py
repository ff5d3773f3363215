"""What is shipped to the browser: known files with licences, small files, charts that escape."""

import gzip
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.template import engines
from django.urls import NoReverseMatch

from coe_portal.core.charts import shapes

ROOT = Path(settings.BASE_DIR)
VENDOR = ROOT / "static" / "vendor"
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
PAGE_SHEETS = sorted((ROOT / "static" / "css" / "pages").glob("*.css"))  # of single pages, loaded by them alone


def entries() -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((VENDOR / "manifest.json").read_text())
    return found


def parsed(drawn: str) -> ET.Element:
    return ET.fromstring(drawn)  # noqa: S314 - the text is our own drawing


def test_no_vendored_file_is_missing_from_the_manifest() -> None:
    known = {entry["file"] for entry in entries()} | {"manifest.json"}
    held = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file() and path.name != "LICENSE"}
    assert held == known


def test_every_vendored_package_brings_its_licence_and_version() -> None:
    for entry in entries():
        assert (VENDOR / entry["file"]).parent.joinpath("LICENSE").read_text().strip(), entry["file"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"]), entry["package"]
        assert entry["licence"], entry["package"]


def test_our_own_script_and_styles_stay_small() -> None:
    def packed(name: str) -> int:
        return len(gzip.compress((ROOT / "static" / name).read_bytes(), 9))

    assert packed("coe.js") < 4 * 1024
    assert sum(packed(f"css/{path.name}") for path in SHEETS) < 13 * 1024
    assert packed("theme.js") < 400


def test_every_rule_of_every_style_sheet_is_closed() -> None:
    """A browser forgives a missing brace and takes the following rules for parts of the open one."""
    for path in (*SHEETS, *PAGE_SHEETS, ROOT / "static" / "admin.css"):
        css, depth = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", path.read_text(), flags=re.DOTALL), 0
        for place, letter in enumerate(css):
            depth += {"{": 1, "}": -1}.get(letter, 0)
            assert 0 <= depth <= 2, f"{path.name}: braces do not fit at {css[place - 60 : place]!r}"
        assert depth == 0, f"{path.name}: the last rule is not closed"


def test_every_style_sheet_is_linked_by_the_page() -> None:
    page = "".join((ROOT / "templates" / name).read_text() for name in ("base.html", "jinja2/frame/head.jinja"))
    assert [path.name for path in SHEETS if f"css/{path.name}" not in page] == []


def test_every_page_that_morphs_brings_the_script_for_it() -> None:
    templates = {path: path.read_text() for path in (ROOT / "templates").rglob("*.html")}
    parts = [str(path.relative_to(ROOT / "templates")) for path, text in templates.items() if "morph:" in text]
    pages = [text for path, text in templates.items() if path.name[0] != "_" and _morphs(text, parts)]
    assert len(pages) == 3
    assert all("idiomorph-ext.min.js" in text and "extensions %}morph" in text for text in pages)


def _morphs(page: str, parts: list[str]) -> bool:
    return '="morph:' in page or any(f'include "{part}"' in page for part in parts)


def test_a_bar_escapes_its_sentence_and_never_leaves_its_box() -> None:
    drawn = parsed(shapes.bar(190, 95, sentence='190 of 95 <b>"k"</b>', kind="bad"))
    assert drawn.get("role") == "img"
    assert drawn.get("aria-label") == '190 of 95 <b>"k"</b>'
    assert [part.get("width") for part in drawn] == ["100%", "100.0%"]


def test_a_bar_without_a_limit_or_below_zero_is_empty() -> None:
    for value, limit in ((5, 0), (-5, 10)):
        assert parsed(shapes.bar(value, limit, sentence="None"))[1].get("width") == "0.0%"


def test_a_gauge_draws_half_of_its_arc_for_half_of_the_score() -> None:
    drawn = parsed(shapes.gauge(50, sentence="Readiness 50 of 100"))
    assert drawn.get("aria-label") == "Readiness 50 of 100"
    assert drawn[1].get("d") == "M10 60A50 50 0 0 1 60.0 10.0"
    assert drawn[2].text == "50"


def test_a_mini_journey_shows_done_current_and_coming_steps() -> None:
    drawn = parsed(shapes.mini_journey(3, sentence="Step 3 of 7"))
    assert drawn.get("aria-label") == "Step 3 of 7"
    assert [part.get("class") for part in drawn] == ["d", "d", "c", "t", "t", "t", "t"]


def _drawn(text: str, **values: Any) -> str:
    return engines["django"].from_string(text).render(values)


def test_addresses_in_templates_are_those_of_the_resolver_and_wrong_ones_are_refused() -> None:
    class Number:
        """What a template may hand over: an object that reads otherwise tomorrow."""

        value = 1

        def __str__(self) -> str:
            return str(self.value)

    link, number = '{% url "deployments:run" key number %}', Number()
    assert _drawn(link, key="PRJ-1", number=1) == _drawn(link, key="PRJ-1", number=number) == "/projects/PRJ-1/runs/1/"
    number.value = 2
    assert _drawn(link, key="PRJ-1", number=number) == "/projects/PRJ-1/runs/2/"
    assert _drawn('{% load coe_ui %}{% url_if "nowhere:at-all" 1 %}') == ""
    with pytest.raises(NoReverseMatch):
        _drawn('{% url "nowhere:at-all" %}')
