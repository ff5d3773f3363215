"""What a hostile stranger with curl gets: always a problem document with a reason, never an error of ours."""

import io
import json
import logging
from typing import Any

import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from coe_portal.core.api.throttling import PerCallerThrottle
from coe_portal.core.middleware import RefuseUnreadableMiddleware
from coe_portal.core.models import ApiToken, AuditEntry, IdempotencyRecord, User
from coe_portal.core.services import tokens
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation, unit

JSON = "application/json"
PROBLEM = "application/problem+json"
MEMBERS = {"type", "title", "status", "detail", "code", "missing", "errors", "request_id"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@pytest.fixture
def domain(people: dict[str, User]) -> dict[str, str]:
    return bearer(people["domain"], "read", "write")


def _is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content
    body: dict[str, Any] = json.loads(answer.content)
    assert set(body) == MEMBERS
    assert body["type"] == f"urn:coe:{body['code']}"
    assert body["status"] == status
    assert body["request_id"] == answer["X-Request-Id"]
    return body


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
    _is_problem(client.get(path, headers=domain), status)


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
    assert sentence in _is_problem(answer, 401)["detail"]
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
    assert _is_problem(answer, status)["code"] == code
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
    problem = _is_problem(answer, 400)
    assert any("There is no such field. Known: " in sentence for [sentence] in problem["errors"].values())
    assert AuditEntry.objects.count() == before
    assert Project.objects.get().stage == "intake"


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "nonsense", "application/problem+json"])
def test_who_accepts_no_json_is_told_so_in_json(client: Client, domain: dict[str, str], accept: str) -> None:
    answer = client.get("/api/v1/me/", headers={**domain, "Accept": accept})
    assert _is_problem(answer, 406)["code"] == "not_acceptable"


def test_a_body_without_a_length_is_refused_instead_of_read_as_empty(rf: RequestFactory) -> None:
    request = rf.post("/api/v1/runs/1/clone/", b"", JSON, headers={"Transfer-Encoding": "chunked"})
    request.META["CONTENT_LENGTH"] = ""
    answer = RefuseUnreadableMiddleware(lambda _: HttpResponse("read as empty"))(request)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (411, "length_required")


def test_a_misspelt_environment_cannot_open_a_gate(client: Client, domain: dict[str, str]) -> None:
    answer = client.get(f"/api/v1/projects/{intake().key}/gate/?action=start_run&enviroment=prod", headers=domain)
    assert list(_is_problem(answer, 400)["errors"]) == ["enviroment"]


@pytest.mark.parametrize("method", ["put", "delete", "trace"])
def test_a_method_that_does_not_exist_is_refused_with_those_that_do(
    client: Client, domain: dict[str, str], method: str
) -> None:
    answer = getattr(client, method)("/api/v1/projects/", headers=domain)
    _is_problem(answer, 405)
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_command_without_the_final_slash_is_refused_and_not_turned_into_a_read(
    client: Client, domain: dict[str, str]
) -> None:
    answer = client.post("/api/v1/projects", {"name": "Claims triage"}, JSON, headers=domain)
    assert "end with a slash" in _is_problem(answer, 404)["detail"]
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
    problem = _is_problem(client.post("/api/v1/projects/", body, JSON, headers=domain), 500)
    assert problem["request_id"] in problem["detail"]
    assert "hunter2" not in json.dumps(problem)


def test_too_many_requests_are_told_when_to_come_back(
    client: Client, domain: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PerCallerThrottle, "rate", "2/min", raising=False)
    monkeypatch.setattr(PerCallerThrottle, "get_rate", lambda self: "2/min")
    answers = [client.get("/api/v1/me/", headers=domain) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert _is_problem(answers[2], 429)["code"] == "throttled"
    assert 1 <= int(answers[2]["Retry-After"]) <= 61


# Tokens


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


# Versions of an object


def test_the_tag_changes_with_everything_that_the_caller_can_see(client: Client, people: dict[str, User]) -> None:
    from governance.services import approvals, intakes

    asked = intakes.submit(project_key=complete_intake().key, actor=people["domain"]).approval
    headers, address = bearer(people["domain"]), f"/api/v1/projects/{asked.project.key}/"
    first = client.get(address, headers=headers)
    approvals.decide(request_id=asked.pk, verdict="approve", actor=people["lead"])
    again = client.get(address, headers={**headers, "If-None-Match": first["ETag"]})
    assert (first.json()["waiting_on"], again.status_code) == ("CoE lead: any CoE lead", 200)
    assert again.json()["waiting_on"].startswith("Sponsor")
    known = {**headers, "If-None-Match": f'"other", W/{again["ETag"]}'}
    assert client.get(address, headers=known).status_code == 304


def test_a_change_against_an_older_member_or_duty_is_refused(client: Client, domain: dict[str, str]) -> None:
    project = intake()
    base, member = f"/api/v1/projects/{project.key}/", project.members.get(user__username="scientist")
    address = f"{base}members/{member.pk}/"
    tag = client.get(address, headers=domain)["ETag"]
    body = {"roles": ["data_scientist", "data_engineer"]}
    done = client.patch(address, body, JSON, headers={**domain, "If-Match": tag})
    assert done.status_code == 200
    stale = client.patch(address, {"roles": ["sponsor"]}, JSON, headers={**domain, "If-Match": tag})
    assert _is_problem(stale, 412)["code"] == "precondition_failed"
    fresh = client.patch(address, body, JSON, headers={**domain, "If-Match": f'"x", {done["ETag"]}'})
    assert fresh.status_code == 200


def test_a_responsibility_is_changed_and_taken_away(client: Client, domain: dict[str, str]) -> None:
    project = intake()
    member = project.members.get(user__username="scientist")
    base = f"/api/v1/projects/{project.key}/responsibilities/"
    body = {"member": member.pk, "work_area": "data_quality", "kind": "responsible"}
    made = client.post(base, body, JSON, headers=domain).json()
    changed = client.patch(f"{base}{made['id']}/", {"kind": "accountable"}, JSON, headers=domain)
    assert changed.json() == {**made, "kind": "accountable"}
    found = client.get(f"{base}?work_area=data_quality&kind=accountable", headers=domain).json()["results"]
    assert [row["id"] for row in found] == [made["id"]]
    assert client.delete(f"{base}{made['id']}/", headers=domain).status_code == 204
    _is_problem(client.get(f"{base}{made['id']}/", headers=domain), 404)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("business-units/?search=motor", 1),
        ("business-units/?search=cc-100", 1),
        ("business-units/?name=Motor", 0),
        ("projects/{key}/checklist/?status=open", 8),
        ("projects/{key}/checklist/?status=accepted", 0),
        ("projects/{key}/checklist/?step=4", 2),
        ("projects/{key}/checklist/?owner=lead", 0),
        ("projects/{key}/members/?role=data_scientist", 1),
        ("projects/{key}/members/?user=domain", 1),
    ],
)
def test_the_smaller_lists_are_filtered_too(client: Client, domain: dict[str, str], query: str, found: int) -> None:
    answer = client.get(f"/api/v1/{query.format(key=intake().key)}", headers=domain)
    assert len(answer.json()["results"]) == found


