"""What a hostile stranger with curl gets: always a problem document with a reason, never an error of ours."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings

from coe_portal.core.api.throttling import PerCallerThrottle
from coe_portal.core.middleware import RefuseUnreadableMiddleware
from coe_portal.core.models import AuditEntry, IdempotencyRecord
from projects.models import Project
from tests.core.conftest import is_problem
from tests.factories import intake, unit

JSON = "application/json"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nowhere/", 404),
        ("/api/v1/projects/PRJ-9/", 404),
        ("/api/v1/projects/%00/", 400),
        ("/api/v1/projects/?search=%00", 400),
        ("/api/v1/runs/?since=yesterday", 400),
        ("/api/v1/runs/?since=0001-01-01T00:00:00%2B14:00", 400),
        ("/api/v1/audit/?until=9999-12-31T23:59:59-14:00", 400),
        ("/api/v1/runs/?page_size=", 400),
        ("/api/v1/runs/?page_size=1000", 400),
        ("/api/v1/runs/?page_size=-1", 400),
        ("/api/v1/runs/?page_size=%D9%A3", 400),
        ("/api/v1/templates/?version=x", 400),
        ("/api/v1/audit/99999999999999999999999/", 404),
        ("/api/v1/policies/default:99999999999999999999/", 404),
        ("/api/v1/approvals/APR-99999999999999999999/", 404),
        ("/api/v1/runs/compare/?ids=a,b&verbose=1", 400),
        ("/api/v1/projects/similar/?txt=damage", 400),
    ],
)
def test_a_read_that_cannot_be_answered_is_a_problem(
    client: Client, domain: dict[str, str], path: str, status: int
) -> None:
    assert is_problem(client.get(path, headers=domain), status)["status"] == status


@pytest.mark.parametrize("resource", ["runs", "audit"])
def test_a_time_zone_that_the_database_does_not_know_is_only_a_time(
    client: Client, domain: dict[str, str], resource: str
) -> None:
    answer = client.get(f"/api/v1/{resource}/?since=1177-01-08T07:05:32.9%2B17:23", headers=domain)
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({}, "not provided"),
        ({"Authorization": "Basic YTpi"}, "not provided"),
        ({"Authorization": "Bearer"}, "Authorization: Bearer"),
        ({"Authorization": "Bearer a b"}, "Authorization: Bearer"),
        ({"Authorization": "Bearer \xff\xfe"}, "unknown, expired or revoked"),
        ({"Authorization": "Bearer coe_guess"}, "unknown, expired or revoked"),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/me/", "/api/v1/projects/", "/api/schema/", "/api/docs/"])
def test_an_anonymous_caller_is_asked_for_a_token(
    client: Client, headers: dict[str, str], sentence: str, path: str
) -> None:
    answer = client.get(path, headers=headers)
    assert sentence in is_problem(answer, 401)["detail"]
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "content", "status", "code"),
    [
        ("{", JSON, 400, "parse_error"),
        (b'{"name":"\xff"}', JSON, 400, "parse_error"),
        ('{"name": 1e999999999999}', JSON, 400, "invalid_input"),
        ('{"name": ' + "9" * 5000 + "}", JSON, 400, "parse_error"),
        ("[" * 50_000, JSON, 400, "parse_error"),
        ("null", JSON, 400, "invalid_input"),
        ("[1]", JSON, 400, "invalid_input"),
        ("a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("x", "text/plain", 415, "unsupported_media_type"),
        ("{}", "", 415, "unsupported_media_type"),
        ('{"name": "' + "x" * 3_000_000 + '"}', JSON, 413, "too_large"),
    ],
)
@pytest.mark.parametrize("key", ["", "a-key"])
def test_a_body_that_cannot_be_read_is_a_problem(
    client: Client, domain: dict[str, str], body: Any, content: str, status: int, code: str, key: str
) -> None:
    headers = domain | ({"Idempotency-Key": key} if key else {})
    answer = client.post("/api/v1/projects/", body, content, headers=headers)
    assert is_problem(answer, status)["code"] == code
    assert not Project.objects.exists()
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/api/v1/projects/", {"name": "Claims triage", "colour": "red"}),
        ("patch", "/api/v1/projects/{key}/", {"stage": "production"}),
        ("patch", "/api/v1/projects/{key}/checklist/value/", {"anser": {}}),
        ("post", "/api/v1/projects/{key}/checklist/value/evidence/", {"kind": "note", "title": "A", "pages": "x"}),
        ("post", "/api/v1/projects/{key}/members/", {"user": "devops", "roles": [], "role": "sponsor"}),
        ("post", "/api/v1/projects/{key}/responsibilities/", {"member": "x", "area": "data_quality"}),
        ("post", "/api/v1/tokens/", {"name": "ci", "scopes": ["read"], "scope": "admin"}),
        ("post", "/api/v1/estimates/", {"project": "PRJ-1", "machine": "ml.m5.large"}),
    ],
)
def test_a_field_that_does_not_exist_is_named_and_nothing_happens(
    client: Client, domain: dict[str, str], method: str, path: str, body: dict[str, Any]
) -> None:
    key = intake().key
    before = AuditEntry.objects.count()
    answer = getattr(client, method)(path.format(key=key), body, JSON, headers=domain)
    problem = is_problem(answer, 400)
    assert any("There is no such field. Known: " in sentence for [sentence] in problem["errors"].values())
    assert AuditEntry.objects.count() == before
    assert Project.objects.get().stage == "intake"


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "nonsense", "application/problem+json"])
def test_who_accepts_no_json_is_told_so_in_json(client: Client, domain: dict[str, str], accept: str) -> None:
    answer = client.get("/api/v1/me/", headers={**domain, "Accept": accept})
    assert is_problem(answer, 406)["code"] == "not_acceptable"


def test_a_body_without_a_length_is_refused_instead_of_read_as_empty(rf: RequestFactory) -> None:
    request = rf.post("/api/v1/runs/1/clone/", b"", JSON, headers={"Transfer-Encoding": "chunked"})
    request.META["CONTENT_LENGTH"] = ""
    answer = RefuseUnreadableMiddleware(lambda _: HttpResponse("read as empty"))(request)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (411, "length_required")


def test_a_misspelt_environment_cannot_open_a_gate(client: Client, domain: dict[str, str]) -> None:
    answer = client.get(f"/api/v1/projects/{intake().key}/gate/?action=start_run&enviroment=prod", headers=domain)
    assert list(is_problem(answer, 400)["errors"]) == ["enviroment"]


@pytest.mark.parametrize("method", ["put", "delete", "trace"])
def test_a_method_that_does_not_exist_is_refused_with_those_that_do(
    client: Client, domain: dict[str, str], method: str
) -> None:
    answer = getattr(client, method)("/api/v1/projects/", headers=domain)
    is_problem(answer, 405)
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_command_without_the_final_slash_is_refused_and_not_turned_into_a_read(
    client: Client, domain: dict[str, str]
) -> None:
    answer = client.post("/api/v1/projects", {"name": "Claims triage"}, JSON, headers=domain)
    assert "end with a slash" in is_problem(answer, 404)["detail"]
    assert client.get("/api/v1/projects", headers=domain).status_code == 301


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/api/v1/me/", "testserver"),
        ("/api/v1/me/", "evil.example"),
        ("/nowhere/", "testserver"),
        ("/nowhere/", "evil.example"),
        ("/healthz", "10.0.0.7"),
        ("/readyz", "10.0.0.7"),
        ("/static/nothing.css", "testserver"),
        ("/projects", "testserver"),
        ("/projects/%00/", "testserver"),
    ],
)
def test_every_answer_carries_a_request_id(client: Client, path: str, host: str) -> None:
    assert len(client.get(path, headers={"Host": host})["X-Request-Id"]) == 32


def test_a_redirect_to_tls_carries_the_request_id_too(client: Client) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = client.get("/api/v1/me/", headers={"X-Request-Id": "notebook-42-abc"})
    assert (answer.status_code, answer["X-Request-Id"]) == (301, "notebook-42-abc")


@pytest.mark.parametrize("proposed", ["short", "x" * 65, "a b c d e f g h", "<script>alert(1)</script>", "ä" * 10])
def test_a_request_id_that_could_do_harm_is_replaced(client: Client, proposed: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": proposed})["X-Request-Id"] != proposed


def test_a_bug_is_answered_with_a_reference_and_no_detail(
    client: Client, domain: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the database password is hunter2")

    monkeypatch.setattr("projects.services.projects.create_project", broken)
    client.raise_request_exception = False
    body = {"name": "Claims triage", "business_unit": unit().pk}
    problem = is_problem(client.post("/api/v1/projects/", body, JSON, headers=domain), 500)
    assert problem["request_id"] in problem["detail"]
    assert "hunter2" not in json.dumps(problem)


def test_too_many_requests_are_told_when_to_come_back(
    client: Client, domain: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PerCallerThrottle, "rate", "2/min", raising=False)
    monkeypatch.setattr(PerCallerThrottle, "get_rate", lambda self: "2/min")
    answers = [client.get("/api/v1/me/", headers=domain) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert is_problem(answers[2], 429)["code"] == "throttled"
    assert 1 <= int(answers[2]["Retry-After"]) <= 61
