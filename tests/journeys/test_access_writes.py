"""Every command, as everybody: who may change what is a table, and a new command without a row fails.

Each command is sent with a body that works, so that only the right decides; what it did is taken back afterwards. A row
says what ``WHO`` is answered, in order, and for whom the audit trail grew.
"""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from coe_portal.core.models import AuditEntry, User
from tests.journeys.bodies import BODIES, OTHER_ROWS
from tests.journeys.routes import WHO, api_methods, ours

pytestmark = pytest.mark.django_db
JSON = "application/json"

TABLE: dict[str, str] = {
    "approvals/{approval}/answer/{question}/": "302 404 403 403 403 403:",
    "approvals/{approval}/ask/": "302 404 403 403 303 403: lead",
    "approvals/{approval}/decide/": "302 404 403 403 303 403: lead",
    "approvals/{approval}/withdraw/": "302 404 403 403 303 403: lead",
    "audit/check/": "302 403 403 403 303 303: lead auditor",
    "conditions/{condition}/meet/": "302 404 403 403 303 403: lead",
    "data-access/{access}/attest-destroyed/": "302 404 303 403 303 403: scientist lead",
    "data-access/{access}/grant/": "302 404 403 303 303 403: security lead",
    "data-access/{access}/revoke/": "302 404 303 303 303 403: scientist security lead",
    "datasets/new/": "302 422 422 422 303 422: lead",
    "datasets/{dataset}/edit/": "302 422 422 303 303 422: security lead",
    "datasets/{dataset}/remove/": "302 403 403 303 303 403: security lead",
    "delete api/v1/datasets/{dataset}/": "401 403 403 409 409 403:",
    "delete api/v1/delegations/{delegation}/": "401 404 404 204 204 403: security lead",
    "delete api/v1/projects/{key}/concept/": "401 404 409 404 409 403:",
    "delete api/v1/projects/{key}/reviewers/{reviewer}/": "401 404 403 403 204 403: lead",
    "intake/ranking/": "302 422 422 422 303 422: lead",
    "intake/{key}/concept/": "302 404 303 404 303 422: scientist lead",
    "intake/{key}/concept/take-back/": "302 404 303 404 303 403: scientist lead",
    "intake/{key}/questions/{asked_id}/": "302 404 303 403 303 403: scientist lead",
    "intake/{key}/similar/": "302 404 303 403 303 403: scientist lead",
    "join-requests/{join_id}/decide/": "302 404 303 403 303 403: scientist lead",
    "join-requests/{join_id}/withdraw/": "302 404 403 403 403 403:",
    "post api/v1/join-requests/{join_id}/decide/": "401 404 200 403 200 403: scientist lead",
    "post api/v1/join-requests/{join_id}/withdraw/": "401 404 403 403 403 403:",
    "post api/v1/projects/{key}/concept/": "401 404 201 404 201 403: scientist lead",
    "post api/v1/projects/{key}/decide-intake/": "401 404 403 403 200 403: lead",
    "post api/v1/projects/{key}/end-deferral/": "401 404 403 403 200 403: lead",
    "post api/v1/projects/{key}/join/": "401 404 409 201 201 403: security lead",
    "post api/v1/projects/{key}/review-questions/{asked_id}/answer/": "401 404 200 403 200 403: scientist lead",
    "post api/v1/projects/{key}/reviewers/": "401 404 403 403 201 403: lead",
    "post api/v1/projects/{key}/reviews/": "401 404 403 403 200 403: lead",
    "post api/v1/projects/{key}/similar/": "401 404 201 403 201 403: scientist lead",
    "post api/v1/scoring/": "401 403 403 403 201 403: lead",
    "projects/{key}/join/": "302 404 422 303 303 422: security lead",
    "projects/{key}/qualification/decide-intake/": "302 404 403 403 303 403: lead",
    "projects/{key}/qualification/end-deferral/": "302 404 403 403 303 403: lead",
    "projects/{key}/qualification/review/": "302 404 403 403 303 403: lead",
    "projects/{key}/qualification/reviewers/": "302 404 403 403 303 403: lead",
    "projects/{key}/qualification/reviewers/{reviewer}/release/": "302 404 403 403 303 403: lead",
    "delete api/v1/projects/{key}/members/{member}/": "401 404 204 403 204 403: scientist lead",
    "delete api/v1/projects/{key}/responsibilities/{duty}/": "401 404 204 403 204 403: scientist lead",
    "delete api/v1/saved-views/{view}/": "401 404 204 404 404 404: scientist",
    "delete api/v1/users/{username}/skills/{skill}/": "401 403 403 403 204 403: lead",
    "delete api/v1/tokens/{token}/": "401 404 204 404 204 404: scientist lead",
    "environments/new/": "302 422 422 422 303 422: lead",
    "environments/{environment}/check/": "302 303 303 303 303 303: lead",
    "environments/{environment}/edit/": "302 422 422 422 303 422: lead",
    "environments/{environment}/external-id/": "302 303 303 303 303 303: lead",
    "findings/{finding}/assign/": "302 404 403 403 303 403: lead",
    "findings/{finding}/resolve/": "302 404 403 303 303 403: security lead",
    "intake/new/": "302 303 303 303 303 422: stranger scientist security lead",
    "intake/{key}/{slug}/": "302 404 303 422 303 422: scientist lead",
    "intake/{key}/{slug}/autosave/": "302 404 200 200 200 200: scientist lead",
    "delete api/v1/lessons/{lesson}/": "401 403 204 403 204 403: scientist lead",
    "lessons/{lesson}/withdraw/": "302 403 303 403 303 403: scientist lead",
    "me/delegations/": "302 303 303 303 303 303: stranger scientist security lead auditor",
    "me/delegations/{delegation}/end/": "302 404 404 303 303 403: security lead",
    "me/preferences/": "302 303 303 303 303 303: stranger scientist security lead auditor",
    "me/skills/": "302 303 303 303 303 303: stranger scientist security lead auditor",
    "me/theme/": "302 303 303 303 303 303: stranger scientist security lead auditor",
    "me/tokens/": "302 201 201 201 201 201: stranger scientist security lead auditor",
    "me/tokens/{token}/revoke/": "302 404 303 404 303 404: scientist lead",
    "patch api/v1/datasets/{dataset}/": "401 403 403 200 200 403: security lead",
    "patch api/v1/environments/{environment}/": "401 403 403 403 200 403: lead",
    "patch api/v1/lessons/{lesson}/": "401 403 200 403 200 403: scientist lead",
    "patch api/v1/projects/{key}/": "401 404 200 403 200 403: scientist lead",
    "patch api/v1/projects/{key}/checklist/{code}/": "401 404 200 403 200 403: scientist lead",
    "patch api/v1/projects/{key}/members/{member}/": "401 404 200 403 200 403: scientist lead",
    "patch api/v1/projects/{key}/responsibilities/{duty}/": "401 404 200 403 200 403: scientist lead",
    "patch api/v1/policies/{policy}/": "401 404 404 404 200 403: lead",
    "policies/new/": "302 403 403 403 303 403: lead",
    "policies/{policy}/edit/": "302 403 403 403 303 403: lead",
    "policies/{policy}/projects/": "302 403 403 403 303 403: lead",
    "policies/{policy}/discard/": "302 403 403 403 303 403: lead",
    "policies/{policy}/publish/": "302 403 403 403 303 403: lead",
    "post api/v1/policies/{policy}/migrate/": "401 403 403 403 200 403: lead",
    "post api/v1/projects/{key}/migrate-policy/": "401 404 403 403 200 403: lead",
    "post api/v1/projects/{key}/risk/": "401 404 200 403 200 403: scientist lead",
    "projects/{key}/migrate-policy/": "302 404 403 403 303 403: lead",
    "projects/{key}/risk/": "302 404 303 403 303 403: scientist lead",
    "post api/v1/approvals/{approval}/answer/": "401 404 403 403 403 403:",
    "post api/v1/approvals/{approval}/ask/": "401 404 403 403 200 403: lead",
    "post api/v1/approvals/{approval}/decide/": "401 404 403 403 200 403: lead",
    "post api/v1/approvals/{approval}/withdraw/": "401 404 403 403 200 403: lead",
    "post api/v1/audit/verify/": "401 403 403 403 202 202: lead auditor",
    "post api/v1/conditions/{condition}/meet/": "401 404 403 403 200 403: lead",
    "post api/v1/data-access/": "401 404 201 403 409 403: scientist",
    "post api/v1/data-access/{access}/attest-destroyed/": "401 404 202 403 202 403: scientist lead",
    "post api/v1/data-access/{access}/grant/": "401 404 403 200 200 403: security lead",
    "post api/v1/data-access/{access}/revoke/": "401 404 200 200 200 403: scientist security lead",
    "post api/v1/datasets/": "401 403 403 403 201 403: lead",
    "post api/v1/delegations/": "401 201 201 201 201 201: stranger scientist security lead auditor",
    "post api/v1/environments/": "401 403 403 403 201 403: lead",
    "post api/v1/environments/{environment}/check/": "401 403 403 403 202 403: lead",
    "post api/v1/environments/{environment}/renew-external-id/": "401 403 403 403 200 403: lead",
    "post api/v1/estimates/": "401 404 200 403 200 403:",
    "post api/v1/findings/": "401 404 201 201 201 403: scientist security lead",
    "post api/v1/findings/{finding}/assign/": "401 404 403 403 200 403: lead",
    "post api/v1/findings/{finding}/resolve/": "401 404 403 200 200 403: security lead",
    "post api/v1/lessons/": "401 404 201 403 201 403: scientist lead",
    "post api/v1/policies/": "401 403 403 403 201 403: lead",
    "post api/v1/policies/{policy}/discard/": "401 404 404 404 200 403: lead",
    "post api/v1/policies/{policy}/publish/": "401 404 404 404 200 403: lead",
    "post api/v1/projects/": "401 201 201 201 201 403: stranger scientist security lead",
    "post api/v1/projects/{key}/advance/": "401 404 201 403 201 403: scientist lead",
    "post api/v1/projects/{key}/break-glass/": "401 404 201 403 201 403: scientist lead",
    "post api/v1/projects/{key}/checklist/{code}/evidence/": "401 404 201 403 201 403: scientist lead",
    "post api/v1/projects/{key}/checklist/{code}/verdict/": "401 404 403 200 200 403: security lead",
    "post api/v1/projects/{key}/checklist/{code}/confirm/": "401 404 200 403 200 403: scientist lead",
    "post api/v1/projects/{key}/checklist/{code}/waive/": "401 404 201 403 201 403: scientist lead",
    "post api/v1/projects/{key}/evidence/{evidence}/withdraw/": "401 404 200 403 200 403: scientist lead",
    "projects/{key}/checklist/{code}/confirm/": "302 404 303 403 303 403: scientist lead",
    "projects/{key}/checklist/{code}/plan/": "302 404 303 403 303 403: scientist lead",
    "projects/{key}/checklist/{code}/waivers/": "302 404 303 403 303 403: scientist lead",
    "projects/{key}/evidence/{evidence}/withdraw/": "302 404 303 403 303 403: scientist lead",
    "post api/v1/projects/{key}/poc-decision/": "401 404 403 403 201 403: lead",
    "projects/{key}/poc-decision/": "302 404 403 403 303 403: lead",
    "post api/v1/projects/{key}/members/": "401 404 201 403 201 403: scientist lead",
    "post api/v1/projects/{key}/responsibilities/": "401 404 201 403 201 403: scientist lead",
    "post api/v1/projects/{key}/submit/": "401 404 201 404 201 403: scientist lead",
    "post api/v1/runs/": "401 404 201 403 409 403: scientist",
    "post api/v1/runs/{run}/clone/": "401 404 201 403 409 403: scientist",
    "post api/v1/runs/{run}/retry/": "401 404 201 403 409 403: scientist",
    "post api/v1/runs/{run}/stop/": "401 404 200 403 200 403: scientist lead",
    "post api/v1/tokens/": "401 201 201 201 201 201: stranger scientist security lead auditor",
    "patch api/v1/saved-views/{view}/": "401 404 200 404 404 404: scientist",
    "post api/v1/saved-views/": "401 201 201 201 201 201: stranger scientist security lead auditor",
    "views/": "302 303 303 303 303 303: stranger scientist security lead auditor",
    "views/{view}/": "302 404 303 404 404 404: scientist",
    "views/{view}/remove/": "302 404 303 404 404 404: scientist",
    "post api/v1/users/{username}/skills/": "401 403 403 403 201 403: lead",
    "projects/{key}/advance/": "302 404 303 403 303 403: scientist lead",
    "post api/v1/projects/{key}/stop/": "401 404 403 404 200 403: lead",
    "projects/{key}/stop/": "302 404 403 404 303 403: lead",
    "projects/{key}/break-glass/": "302 404 303 422 303 422: scientist lead",
    "projects/{key}/checklist/{code}/evidence/": "302 404 303 403 303 403: scientist lead",
    "projects/{key}/checklist/{code}/verdict/": "302 404 403 303 303 403: security lead",
    "projects/{key}/data/ask/": "302 404 303 422 422 422: scientist",
    "projects/{key}/findings/new/": "302 404 303 303 303 422: scientist security lead",
    "projects/{key}/lessons/": "302 404 303 422 303 422: scientist lead",
    "projects/{key}/runs/estimate/": "302 404 200 200 200 200:",
    "projects/{key}/runs/new/": "302 404 303 422 422 422: scientist",
    "projects/{key}/runs/{number}/retry/": "302 404 303 303 303 303: scientist",
    "projects/{key}/runs/{number}/stop/": "302 404 303 303 303 303: scientist lead",
    "projects/{key}/submit/": "302 404 303 404 303 403: scientist lead",
    "projects/{key}/team/": "302 404 303 422 303 422: scientist lead",
    "projects/{key}/team/responsibilities/": "302 404 303 403 303 403: scientist lead",
    "projects/{key}/team/{member}/remove/": "302 404 303 403 303 403: scientist lead",
}


