"""Policies are data: checked with line and reason, unchangeable once published."""

import pytest
import yaml
from django.db import DatabaseError, transaction
from django.test import Client
from jsonschema import Draft202012Validator

from coe_portal.core.errors import InvalidInput, NotAllowed
from coe_portal.core.models import AuditEntry
from governance.models import PolicyVersion
from governance.policies import loader
from governance.services import policies
from projects.models import ChecklistVersion
from tests.factories import person


def _broken(before: str, after: str) -> list[str]:
    source = policies.DEFAULT.read_text()
    assert before in source
    with pytest.raises(loader.PolicyError) as caught:
        loader.load(source.replace(before, after, 1))
    return [str(problem) for problem in caught.value.problems]


def test_the_shipped_policy_is_valid_and_its_weights_add_up_to_a_hundred() -> None:
    document = loader.load(policies.DEFAULT.read_text())
    assert sum(criterion["weight"] for criterion in document["criteria"]) == 100
    assert [criterion["code"] for criterion in document["criteria"]] == [
        "challenge", "baseline", "value", "users", "metric", "team", "data", "feasible",
    ]  # fmt: skip


def test_an_error_names_the_line_and_the_reason() -> None:
    [problem] = _broken("group: security", "group: wizards")
    line = policies.DEFAULT.read_text()[: policies.DEFAULT.read_text().index("group: security")].count("\n") + 1
    assert problem.startswith(f"line {line}: gates[0].approvals[1].group: 'wizards' is not one of")


def test_a_gate_that_needs_an_unknown_criterion_is_refused() -> None:
    assert "Unknown criteria: magic." in _broken("criteria: [challenge,", "criteria: [magic, challenge,")[0]


def test_text_that_is_not_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(loader.PolicyError, match="line 2"):
        loader.load("name: x\n  : [")


def test_python_objects_in_yaml_are_never_made() -> None:
    with pytest.raises(loader.PolicyError):
        loader.load("name: !!python/object/apply:os.system ['true']")


@pytest.mark.django_db
def test_loading_the_shipped_policy_twice_publishes_it_once() -> None:
    first = policies.load_default()
    assert first is not None
    assert policies.load_default() is None
    assert PolicyVersion.objects.get().label == "default:1"
    assert ChecklistVersion.objects.get().policy_version == "default:1"


@pytest.mark.django_db
def test_a_new_version_supersedes_the_old_one_and_both_stay() -> None:
    policies.load_default()
    lead = person("lead")
    source = policies.DEFAULT.read_text().replace("weight: 14", "weight: 20", 1)
    draft = policies.create_draft(source=source, actor=lead)
    policies.publish(policy_id=draft.pk, actor=lead)
    assert list(PolicyVersion.objects.order_by("number").values_list("number", "status")) == [
        (1, "superseded"),
        (2, "published"),
    ]
    assert AuditEntry.objects.get(action="policy.published", actor=lead).subject == "policy:default:2"


@pytest.mark.django_db
def test_the_database_refuses_to_change_a_published_policy() -> None:
    version = policies.load_default()
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(source="name: other")  # type: ignore[union-attr]


@pytest.mark.django_db
def test_only_leads_write_policies() -> None:
    with pytest.raises(NotAllowed, match="Only CoE leads"):
        policies.create_draft(source=policies.DEFAULT.read_text(), actor=person("domain"))
    with pytest.raises(InvalidInput):
        policies.create_draft(source="name: [", actor=person("lead"))


@pytest.mark.django_db
def test_the_page_says_who_must_agree_in_words(client: Client) -> None:
    policies.load_default()
    client.force_login(person("lead"))
    page = client.get("/policies/default:1/").content.decode()
    assert "Decided by anyone of the group Security, at full time any CoE lead may decide too, answers for" in page
    assert "; only when the data classification is confidential or restricted." in page
    assert "<b>Break glass: 1. Security</b>" in page


@pytest.mark.django_db
def test_the_schema_has_an_address_and_accepts_the_shipped_policy(client: Client) -> None:
    client.force_login(person("domain"))
    schema = client.get("/api/v1/policies/schema/").json()
    document = yaml.safe_load(policies.DEFAULT.read_text())
    assert list(Draft202012Validator(schema).iter_errors(document)) == []
    assert list(Draft202012Validator(schema).iter_errors(document | {"approvals": [{"action": "waive"}]}))
