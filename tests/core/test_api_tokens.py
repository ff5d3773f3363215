"""Tokens of the API: who has one, what each scope opens, and that a token is kept nowhere."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core.models import ApiToken, AuditEntry, User
from coe_portal.core.services import tokens
from tests.core.conftest import bearer
from tests.factories import complete_intake

pytestmark = pytest.mark.django_db

JSON = "application/json"


def test_a_token_of_somebody_who_left_is_refused(client: Client, people: dict[str, User]) -> None:
    headers = bearer(people["scientist"])
    User.objects.filter(username="scientist").update(is_active=False)
    assert client.get("/api/v1/me/", headers=headers).status_code == 401


def test_the_last_use_is_recorded_without_a_write_per_request(client: Client, domain: dict[str, str]) -> None:
    client.get("/api/v1/me/", headers=domain)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/v1/me/", headers=domain)
    assert not [query["sql"] for query in queries if query["sql"].startswith(("UPDATE", "INSERT"))]
    assert ApiToken.objects.get().last_used_at == first


def test_a_token_is_kept_nowhere_not_even_with_an_idempotency_key(client: Client, domain: dict[str, str]) -> None:
    body = {"name": "ci", "scopes": ["read"]}
    answer = client.post("/api/v1/tokens/", body, JSON, headers={**domain, "Idempotency-Key": "again"})
    secret = answer.json()["token"]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s', [f"%{secret}%"])  # noqa: S608
            assert cursor.fetchone() == (0,), table


SCOPES = ("read", "write", "decide", "admin")


@pytest.mark.parametrize(
    ("method", "path", "body", "needed"),
    [
        ("get", "/api/v1/projects/", None, "read"),
        ("get", "/api/v1/projects/{key}/gate/?action=start_run", None, "read"),
        ("post", "/api/v1/projects/", {"name": "x"}, "write"),
        ("patch", "/api/v1/projects/{key}/", {"summary": "New"}, "write"),
        ("post", "/api/v1/projects/{key}/submit/", {}, "write"),
        ("post", "/api/v1/runs/", {}, "write"),
        ("post", "/api/v1/approvals/{approval}/withdraw/", {}, "write"),
        ("post", "/api/v1/approvals/{approval}/decide/", {"verdict": "maybe"}, "decide"),
        ("post", "/api/v1/policies/", {}, "admin"),
        ("post", "/api/v1/policies/default:1/publish/", {}, "admin"),
    ],
)
def test_each_command_needs_its_scope_and_no_other(
    client: Client, people: dict[str, User], method: str, path: str, body: Any, needed: str
) -> None:
    from governance.services import intakes

    asked = intakes.submit(project_key=complete_intake().key, actor=people["domain"])
    address = path.format(key=asked.project.key, approval=asked.approval.key)
    for scope in SCOPES:
        answer = getattr(client, method)(address, body, JSON, headers=bearer(people["lead"], scope))
        refused = answer.status_code == 403 and f"this needs {needed}" in answer.json()["detail"]
        assert refused is (scope != needed), (scope, answer.content)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ghost"], "There is no user “ghost”. Known: .*domain"),
        (["domain", "--days", "0"], "lasts 1 to 365 days"),
        (["domain", "--days", "366"], "lasts 1 to 365 days"),
        (["domain", "--scope", "fly"], "invalid choice: 'fly'"),
    ],
)
def test_the_command_says_what_is_wrong(people: dict[str, User], arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("create_token", *arguments)
    assert not ApiToken.objects.exists()


def test_the_command_prints_one_usable_token(client: Client, people: dict[str, User]) -> None:
    said = io.StringIO()
    call_command("create_token", "domain", "--scope", "read", "--scope", "write", "--days", "3", stdout=said)
    headers = {"Authorization": f"Bearer {said.getvalue().strip()}"}
    assert client.get("/api/v1/me/", headers=headers).json()["scopes"] == ["read", "write"]
    assert AuditEntry.objects.get(action="token.created").actor is None


def test_nobody_makes_a_token_for_somebody_else(people: dict[str, User]) -> None:
    from coe_portal.core.errors import NotAllowed

    with pytest.raises(NotAllowed, match="Only the person themselves or a CoE lead"):
        tokens.create_token(user=people["lead"], scopes=["admin"], days=1, name="x", actor=people["domain"])
