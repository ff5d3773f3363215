"""Whatever people and programs send, they get a sentence and never an error of ours."""

import json

import pytest
from django.test import Client

from coe_portal.core.models import User
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import ANSWERS, complete_intake, intake, organisation, unit

JSON = "application/json"
pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _with(code: str, name: str, raw: str) -> str:
    """The answer to ``code`` as JSON text, with ``raw`` in place of the field ``name``."""
    return json.dumps({"answer": ANSWERS[code] | {name: "@"}}).replace('"@"', raw)


@pytest.mark.parametrize(
    ("code", "name", "raw"),
    [
        ("users", "user_group", '"desk\\u001bassessors"'),
        ("team", "deploy_authority", '"ghost"'),
        ("baseline", "value", "1e400"),
        ("baseline", "value", "-1e400"),
        ("metric", "target", "1e400"),
        ("metric", "target", "1" + "0" * 400),
        ("metric", "target", '{"much": [1]}'),
        ("value", "low", "-1"),
        ("value", "kind", '["cost_saving"]'),
        ("feasible", "budget", "0.0000001"),
        ("feasible", "budget", "-5"),
        ("feasible", "ends_on", '"2026-02-31"'),
        ("feasible", "ends_on", "20270630"),
        ("challenge", "problem", '"' + "x" * 3000 + '"'),
    ],
)
def test_an_answer_that_cannot_be_kept_is_refused_at_its_field(
    client: Client, people: dict[str, User], code: str, name: str, raw: str
) -> None:
    key = intake().key
    headers = bearer(people["domain"], "read", "write")
    answer = client.patch(f"/api/v1/projects/{key}/checklist/{code}/", _with(code, name, raw), JSON, headers=headers)
    assert answer.status_code == 400, answer.content
    assert all(sentence.endswith(".") for sentence in answer.json()["errors"][name])
    assert Project.objects.get().criteria.get(code=code).answer == {}


@pytest.mark.parametrize(
    "body",
    [
        '{"answer": {"\\u0000": "x"}}',
        '{"answer": {"kind": "a\\u0000b"}}',
        '{"answer": {"kind": "a\\ud800b"}}',
        '{"answer": 5}',
        '{"answer": [1]}',
        "[]",
        "{",
        '"x"',
    ],
)
def test_a_body_that_is_no_answer_is_refused(client: Client, people: dict[str, User], body: str) -> None:
    key = intake().key
    headers = bearer(people["domain"], "read", "write")
    answer = client.patch(f"/api/v1/projects/{key}/checklist/value/", body, JSON, headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("depth", [500, 20_000])
def test_an_answer_nested_without_end_is_refused(client: Client, people: dict[str, User], depth: int) -> None:
    key = intake().key
    body = '{"answer": {"kind": ' + "[" * depth + "]" * depth + "}}"
    headers = bearer(people["domain"], "read", "write")
    answer = client.patch(f"/api/v1/projects/{key}/checklist/value/", body, JSON, headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "/api/v1/projects/similar/?text=vehicle%00damage", 400),
        ("get", "/api/v1/projects/similar/", 200),
        ("get", "/intake/similar/?name=vehicle%00damage", 400),
        ("get", "/api/v1/projects/?search=%00", 400),
        ("get", "/api/v1/projects/?cursor=%00", 400),
        ("get", "/api/v1/projects/PRJ-%00/", 400),
        ("get", "/api/v1/projects/PRJ-99999999999999999999/", 404),
        ("get", "/api/v1/projects/{key}/checklist/va%00lue/", 400),
        ("delete", "/api/v1/projects/{key}/members/%00/", 400),
        ("delete", "/api/v1/projects/{key}/responsibilities/%00/", 400),
        ("post", "/projects/{key}/team/%00/remove/", 400),
        ("post", "/projects/{key}/checklist/%00/evidence/", 400),
        ("get", "/api/v1/business-units/%00/", 400),
    ],
)
def test_an_address_with_nonsense_is_answered(
    client: Client, people: dict[str, User], method: str, address: str, status: int
) -> None:
    key = intake().key
    client.force_login(people["domain"])
    data = {"kind": "note", "title": "A note", "note": "Text"} if "evidence" in address else None
    answer = getattr(client, method)(address.format(key=key), data)
    assert answer.status_code == status, answer.content


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", {"a": 1}),
        ("name", None),
        ("summary", "x" * 2001),
        ("sponsor", "ghost"),
        ("risk_tier", "enormous"),
        ("business_unit", "nowhere"),
    ],
)
def test_a_project_field_that_cannot_be_used_is_named(
    client: Client, people: dict[str, User], field: str, value: object
) -> None:
    body = {"name": "Claims triage", "business_unit": unit().pk, field: value}
    answer = client.post("/api/v1/projects/", body, JSON, headers=bearer(people["domain"], "read", "write"))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Project.objects.exists()


def test_an_answer_and_an_unknown_owner_in_one_request_change_nothing(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    body = {"answer": ANSWERS["users"], "owner": "ghost"}
    headers = bearer(people["domain"], "read", "write")
    answer = client.patch(f"/api/v1/projects/{key}/checklist/users/", body, JSON, headers=headers)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["owner"])
    assert Project.objects.get().criteria.get(code="users").answer == {}


def test_the_same_step_posted_twice_is_saved_once(client: Client, people: dict[str, User]) -> None:
    project = intake()
    client.force_login(people["domain"])
    fields = {f"data-{name}": value for name, value in ANSWERS["data"].items()} | {"data-_version": "1"}
    codes = [client.post(f"/intake/{project.key}/data/", fields).status_code for _ in range(2)]
    assert codes == [303, 303]
    assert project.criteria.get(code="data").version == 2


def test_the_wizard_answers_nonsense_with_the_form(client: Client, people: dict[str, User]) -> None:
    key = complete_intake().key
    client.force_login(people["domain"])
    page = client.post(f"/intake/{key}/value/", {"value-low": "\x00", "metric-target": "1e999", "value-kind": "?"})
    assert page.status_code == 422
