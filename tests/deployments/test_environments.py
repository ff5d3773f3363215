"""Environments: added by CoE leads, checked by workers, open to the projects they list."""

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound
from coe_portal.core.models import AuditEntry, User
from deployments.models import Environment
from deployments.services import environments
from projects.models import Project
from tests.deployments.conftest import ENVIRONMENT

pytestmark = pytest.mark.django_db


def test_a_lead_adds_an_environment_and_the_portal_makes_its_external_id(lead: User) -> None:
    first = environments.create_environment(values=ENVIRONMENT, actor=lead)
    second = environments.create_environment(values=ENVIRONMENT | {"name": "dev"}, actor=lead)
    assert len(first.external_id) == 32
    assert first.external_id != second.external_id
    entry = AuditEntry.objects.get(action="environment.created", subject=first.ref)
    assert first.external_id not in str(entry.after)


def test_others_may_not_add_or_change_environments(scientist: User, local: Environment) -> None:
    with pytest.raises(NotAllowed, match="Only CoE leads may add environments"):
        environments.create_environment(values=ENVIRONMENT | {"name": "mine"}, actor=scientist)
    with pytest.raises(NotAllowed, match="Only CoE leads may change environments"):
        environments.update_environment(environment_id=local.pk, values={"bucket": "my-bucket"}, actor=scientist)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "My Env", "lower-case letters, digits and hyphens"),
        ("kind", "cloud", "Choose one of: local, sandbox, dev, staging, prod."),
        ("account_id", "123", "12 digits"),
        ("region", "Ireland", "such as eu-west-1"),
        ("role_arn", "coe", "ARN of a role"),
        ("execution_role_arn", "", "ARN of a role"),
        ("bucket", "s3://x", "bucket name"),
        ("event_queue_url", "queue", "URL of an SQS queue"),
        ("images", {"sklearn": "a b"}, "without spaces"),
        ("images", ["x"], "object that maps"),
        ("access", "nobody", "Choose one of: all_projects, listed."),
        ("currency", "dollars", "three capital letters"),
    ],
)
def test_what_aws_would_refuse_is_refused_at_its_field(lead: User, field: str, value: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        environments.create_environment(values=ENVIRONMENT | {field: value}, actor=lead)
    assert list(refused.value.errors) == [field]
    assert sentence in refused.value.errors[field][0]


def test_a_name_is_given_once(lead: User, local: Environment) -> None:
    with pytest.raises(InvalidInput, match="already an environment named local"):
        environments.create_environment(values=ENVIRONMENT, actor=lead)


def test_listed_projects_must_exist(lead: User, project: Project) -> None:
    with pytest.raises(InvalidInput, match="There is no project PRJ-999999, x"):
        environments.create_environment(values=ENVIRONMENT, projects=[project.key, "PRJ-999999", "x"], actor=lead)


def test_a_changed_connection_must_be_checked_again(lead: User, local: Environment) -> None:
    Environment.objects.update(check_result={"state": "passed", "at": "2026-11-24T10:00:00Z", "items": []})
    renamed = environments.update_environment(environment_id=local.pk, values={"name": "laptop"}, actor=lead)
    assert renamed.check_state == "passed"
    moved = environments.update_environment(environment_id=local.pk, values={"bucket": "other-bucket"}, actor=lead)
    assert moved.check_state == "unchecked"
    assert moved.version == 3


def test_asking_for_a_check_twice_is_one_wish(lead: User, local: Environment) -> None:
    first = environments.request_check(environment_id=local.pk, actor=lead)
    again = environments.request_check(environment_id=local.pk, actor=lead)
    assert first.check_state == "checking"
    assert first.check_requested_at == again.check_requested_at
    assert AuditEntry.objects.filter(action="environment.check_requested").count() == 1


def test_only_operators_may_ask_for_a_check(scientist: User, project: Project, local: Environment) -> None:
    with pytest.raises(NotAllowed, match="CoE leads and DevOps engineers"):
        environments.request_check(environment_id=local.pk, actor=scientist)


def test_an_unknown_environment_is_not_found(lead: User) -> None:
    with pytest.raises(NotFound):
        environments.request_check(environment_id="nothing", actor=lead)


def test_a_renewed_external_id_differs_and_is_audited_without_the_value(lead: User, local: Environment) -> None:
    renewed = environments.renew_external_id(environment_id=local.pk, actor=lead)
    assert renewed.external_id != local.external_id
    assert renewed.external_id not in str(AuditEntry.objects.get(action="environment.external_id_renewed").after)


def _env(**values: str) -> Any:
    from dataclasses import replace

    from coe_portal.settings import ENV

    return override_settings(ENV=replace(ENV, **values))


def test_the_local_environment_follows_the_local_aws() -> None:
    for port in (4566, 4566, 5000):
        with _env(LOCAL_AWS_URL=f"http://127.0.0.1:{port}"):
            call_command("ensure_local_environment", verbosity=0)
    local = Environment.objects.get()
    assert local.event_queue_url == "http://127.0.0.1:5000/000000000000/coe-portal-events"
    assert AuditEntry.objects.filter(subject=local.ref).count() == 2


def test_without_a_local_aws_the_command_makes_nothing_and_says_why(capsys: Any) -> None:
    call_command("ensure_local_environment")
    assert "LOCAL_AWS_URL is not set" in capsys.readouterr().out
    assert not Environment.objects.exists()


def test_the_external_environment_takes_account_and_region_from_what_is_given(capsys: Any) -> None:
    call_command("ensure_external_environment")
    assert "not all given" in capsys.readouterr().out
    with _env(
        COE_EXTERNAL_BUCKET="coe-data",
        COE_EXTERNAL_EXECUTION_ROLE_ARN="arn:aws:iam::111122223333:role/sagemaker",
        COE_EXTERNAL_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/111122223333/events",
    ):
        call_command("ensure_external_environment")
    external = Environment.objects.get(name="external")
    assert (external.account_id, external.region, external.access) == ("111122223333", "us-east-1", "all_projects")
    assert external.images["sklearn"].startswith("683313688378.dkr.ecr.us-east-1.")


def test_the_external_environment_of_another_implementation_takes_boto3s_region_and_keeps_what_a_lead_entered() -> None:
    given = {
        "COE_EXTERNAL_BUCKET": "coe-data",
        "COE_EXTERNAL_EXECUTION_ROLE_ARN": "arn:aws:iam::111122223333:role/sagemaker",
        "COE_EXTERNAL_QUEUE_URL": "http://127.0.0.1:5000/111122223333/events",
    }
    with _env(**given), pytest.raises(CommandError, match="Set COE_EXTERNAL_REGION"):
        call_command("ensure_external_environment")
    with _env(**given, AWS_DEFAULT_REGION="mx-central-1"):
        call_command("ensure_external_environment")
        external = Environment.objects.get(name="external")
        assert (external.region, external.images) == ("mx-central-1", {})
        Environment.objects.update(images={"sklearn": "registry.example/sklearn:1"})
        call_command("ensure_external_environment")
    external.refresh_from_db()
    assert external.images == {"sklearn": "registry.example/sklearn:1"}


def test_a_malformed_external_environment_is_refused_with_the_fields() -> None:
    with (
        _env(
            COE_EXTERNAL_BUCKET="Data",
            COE_EXTERNAL_EXECUTION_ROLE_ARN="arn:aws:iam::111122223333:role/sagemaker",
            COE_EXTERNAL_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/111122223333/events",
        ),
        pytest.raises(CommandError, match="bucket: Give a bucket name"),
    ):
        call_command("ensure_external_environment")
