"""import-linter cannot name a part of Django, so this half of contract 4 is checked here."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("models", "services", "policies", "planning", "reconcile", "costs", "permissions", "events")


def test_rules_do_not_import_django_http() -> None:
    offenders = []
    for app in ("projects", "governance", "deployments", "coe_portal/core"):
        for room in ROOMS:
            for path in [*(ROOT / app).glob(f"{room}.py"), *(ROOT / app / room).rglob("*.py")]:
                for node in ast.walk(ast.parse(path.read_text())):
                    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                    names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                    offenders += [f"{path}: {name}" for name in names if name.startswith("django.http")]
    assert offenders == []
