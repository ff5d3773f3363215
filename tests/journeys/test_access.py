"""Every address, as everybody: a new route without a row here fails.

The project is in its proof of concept, so approvers may read it; a stranger takes no part in it. A status is what a GET
answers; ``405`` marks commands, which ``test_access_writes.py`` posts.
"""

from typing import Any

import pytest
from django.db import transaction

from coe_portal.core.models import User
from tests.journeys.routes import WHO, ours, signed_in

pytestmark = pytest.mark.django_db

SIGN_IN, TOKEN = 302, 401
EVERYBODY = (SIGN_IN, 200, 200, 200, 200, 200)  # a page for everybody who signed in
PROJECT = (SIGN_IN, 404, 200, 200, 200, 200)  # a page of a project: a stranger does not know of it
LEADS = (SIGN_IN, 403, 403, 403, 200, 403)
COMMAND = (SIGN_IN, 405, 405, 405, 405, 405)
API = (TOKEN, 200, 200, 200, 200, 200)
API_PROJECT = (TOKEN, 404, 200, 200, 200, 200)
API_COMMAND = (TOKEN, 405, 405, 405, 405, 405)
START = (SIGN_IN, 302, 302, 302, 302, 302)

TABLE: dict[str, tuple[int, ...]] = {
    "api/schema/": API,
    "api/docs/": API,
    "api/v1/me/": API,
    "api/v1/portfolio/": API,
    "api/v1/users/": API,
    "api/v1/users/{username}/": API,
    "api/v1/users/{username}/skills/": API,
    "api/v1/users/{username}/skills/{skill}/": API,
    "api/v1/saved-views/": API,
    "api/v1/saved-views/{view}/": (TOKEN, 404, 200, 404, 404, 404),
    "api/v1/audit/": API,
    "api/v1/audit/verify/": (TOKEN, 403, 403, 403, 200, 200),
    "api/v1/audit/{audit}/": (TOKEN, 404, 404, 404, 200, 200),
    "api/v1/tokens/": API,
    "api/v1/tokens/{token}/": (TOKEN, 404, 200, 404, 404, 404),
    "api/v1/estimates/": API_COMMAND,
    "api/v1/environments/": API,
    "api/v1/environments/{environment}/": API,
    "api/v1/environments/{environment}/check/": API_COMMAND,
    "api/v1/environments/{environment}/renew-external-id/": API_COMMAND,
    "api/v1/templates/": API,
    "api/v1/templates/{template}/": API,
    "api/v1/runs/": API,
    "api/v1/runs/compare/": (TOKEN, 400, 400, 400, 400, 400),
    "api/v1/runs/{run}/": API_PROJECT,
    "api/v1/runs/{run}/clone/": API_COMMAND,
    "api/v1/runs/{run}/findings/": API_PROJECT,
    "api/v1/runs/{run}/logs/": API_PROJECT,
    "api/v1/runs/{run}/metrics/": API_PROJECT,
    "api/v1/runs/{run}/retry/": API_COMMAND,
    "api/v1/runs/{run}/stop/": API_COMMAND,
    "api/v1/runs/{run}/timeline/": API_PROJECT,
    "api/v1/projects/{key}/submit/": API_COMMAND,
    "api/v1/projects/{key}/concept/": (TOKEN, 404, 404, 404, 404, 404),  # this project was never a concept
    "api/v1/projects/{key}/similar/": API_PROJECT,
    "api/v1/projects/{key}/join/": API_COMMAND,
    "api/v1/projects/{key}/join-requests/": API_PROJECT,
    "api/v1/join-requests/{join_id}/decide/": API_COMMAND,
    "api/v1/join-requests/{join_id}/withdraw/": API_COMMAND,
    "api/v1/projects/{key}/qualification/": API_PROJECT,
    "api/v1/projects/{key}/business-case/": API_PROJECT,
    "api/v1/projects/{key}/decide-intake/": API_COMMAND,
    "api/v1/projects/{key}/end-deferral/": API_COMMAND,
    "api/v1/projects/{key}/reviews/": API_COMMAND,
    "api/v1/projects/{key}/reviewers/": API_COMMAND,
    "api/v1/projects/{key}/reviewers/{reviewer}/": API_COMMAND,
    "api/v1/projects/{key}/review-questions/{asked_id}/answer/": API_COMMAND,
    "api/v1/scoring/": API,
    "api/v1/projects/{key}/advance/": API_COMMAND,
    "api/v1/projects/{key}/gate/": API_PROJECT,
    "api/v1/projects/{key}/poc-clock/": API_PROJECT,
    "api/v1/projects/{key}/poc-decision/": API_COMMAND,
    "api/v1/approvals/": API,
    "api/v1/approvals/{approval}/": API_PROJECT,
    "api/v1/approvals/{approval}/decide/": API_COMMAND,
    "api/v1/approvals/{approval}/withdraw/": API_COMMAND,
    "api/v1/approvals/{approval}/ask/": API_COMMAND,
    "api/v1/approvals/{approval}/answer/": API_COMMAND,
    "api/v1/conditions/": API,
    "api/v1/conditions/{condition}/": API_PROJECT,
    "api/v1/conditions/{condition}/meet/": API_COMMAND,
    "api/v1/datasets/": API,
    "api/v1/datasets/{dataset}/": API,
    "api/v1/data-access/": API,
    "api/v1/data-access/{access}/": API_PROJECT,
    "api/v1/data-access/{access}/grant/": API_COMMAND,
    "api/v1/data-access/{access}/revoke/": API_COMMAND,
    "api/v1/data-access/{access}/attest-destroyed/": API_COMMAND,
    "api/v1/data-access/{access}/iam-policy/": API_PROJECT,
    "api/v1/delegations/": API,
    "api/v1/delegations/{delegation}/": (TOKEN, 404, 404, 200, 200, 200),
    "api/v1/findings/": API,
    "api/v1/findings/{finding}/": API_PROJECT,
    "api/v1/findings/{finding}/resolve/": API_COMMAND,
    "api/v1/findings/{finding}/assign/": API_COMMAND,
    "api/v1/projects/{key}/break-glass/": API_COMMAND,
    "api/v1/policies/": API,
    "api/v1/policies/schema/": API,
    "api/v1/policies/{policy}/": API,
    "api/v1/policies/{policy}/diff/": (TOKEN, 404, 404, 404, 404, 404),  # without ?to= there is nothing to compare
    "api/v1/policies/{policy}/publish/": API_COMMAND,
    "api/v1/policies/{policy}/discard/": API_COMMAND,
    "api/v1/lessons/": API,
    "api/v1/lessons/alike/": API,
    "api/v1/lessons/{lesson}/": API,
    "api/v1/policies/{policy}/migrate/": API_COMMAND,
    "api/v1/policies/{policy}/dry-run/": (TOKEN, 403, 403, 403, 200, 200),
    "api/v1/projects/{key}/migrate-policy/": (TOKEN, 404, 404, 404, 404, 404),  # without ?to= there is nowhere to go
    "api/v1/projects/{key}/risk/": API_PROJECT,
    "api/v1/business-units/": API,
    "api/v1/business-units/{unit}/": API,
    "api/v1/projects/": API,
    "api/v1/projects/similar/": API,
    "api/v1/projects/{key}/": API_PROJECT,
    "api/v1/projects/{key}/coverage/": API_PROJECT,
    "api/v1/projects/{key}/checklist/": API_PROJECT,
    "api/v1/projects/{key}/checklist/{code}/": API_PROJECT,
    "api/v1/projects/{key}/checklist/{code}/evidence/": API_COMMAND,
    "api/v1/projects/{key}/checklist/{code}/verdict/": API_COMMAND,
    "api/v1/projects/{key}/checklist/{code}/confirm/": API_COMMAND,
    "api/v1/projects/{key}/checklist/{code}/waive/": API_COMMAND,
    "api/v1/projects/{key}/evidence/": API_PROJECT,
    "api/v1/projects/{key}/evidence/{evidence}/": API_PROJECT,
    "api/v1/projects/{key}/evidence/{evidence}/file/": API_PROJECT,
    "api/v1/projects/{key}/evidence/{evidence}/withdraw/": API_COMMAND,
    "api/v1/projects/{key}/members/": API_PROJECT,
    "api/v1/projects/{key}/members/{member}/": API_PROJECT,
    "api/v1/projects/{key}/responsibilities/": API_PROJECT,
    "api/v1/projects/{key}/responsibilities/{duty}/": API_PROJECT,
    "api/v1/projects/{key}/handovers/": API_PROJECT,
    "api/v1/projects/{key}/handovers/{handover}/": API_PROJECT,
    "": START,
    "portfolio/": EVERYBODY,
    "portfolio/export.csv": EVERYBODY,
    "portfolio/board/": EVERYBODY,
    "portfolio/matrix/": EVERYBODY,
    "views/": EVERYBODY,
    "views/{view}/": COMMAND,
    "views/{view}/remove/": COMMAND,
    "people/": EVERYBODY,
    "search/": EVERYBODY,
    "audit/": EVERYBODY,
    "audit/check/": COMMAND,
    "audit/export.csv": EVERYBODY,
    "me/": EVERYBODY,
    "me/skills/": EVERYBODY,
    "me/preferences/": COMMAND,
    "me/theme/": COMMAND,
    "me/tokens/": COMMAND,
    "me/tokens/{token}/revoke/": COMMAND,
    "inbox/": EVERYBODY,
    "inbox/count/": EVERYBODY,
    "inbox/export.csv": EVERYBODY,
    "approvals/{approval}/": PROJECT,
    "approvals/{approval}/decide/": COMMAND,
    "approvals/{approval}/withdraw/": COMMAND,
    "approvals/{approval}/ask/": COMMAND,
    "approvals/{approval}/answer/{question}/": COMMAND,
    "conditions/{condition}/meet/": COMMAND,
    "findings/{finding}/resolve/": COMMAND,
    "findings/{finding}/assign/": PROJECT,  # others see the form switched off, with the reason
    "projects/{key}/findings/": PROJECT,
    "projects/{key}/findings/new/": PROJECT,  # others see the form switched off, with the reason
    "projects/{key}/break-glass/": PROJECT,
    "datasets/": EVERYBODY,
    "datasets/picks/": (SIGN_IN, 404, 404, 404, 404, 404),  # it needs to know for which field
    "datasets/new/": EVERYBODY,  # others see the form switched off, with the reason
    "datasets/{dataset}/": EVERYBODY,
    "datasets/{dataset}/edit/": EVERYBODY,
    "datasets/{dataset}/remove/": COMMAND,
    "projects/{key}/data/": PROJECT,
    "projects/{key}/data/ask/": PROJECT,
    "data-access/{access}/": PROJECT,
    "data-access/{access}/state/": (SIGN_IN, 404, 286, 286, 286, 286),
    "data-access/{access}/iam-policy.json": PROJECT,
    "data-access/{access}/grant/": COMMAND,
    "data-access/{access}/revoke/": COMMAND,
    "data-access/{access}/attest-destroyed/": COMMAND,
    "me/delegations/": EVERYBODY,
    "me/delegations/{delegation}/end/": COMMAND,
    "policies/": EVERYBODY,
    "policies/{policy}/": EVERYBODY,
    "projects/{key}/clock/": PROJECT,
    "projects/{key}/poc-decision/": PROJECT,
    "policies/new/": LEADS,
    "policies/{policy}/edit/": (SIGN_IN, 403, 403, 403, 409, 403),  # what is published is not edited
    "policies/{policy}/publish/": COMMAND,
    "policies/{policy}/discard/": COMMAND,
    "policies/{policy}/export/": EVERYBODY,
    "policies/{policy}/dry-run/": LEADS,
    "policies/{policy}/projects/": LEADS,
    "projects/{key}/migrate-policy/": PROJECT,
    "projects/{key}/risk/": PROJECT,
    "projects/{key}/risk/tier/": PROJECT,
    "projects/{key}/submit/": COMMAND,
    "projects/{key}/advance/": COMMAND,
    "projects/{key}/next-action/": PROJECT,
    "projects/{key}/gate/": PROJECT,
    "projects/{key}/decisions/": PROJECT,
    "runs/": EVERYBODY,
    "runs/compare/": (SIGN_IN, 400, 400, 400, 400, 400),
    "runs/export.csv": EVERYBODY,
    "projects/{key}/budget/": PROJECT,
    "projects/{key}/runs/": PROJECT,
    "projects/{key}/runs/new/": PROJECT,
    "projects/{key}/runs/estimate/": COMMAND,
    "projects/{key}/runs/{number}/": PROJECT,
    "projects/{key}/runs/{number}/live/": PROJECT,
    "projects/{key}/runs/{number}/log/": PROJECT,
    "projects/{key}/runs/{number}/log.txt": PROJECT,
    "projects/{key}/runs/{number}/artifact/": (SIGN_IN, 404, 409, 409, 409, 409),  # the run has not ended yet
    "projects/{key}/runs/{number}/stop/": COMMAND,
    "projects/{key}/runs/{number}/retry/": COMMAND,
    "environments/": EVERYBODY,
    "environments/new/": EVERYBODY,  # others see the form switched off, with the reason
    "environments/{environment}/": EVERYBODY,
    "environments/{environment}/edit/": EVERYBODY,
    "environments/{environment}/check/": COMMAND,
    "environments/{environment}/checks/": (SIGN_IN, 286, 286, 286, 286, 286),
    "environments/{environment}/external-id/": COMMAND,
    "intake/": EVERYBODY,
    "intake/new/": EVERYBODY,
    "intake/similar/": EVERYBODY,
    "intake/ranking/": EVERYBODY,
    "intake/{key}/concept/": PROJECT,
    "intake/{key}/concept/take-back/": COMMAND,
    "intake/{key}/similar/": PROJECT,
    "intake/{key}/questions/{asked_id}/": COMMAND,
    "projects/{key}/join/": PROJECT,
    "projects/{key}/join-requests/": PROJECT,
    "join-requests/{join_id}/decide/": COMMAND,
    "join-requests/{join_id}/withdraw/": COMMAND,
    "projects/{key}/business-case/": PROJECT,
    "projects/{key}/business-case.pdf": PROJECT,
    "projects/{key}/qualification/": PROJECT,
    "projects/{key}/qualification/around/": PROJECT,
    "projects/{key}/qualification/review/": COMMAND,
    "projects/{key}/qualification/decide-intake/": COMMAND,
    "projects/{key}/qualification/end-deferral/": COMMAND,
    "projects/{key}/qualification/reviewers/": COMMAND,
    "projects/{key}/qualification/reviewers/{reviewer}/release/": COMMAND,
    "intake/{key}/{slug}/": PROJECT,
    "intake/{key}/{slug}/autosave/": COMMAND,
    "intake/export.csv": EVERYBODY,
    "projects/": EVERYBODY,
    "projects/export.csv": EVERYBODY,
    "projects/{key}/": PROJECT,
    "projects/{key}/checklist/": PROJECT,
    "projects/{key}/checklist/{code}/evidence/": PROJECT,
    "projects/{key}/checklist/{code}/verdict/": COMMAND,
    "projects/{key}/checklist/{code}/": PROJECT,
    "projects/{key}/checklist/{code}/confirm/": COMMAND,
    "projects/{key}/checklist/{code}/plan/": COMMAND,
    "projects/{key}/checklist/{code}/waivers/": PROJECT,
    "projects/{key}/evidence/{evidence}/": PROJECT,
    "projects/{key}/evidence/{evidence}/withdraw/": COMMAND,
    "projects/{key}/team/": PROJECT,
    "projects/{key}/team/responsibilities/": COMMAND,
    "projects/{key}/team/{member}/remove/": COMMAND,
    "projects/{key}/lessons/": PROJECT,
    "projects/{key}/lessons/alike/": PROJECT,
    "lessons/{lesson}/withdraw/": COMMAND,
    "stories/": EVERYBODY,
    "projects/{key}/history/": PROJECT,
    "projects/{key}/history/export.csv": PROJECT,
    "projects/{key}/revisions/{number}/": PROJECT,
}


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert set(ours()) == set(TABLE)


