"""The whole description, fuzzed with real tokens of three roles: no error of ours, no answer that the schema denies.

Few examples from a fixed seed, so that the outcome is the same everywhere. A longer hunt is one variable away:
``FUZZ_EXAMPLES=300 ./portal test tests/journeys/test_fuzz.py``.
"""

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from coe_portal.core.models import User
from coe_portal.wsgi import application
from tests.deployments.conftest import bearer

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
LOOKED_AT = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SCOPES = {"lead": ("read", "write", "decide", "admin"), "scientist": ("read", "write"), "auditor": ("read", "write")}
PARTS = 3  # so many tests share the operations, that none of them runs into the time limit


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The application runs inside the test's transaction, so it must not hang up after a request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


_served: list[BaseSchema] = []


def _described(headers: dict[str, str]) -> BaseSchema:
    """The description as the application serves it: the same for everybody, and dear to write, so asked for once."""
    if not _served:
        _served.append(schemathesis.openapi.from_wsgi("/api/schema/", application, headers=headers))
    return _served[0]


def _known(operation: APIOperation, things: dict[str, Any]) -> dict[str, Any]:
    """The addresses of rows that exist, so that examples get past "not found"."""
    kinds = {"approvals": "approval", "environments": "environment", "policies": "policy", "runs": "run"}
    kinds |= {"templates": "template", "tokens": "token", "business-units": "unit", "members": "member"}
    kinds |= {"conditions": "condition", "delegations": "delegation", "findings": "finding"}
    known: dict[str, Any] = {}
    words = operation.path.strip("/").split("/")
    for before, word in itertools.pairwise(words):
        if word.startswith("{"):
            name = word.strip("{}")
            known[name] = things[kinds.get(before, {"id": "audit" if before == "audit" else "duty"}.get(name, name))]
    return {name: str(value) for name, value in known.items()}


def _cases(operation: APIOperation, things: dict[str, Any]) -> st.SearchStrategy[schemathesis.Case]:
    known = _known(operation, things)
    there = [operation.as_strategy(mode, path_parameters=known or None) for mode in (POSITIVE, NEGATIVE)]
    return st.one_of(*there, operation.as_strategy(POSITIVE)) if known else st.one_of(*there)


def _fuzz(operation: APIOperation, things: dict[str, Any], everybody: list[dict[str, str]]) -> None:
    """Everybody sends the same examples: to think of one costs as much as to send it."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation, things))
    def each(case: schemathesis.Case) -> None:
        for headers in everybody:
            with transaction.atomic():  # taken back, so that one example cannot spoil the next
                case.call_and_validate(headers=headers, checks=LOOKED_AT)
                transaction.set_rollback(True)

    each()


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_a_client_can_send_breaks_the_api(
    part: int, people: dict[str, User], things: dict[str, Any]
) -> None:
    everybody = [bearer(people[who], *scopes) for who, scopes in SCOPES.items()]
    operations = [found.ok() for found in _described(everybody[0]).get_all_operations()]
    assert len(operations) > 60
    for operation in operations[part::PARTS]:
        _fuzz(operation, things, everybody)
