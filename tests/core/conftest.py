import json
from typing import Any

import pytest

from coe_portal.core.models import User
from coe_portal.core.services import tokens
from tests.factories import organisation

PROBLEM = "application/problem+json"
MEMBERS = {"type", "title", "status", "detail", "code", "missing", "errors", "request_id"}


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", "correct horse battery", display_name="Ada Byron")


@pytest.fixture
def lead(db: None) -> User:
    return User.objects.create_user(
        "lead", "correct horse battery", display_name="Marta Veiga", site_roles=["coe_lead"]
    )


@pytest.fixture
def auditor(db: None) -> User:
    return User.objects.create_user("auditor", "correct horse", display_name="Otto Kern", site_roles=["auditor"])


def bearer(user: User, *scopes: str) -> dict[str, str]:
    """Headers of a caller with a fresh token."""
    _, token = tokens.create_token(user=user, scopes=list(scopes) or ["read"], days=1, name="test", actor=user)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@pytest.fixture
def domain(people: dict[str, User]) -> dict[str, str]:
    """Headers of the product owner, who may read and write."""
    return bearer(people["domain"], "read", "write")


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    """The answer is a problem document with this status; returns it."""
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content
    body: dict[str, Any] = json.loads(answer.content)
    assert set(body) == MEMBERS
    assert body["type"] == f"urn:coe:{body['code']}"
    assert body["status"] == status
    assert body["request_id"] == answer["X-Request-Id"]
    return body