def _filled(value: Any, things: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name.format(**things): _filled(item, things) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, things) for item in value]
    return value.format(**things) if isinstance(value, str) and re.fullmatch(r"\{\w+\}", value) else value


def _address(route: str, things: dict[str, Any]) -> str:
    other = next((rows for end, rows in OTHER_ROWS.items() if route.endswith(end)), {})
    return "/" + route.format(**things | {name: things[row] for name, row in other.items()})


def _commands(things: dict[str, Any], lead: Client) -> list[str]:
    """Every ``method address`` of the API and every page that takes a POST, from the URL resolver."""
    found = []
    for route, view in ours().items():
        if route.startswith("api/"):
            found += [f"{method} {route}" for method in api_methods(view)]
        elif "POST" in lead.trace(_address(route, things)).get("Allow", ""):
            found.append(route)
    return sorted(found)


def _row(command: str, things: dict[str, Any], clients: dict[str, Client]) -> str:
    method, _, route = command.rpartition(" ")
    body, statuses, writers = _filled(BODIES.get(command, {}), things), [], []
    for who, client in clients.items():
        with transaction.atomic():
            before = AuditEntry.objects.count()
            send = getattr(client, method or "post")
            content = {"content_type": JSON} if method else {}
            statuses.append(send(_address(route, things), body, **content).status_code)
            writers += [who] if AuditEntry.objects.count() > before else []
            transaction.set_rollback(True)
    return f"{' '.join(map(str, statuses))}: {' '.join(writers)}".rstrip()


