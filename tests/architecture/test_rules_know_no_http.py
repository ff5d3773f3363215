"""import-linter cannot name a part of Django, so this half of contract 4 is checked here."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = ("django.http", "django.shortcuts.render", "django.shortcuts.redirect", "django.template.response")


def _files() -> list[Path]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    rules = next(contract for contract in contracts if contract["id"] == "rules-know-no-http")
    places = [ROOT / name.replace(".", "/") for name in rules["source_modules"]]
    return [path for place in places for path in [*place.rglob("*.py"), place.with_suffix(".py")] if path.exists()]


def imported(source: str) -> Iterator[str]:
    """Every dotted name that ``source`` imports, however it is written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_rules_do_not_import_django_http() -> None:
    files = _files()
    assert len(files) > 60, "the list of rooms names nothing any more"
    offenders = [f"{path.relative_to(ROOT)}: {name}" for path in files for name in imported(path.read_text())
                 if name.startswith(FORBIDDEN)]  # fmt: skip
    assert offenders == []


def test_each_way_of_importing_it_is_found() -> None:
    ways = ["import django.http", "from django.http import Http404", "from django import http", "def f():\n import django.http.request"]  # fmt: skip  # noqa: E501
    assert all(any(name.startswith(FORBIDDEN) for name in imported(way)) for way in ways)