def test_everybody_reads_what_is_theirs_and_nothing_else(things: dict[str, Any], people: dict[str, User]) -> None:
    seen: dict[str, tuple[int, ...]] = {}
    clients = {who: signed_in(who, people) for who in WHO}
    for route in TABLE:
        address = "/" + route.format(**things)
        seen[route] = tuple(clients[who].get(address).status_code for who in WHO)
    wrong = {route: (TABLE[route], statuses) for route, statuses in seen.items() if statuses != TABLE[route]}
    assert not wrong, "\n".join(f"{route}: expected {pair[0]}, saw {pair[1]}" for route, pair in wrong.items())


def test_nonsense_is_never_an_error_of_ours(things: dict[str, Any], people: dict[str, User]) -> None:
    """Whoever posts whatever to any address: a refusal, never a 5xx."""
    wrong = {}
    for who in ("anonymous", "stranger", "lead"):
        client = signed_in(who, people)
        for route in TABLE:
            for content in ("application/json", "multipart/form-data; boundary=BoUnDaRyStRiNg", "text/plain"):
                with transaction.atomic():
                    status = client.post("/" + route.format(**things), b"\x00{", content).status_code
                    transaction.set_rollback(True)
                expected = status in (302, 401) if who == "anonymous" else status < 500
                if not expected:
                    wrong[f"{who} {route} {content}"] = status
    assert wrong == {}
