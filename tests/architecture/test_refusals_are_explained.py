"""A button that is switched off says why, also to who cannot see it: its reasons are named by id."""

import re

import pytest

from tests.launcher.conftest import ROOT

TAGS = re.compile(r"<(?:button|a|input)\b(?:[^<>]|\{%.*?%\})*?>", re.DOTALL)
TEMPLATES = sorted(path.relative_to(ROOT) for path in (ROOT / "templates").rglob("*.*"))


def _switched_off(text: str) -> list[str]:
    return [tag for tag in TAGS.findall(text) if 'aria-disabled="true"' in tag]


def test_the_pages_have_buttons_that_are_switched_off() -> None:
    assert sum(len(_switched_off((ROOT / path).read_text())) for path in TEMPLATES) > 8


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_whatever_is_switched_off_names_its_reasons(path: str) -> None:
    unexplained = [tag for tag in _switched_off((ROOT / path).read_text()) if "aria-describedby=" not in tag]
    assert unexplained == []
