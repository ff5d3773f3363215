"""Every address, as everybody: a new route without a row here fails.

The project is in its proof of concept, so approvers may read it; a stranger takes no part in it. A status is what a GET
answers; ``405`` marks commands, which are posted in the second table.
"""

from typing import Any

import pytest
from django.apps import apps as django_apps
from django.db import transaction
from django.test import Client
from django.utils import timezone

from coe_portal.core.models import AuditEntry, OutboxEvent, User
from governance.models import ApprovalRequest, BreakGlass, Notification, PocDecision, Review, Waiver
from projects.models import Project
from tests.journeys.routes import WHO, everything, ours

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


ROUTES = sorted(ours())


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert set(ROUTES) == set(TABLE)


def _client(who: str, people: dict[str, User]) -> Client:
    client = Client()
    if who != "anonymous":
        client.force_login(people[who])
    return client


def test_everybody_reads_what_is_theirs_and_nothing_else(things: dict[str, Any], people: dict[str, User]) -> None:
    seen: dict[str, tuple[int, ...]] = {}
    clients = {who: _client(who, people) for who in WHO}
    for route in TABLE:
        address = "/" + route.format(**things)
        seen[route] = tuple(clients[who].get(address).status_code for who in WHO)
    wrong = {route: (TABLE[route], statuses) for route, statuses in seen.items() if statuses != TABLE[route]}
    assert not wrong, "\n".join(f"{route}: expected {pair[0]}, saw {pair[1]}" for route, pair in wrong.items())


def test_nonsense_is_never_an_error_of_ours(things: dict[str, Any], people: dict[str, User]) -> None:
    """Whoever posts whatever to any address: a refusal, never a 5xx."""
    wrong = {}
    for who in ("anonymous", "stranger", "lead"):
        client = _client(who, people)
        for route in TABLE:
            for content in ("application/json", "multipart/form-data; boundary=BoUnDaRyStRiNg", "text/plain"):
                with transaction.atomic():
                    status = client.post("/" + route.format(**things), b"\x00{", content).status_code
                    transaction.set_rollback(True)
                expected = status in (302, 401) if who == "anonymous" else status < 500
                if not expected:
                    wrong[f"{who} {route} {content}"] = status
    assert wrong == {}


# The console: who opens what. Auditors only read; members, approvers and strangers stay out.

CHANGED_BY_LEADS = (200, 200, 200)  # list, add, change
ADDED_BY_LEADS = (200, 200, 200)  # what exists is only shown
READ_ONLY = (200, 403, 200)
CONSOLE: dict[str, tuple[int, ...]] = {
    "core/auditentry": READ_ONLY,
    "core/outboxevent": READ_ONLY,
    "core/apitoken": READ_ONLY,
    "core/user": CHANGED_BY_LEADS,
    "projects/businessunit": CHANGED_BY_LEADS,
    "projects/project": READ_ONLY,
    "projects/dataset": CHANGED_BY_LEADS,
    "projects/dataaccess": READ_ONLY,
    "projects/skill": CHANGED_BY_LEADS,
    "projects/handover": READ_ONLY,
    "projects/lesson": READ_ONLY,
    "governance/policyversion": ADDED_BY_LEADS,
    "governance/approvalrequest": READ_ONLY,
    "governance/breakglass": READ_ONLY,
    "governance/condition": READ_ONLY,
    "governance/delegation": READ_ONLY,
    "governance/finding": READ_ONLY,
    "governance/notification": READ_ONLY,
    "governance/pocdecision": READ_ONLY,
    "governance/review": READ_ONLY,
    "governance/waiver": READ_ONLY,
    "deployments/environment": CHANGED_BY_LEADS,
    "deployments/templateversion": READ_ONLY,
    "deployments/price": ADDED_BY_LEADS,
    "deployments/run": READ_ONLY,
}
KINDS = {"": 0, "add/": 1, "<path:object_id>/change/": 2}
DELETE, HISTORY, JUMP = "<path:object_id>/delete/", "<path:object_id>/history/", "<path:object_id>/"
# Addresses that are not a model's own; for anonymous, stranger, security, lead, auditor.
CONSOLE_PAGES: dict[str, tuple[int, ...]] = {
    "admin/": (302, 302, 302, 200, 200),
    "admin/system/": (302, 302, 302, 200, 200),
    "admin/core/user/<int:user_id>/password/": (302, 302, 302, 200, 403),
    "admin/login/": (302, 403, 403, 302, 302),
    "admin/logout/": (302, 302, 302, 405, 405),
    "admin/password_change/": (302, 302, 302, 200, 200),
    "admin/password_change/done/": (302, 302, 302, 200, 200),
    "admin/autocomplete/": (302, 302, 302, 403, 403),
    "admin/jsi18n/": (302, 302, 302, 200, 200),
    "admin/r/<path:content_type_id>/<path:object_id>/": (302, 302, 302, 404, 404),
    "admin/^(?P<app_label>core|projects|governance|deployments)/$": (302, 302, 302, 200, 200),
    "admin/(?P<url>.*)$": (302, 302, 302, 404, 404),
}


