"""The import contracts are complete: a new room of an app has to be placed before anybody can walk through it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS: dict[str, dict[str, Any]] = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
PUBLIC = {"models", "services", "events", "permissions", "filters"}
FIVE = {
    "calls-go-down",
    "inside-an-app",
    "only-the-gateway-speaks-aws",
    "only-reconcile-imports-the-gateway",
    "rules-know-no-http",
    "the-local-aws-stands-alone",
    "nobody-imports-the-local-aws",
}
RULES = ("models", "services", "permissions", "events", "policies", "planning", "costs", "failures", "reconcile")


def _rooms(app: str) -> set[str]:
    found = (ROOT / app).iterdir()
    return {
        path.stem
        for path in found
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }


def test_the_five_contracts_of_the_house_are_there() -> None:
    assert set(CONTRACTS) >= FIVE


@pytest.mark.parametrize("app", ["projects", "governance", "deployments"])
def test_every_room_of_an_app_is_public_or_closed_to_its_neighbours(app: str) -> None:
    closed = {name.partition(".")[2] for name in CONTRACTS[f"public-face-of-{app}"]["protected_modules"]}
    extra = {"checklists", "templatetags"} if app == "projects" else set()
    assert _rooms(app) - closed - PUBLIC == extra
    assert closed & PUBLIC == set()


@pytest.mark.parametrize("app", ["projects", "governance", "deployments"])
def test_every_room_with_rules_is_kept_free_of_http(app: str) -> None:
    sources = set(CONTRACTS["rules-know-no-http"]["source_modules"])
    assert {f"{app}.{room}" for room in RULES if room in _rooms(app)} <= sources


def test_the_local_aws_knows_no_other_room_of_its_app() -> None:
    forbidden = set(CONTRACTS["the-local-aws-stands-alone"]["forbidden_modules"])
    assert {f"deployments.{room}" for room in _rooms("deployments") - {"local", "migrations"}} <= forbidden