def test_a_project_can_be_proposed_for_its_owner(client: Client, people: dict[str, User]) -> None:
    body = {"name": "Claims triage", "business_unit": unit().pk, "owner": "domain", "deploy_authority": "devops"}
    made = client.post("/api/v1/projects/", body, JSON, headers=bearer(people["lead"], "read", "write")).json()
    assert (made["owner"], made["deploy_authority"]) == ("domain", "devops")
    project = Project.objects.get()
    assert [member.user.username for member in project.members.all()] == ["domain"]
    assert project.created_by == people["lead"]


def test_a_session_of_a_browser_may_use_idempotency_keys(people: dict[str, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["domain"])
    client.get("/me/")
    body = {"name": "Claims triage", "business_unit": unit().pk}
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value, "Idempotency-Key": "once"}
    codes = [client.post("/api/v1/projects/", body, JSON, headers=headers).status_code for _ in range(2)]
    assert (codes, Project.objects.count()) == ([201, 201], 1)


# Logs


def test_log_lines_say_which_request_and_who(client: Client, people: dict[str, User]) -> None:
    headers = bearer(people["lead"]) | {"X-Request-Id": "notebook-42-abc"}
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        client.get("/api/v1/me/", headers=headers)
        client.get("/healthz")
        client.force_login(people["domain"])
        client.get("/api/v1/me/")
    seen = [(line["path"], line["status"], line["user_id"]) for line in lines if line["event"] == "request"]
    assert seen == [("/api/v1/me/", 200, people["lead"].pk), ("/api/v1/me/", 200, people["domain"].pk)]
    assert lines[0]["request_id"] == "notebook-42-abc"
    assert lines[1]["request_id"] != "notebook-42-abc"


def test_the_next_request_of_a_thread_knows_nothing_of_the_last_person(client: Client, people: dict[str, User]) -> None:
    client.get("/api/v1/me/", headers=bearer(people["lead"]))
    client.get("/healthz")
    assert "user_id" not in structlog.contextvars.get_contextvars()


def test_a_task_writes_its_id_on_its_log_lines() -> None:
    from coe_portal.celery import app

    app.loader.import_default_modules()
    with structlog.contextvars.bound_contextvars(user_id=7):
        app.tasks["core.tidy"].apply(task_id="0f0f0f0f-task")
        seen = structlog.contextvars.get_contextvars()
        assert {name: seen.get(name) for name in ("request_id", "task_id", "task", "user_id")} == {
            "request_id": "0f0f0f0f-task", "task_id": "0f0f0f0f-task", "task": "core.tidy", "user_id": None,
        }  # fmt: skip


def test_production_logs_are_one_json_object_a_line() -> None:
    from coe_portal.logs import logging_config

    config = logging_config("json", "INFO")
    formatter = logging.config.dictConfigClass(config).configure_formatter(config["formatters"]["structured"])  # type: ignore[attr-defined]
    record = logging.LogRecord("portal", logging.INFO, "x.py", 1, "ready %s", ("now",), None)
    line = json.loads(formatter.format(record))
    assert (line["event"], line["level"], line["logger"]) == ("ready now", "info", "portal")
    assert "timestamp" in line


def test_nobody_makes_a_token_for_somebody_else(people: dict[str, User]) -> None:
    from coe_portal.core.errors import NotAllowed

    with pytest.raises(NotAllowed, match="Only the person themselves or a CoE lead"):
        tokens.create_token(user=people["lead"], scopes=["admin"], days=1, name="x", actor=people["domain"])