def _console() -> list[str]:
    return [route for route, _ in everything() if route.startswith("admin/")]


def test_every_address_of_the_console_has_a_row() -> None:
    models = {f"admin/{model}/{kind}" for model in CONSOLE for kind in (*KINDS, DELETE, HISTORY, JUMP)}
    assert set(_console()) == models | set(CONSOLE_PAGES)


def _judged(project: Project, people: dict[str, User]) -> None:
    """A review, a decision on the proof of concept and a waiver, as they are stored."""
    scores = {"value": 4, "feasibility": 4, "data_readiness": 4, "risk": 4}
    Review.objects.create(project=project, reviewer=people["lead"], revision=1, scores=scores, policy_version="x:1")
    PocDecision.objects.create(project=project, decision="go", reason="It works.", decided_by=people["lead"])
    criterion, today = project.criteria.all()[0], timezone.localdate()
    Waiver.objects.create(
        project=project, criterion=criterion, ends_on=today, reason="Soon.", requested_by=people["domain"]
    )


def test_the_console_is_for_leads_and_auditors(things: dict[str, Any], people: dict[str, User]) -> None:
    OutboxEvent.objects.get_or_create(key="k", name="happened", payload={}, state="parked")
    asked = ApprovalRequest.objects.all()[0]
    BreakGlass.objects.create(project=asked.project, action="deploy", hours=1, requested_by=people["domain"])
    Notification.objects.create(event_key="k", person=people["lead"], request=asked, telling="asked")
    _judged(asked.project, people)
    clients = {who: _client(who, people) for who in WHO}
    seen, expected = {}, {}
    for model, statuses in CONSOLE.items():
        pk = django_apps.get_model(model.replace("/", ".")).objects.order_by("pk")[0].pk
        for kind, position in KINDS.items():
            address = f"/admin/{model}/{kind.replace('<path:object_id>', str(pk))}"
            seen[address] = tuple(client.get(address).status_code for client in clients.values())
            auditor = 403 if kind == "add/" else 200
            expected[address] = (302, 302, 302, 302, statuses[position], auditor)
        for kind, status in ((DELETE, 403), (HISTORY, 200)):
            address = f"/admin/{model}/{kind.replace('<path:object_id>', str(pk))}"
            seen[address] = tuple(client.get(address).status_code for client in clients.values())
            expected[address] = (302, 302, 302, 302, status, status)
    wrong = {address: (expected[address], row) for address, row in seen.items() if row != expected[address]}
    assert not wrong, "\n".join(f"{address}: expected {pair[0]}, saw {pair[1]}" for address, pair in wrong.items())


def test_the_other_pages_of_the_console(things: dict[str, Any], people: dict[str, User]) -> None:
    clients = [_client(who, people) for who in ("anonymous", "stranger", "security", "lead", "auditor")]
    filled = {"<int:user_id>": str(people["scientist"].pk), "<path:content_type_id>/<path:object_id>": "1/1"}
    filled |= {"^(?P<app_label>core|projects|governance|deployments)/$": "core/", "(?P<url>.*)$": "nowhere/"}
    seen = {}
    for route in CONSOLE_PAGES:
        address = "/" + route
        for name, value in filled.items():
            address = address.replace(name, value)
        seen[route] = tuple(client.get(address).status_code for client in clients)
    wrong = {route: (CONSOLE_PAGES[route], row) for route, row in seen.items() if row != CONSOLE_PAGES[route]}
    assert not wrong, "\n".join(f"{route}: expected {pair[0]}, saw {pair[1]}" for route, pair in wrong.items())


@pytest.mark.parametrize("who", ["anonymous", "stranger", "security", "auditor"])
def test_nobody_but_leads_posts_to_the_console(who: str, things: dict[str, Any], people: dict[str, User]) -> None:
    client, before = _client(who, people), AuditEntry.objects.count()
    for model in CONSOLE:
        pk = django_apps.get_model(model.replace("/", ".")).objects.order_by("pk").values_list("pk", flat=True).first()
        for kind in ("add/", f"{pk}/change/", f"{pk}/delete/"):
            assert client.post(f"/admin/{model}/{kind}", {"post": "yes", "name": "x"}).status_code in (302, 403)
    assert AuditEntry.objects.count() == before
