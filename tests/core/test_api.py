"""What every resource of the API has in common."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from coe_portal.core.models import ApiToken, AuditEntry, User
from governance.services import policies
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import unit

JSON = "application/json"


def _idea() -> dict[str, str]:
    """A new project, for which the policy is published and a unit is there."""
    policies.load_default()
    return {"name": "Claims triage", "business_unit": unit().pk}


@pytest.mark.django_db
def test_a_token_is_shown_once_and_stored_only_as_a_digest(client: Client, ada: User) -> None:
    answer = client.post(
        "/api/v1/tokens/", {"name": "ci", "scopes": ["read"]}, JSON, headers=bearer(ada, "read", "write")
    )
    token = answer.json()["token"]
    assert answer.status_code == 201
    assert token.startswith("coe_")
    assert not ApiToken.objects.filter(digest=token).exists()
    assert "token" not in client.get("/api/v1/tokens/", headers=bearer(ada)).json()["results"][0]


@pytest.mark.django_db
def test_a_token_cannot_make_a_token_that_can_do_more(client: Client, ada: User) -> None:
    answer = client.post(
        "/api/v1/tokens/", {"name": "ci", "scopes": ["decide"]}, JSON, headers=bearer(ada, "read", "write")
    )
    assert answer.status_code == 403
    assert "lacks decide" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_read_token_cannot_write_and_is_told_why(client: Client, ada: User) -> None:
    answer = client.post("/api/v1/tokens/", {"name": "ci", "scopes": ["read"]}, JSON, headers=bearer(ada, "read"))
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "This token has the scopes read, but this needs write. Make a token with that scope."
    )


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}])
def test_an_expired_or_revoked_token_is_refused(client: Client, ada: User, change: dict[str, Any]) -> None:
    headers = bearer(ada)
    assert client.get("/api/v1/me/", headers=headers).status_code == 200
    ApiToken.objects.update(**change)
    answer = client.get("/api/v1/me/", headers=headers)
    assert answer.status_code == 401
    assert "expired or revoked" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_token_of_someone_else_cannot_be_revoked(client: Client, ada: User, auditor: User) -> None:
    bearer(ada)
    token_id = ApiToken.objects.get(user=ada).pk
    answer = client.delete(f"/api/v1/tokens/{token_id}/", headers=bearer(auditor, "read", "write"))
    assert answer.status_code == 404
    assert ApiToken.objects.get(pk=token_id).revoked_at is None


@pytest.mark.django_db
def test_a_browser_session_needs_the_csrf_token(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.get("/api/v1/me/").json()["user"]["username"] == "ada"
    answer = client.post("/api/v1/tokens/", {"name": "ci", "scopes": ["read"]}, JSON)
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


@pytest.mark.django_db
def test_an_unknown_filter_is_an_error_that_names_the_known_ones(client: Client, ada: User) -> None:
    answer = client.get("/api/v1/users/?colour=red", headers=bearer(ada))
    assert answer.status_code == 400
    assert "Known: cursor, kind, ordering, page_size, role, search" in answer.json()["errors"]["colour"][0]


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["page_size=0", "page_size=201", "page_size=x", "ordering=secret", "cursor=nonsense"])
def test_bad_paging_is_a_sentence_on_the_field(client: Client, ada: User, query: str) -> None:
    answer = client.get(f"/api/v1/users/?{query}", headers=bearer(ada))
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["errors"]


@pytest.mark.django_db
def test_pages_follow_each_other_in_both_directions(client: Client, ada: User) -> None:
    for number in range(7):
        User.objects.create_user(f"person{number}", display_name="Same Name")
    headers, url, seen, previous = bearer(ada), "/api/v1/users/?page_size=3&ordering=-display_name", [], ""
    while url:
        page = client.get(url, headers=headers).json()
        seen += [row["username"] for row in page["results"]]
        url, previous = page["next"], page["previous"]
    assert sorted(seen) == sorted(User.objects.values_list("username", flat=True))
    assert len(seen) == len(set(seen)) == 8
    back = client.get(previous, headers=headers).json()
    assert [row["username"] for row in back["results"]] == seen[3:6]


@pytest.mark.django_db
@pytest.mark.parametrize("body", ['{"name": "a\\u0000b"}', '{"name": "\\ud800"}', "[" * 100_000, "{", '{"days": NaN}'])
def test_json_that_cannot_be_stored_is_refused(client: Client, ada: User, body: str) -> None:
    answer = client.post("/api/v1/tokens/", body, JSON, headers=bearer(ada, "write"))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_an_address_that_does_not_exist_answers_a_problem_document(client: Client, ada: User) -> None:
    answer = client.get("/api/v1/nowhere/", headers=bearer(ada))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["request_id"] == answer["X-Request-Id"]


@pytest.mark.django_db
def test_a_callers_request_id_is_kept_and_ends_in_the_audit_trail(client: Client, ada: User) -> None:
    headers = {**bearer(ada, "write"), "X-Request-Id": "notebook-42-abc"}
    answer = client.post("/api/v1/tokens/", {"name": "ci", "scopes": ["write"]}, JSON, headers=headers)
    assert answer["X-Request-Id"] == "notebook-42-abc"
    assert AuditEntry.objects.latest("id").request_id == "notebook-42-abc"


@pytest.mark.django_db
def test_the_etag_answers_304_until_the_object_changes(client: Client, ada: User) -> None:
    headers = bearer(ada)
    first = client.get("/api/v1/users/ada/", headers=headers)
    again = client.get("/api/v1/users/ada/", headers={**headers, "If-None-Match": first["ETag"]})
    assert again.status_code == 304
    User.objects.update(display_name="Ada Lovelace")
    changed = client.get("/api/v1/users/ada/", headers={**headers, "If-None-Match": first["ETag"]})
    assert changed.json()["display_name"] == "Ada Lovelace"


@pytest.mark.django_db
def test_the_same_key_and_body_give_the_same_answer_and_another_body_is_refused(client: Client, ada: User) -> None:
    headers = {**bearer(ada, "read", "write"), "Idempotency-Key": str(uuid.uuid4())}
    body = _idea()
    first = client.post("/api/v1/projects/", body, JSON, headers=headers)
    again = client.post("/api/v1/projects/", body, JSON, headers=headers)
    other = client.post("/api/v1/projects/", {**body, "name": "Another idea"}, JSON, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Project.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_request_can_be_corrected_and_sent_with_the_same_key(client: Client, ada: User) -> None:
    headers = {**bearer(ada, "read", "write"), "Idempotency-Key": "k"}
    wrong = client.post("/api/v1/projects/", {**_idea(), "sponsor": "ghost"}, JSON, headers=headers)
    right = client.post("/api/v1/projects/", _idea(), JSON, headers=headers)
    assert (wrong.status_code, right.status_code) == (400, 201)


@pytest.mark.django_db(transaction=True)
def test_two_identical_posts_at_the_same_instant_do_the_work_once(ada: User) -> None:
    headers = {**bearer(ada, "read", "write"), "Idempotency-Key": "race"}
    barrier, answers, body = threading.Barrier(2), [], _idea()

    def post() -> None:
        barrier.wait()
        answers.append(Client().post("/api/v1/projects/", body, JSON, headers=headers))
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Project.objects.count() == 1
    assert AuditEntry.objects.filter(action="project.created").count() == 1