@pytest.fixture
def clients(people: dict[str, User]) -> dict[str, Client]:
    found = {who: Client() for who in WHO}
    for who, client in found.items():
        if who in people:
            client.force_login(people[who])
    return found


def test_every_page_says_which_methods_it_takes(things: dict[str, Any], clients: dict[str, Client]) -> None:
    pages = [route for route in ours() if not route.startswith("api/") and route]
    silent = [route for route in pages if clients["lead"].trace(_address(route, things)).status_code != 405]
    assert silent == []


def test_everybody_changes_what_is_theirs_and_nothing_else(things: dict[str, Any], clients: dict[str, Client]) -> None:
    commands = _commands(things, clients["lead"])
    assert set(commands) == set(TABLE), "every command has a row and every row a command"
    seen = {command: _row(command, things, clients) for command in commands}
    wrong = {command: (TABLE[command], row) for command, row in seen.items() if TABLE[command] != row}
    assert not wrong, "\n".join(f"{command}: expected {pair[0]}, saw {pair[1]}" for command, pair in wrong.items())


def _with_nul(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_nul(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_nul(item) for item in value]
    return f"{value}\x00" if isinstance(value, str) else value


def test_a_character_that_no_column_holds_is_never_an_error_of_ours(
    things: dict[str, Any], clients: dict[str, Client]
) -> None:
    broken = {}
    for route in (command for command in _commands(things, clients["lead"]) if " " not in command):
        for who in ("scientist", "lead"):
            with transaction.atomic():
                body = _with_nul(_filled(BODIES.get(route, {}), things))
                status = clients[who].post(_address(route, things), body).status_code
                transaction.set_rollback(True)
            if status >= 500:
                broken[f"{who} {route}"] = status
    assert broken == {}


def test_nonsense_is_never_an_error_of_ours(things: dict[str, Any], clients: dict[str, Client]) -> None:
    """Whoever posts whatever to any address: a refusal, never a 5xx."""
    wrong = {}
    for who in ("anonymous", "stranger", "lead"):
        for route in ours():
            for content in ("application/json", "multipart/form-data; boundary=BoUnDaRyStRiNg", "text/plain"):
                with transaction.atomic():
                    status = clients[who].post("/" + route.format(**things), b"\x00{", content).status_code
                    transaction.set_rollback(True)
                expected = status in (302, 401) if who == "anonymous" else status < 500
                if not expected:
                    wrong[f"{who} {route} {content}"] = status
                if status == 405:
                    break  # nothing is posted there, so nobody reads what it is
    assert wrong == {}


def test_neither_strangers_nor_auditors_ever_write_to_what_is_not_their_own() -> None:
    own = ("audit/check/", "post api/v1/audit/verify/")  # to look through the trail is what auditors are for
    own += ("post api/v1/tokens/", "post api/v1/projects/", "post api/v1/delegations/", "me/", "intake/new/")
    own += ("post api/v1/saved-views/", "views/")
    for command, row in TABLE.items():
        if not command.startswith(own):
            assert not {"anonymous", "stranger", "auditor"} & set(row.partition(":")[2].split()), command
