"""Every address, as everybody: a new route without a row here fails.

The project is in its proof of concept, so approvers may read it; a stranger takes no part in it. A status is what a GET
answers; ``405`` marks commands, which are posted in the second table.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from coe_portal.core.models import ApiToken, AuditEntry, User
from coe_portal.core.services import tokens
from deployments.models import Run
from deployments.services import runs
from deployments.services.specification import Wish
from governance.models import ApprovalRequest, PolicyVersion, Severity
from governance.services import conditions, delegations, findings
from projects.models import BusinessUnit, Project
from tests.deployments.conftest import approved_project

pytestmark = pytest.mark.django_db

WHO = ("anonymous", "stranger", "scientist", "security", "lead", "auditor")
SIGN_IN, TOKEN = 302, 401
EVERYBODY = (SIGN_IN, 200, 200, 200, 200, 200)  # a page for everybody who signed in
PROJECT = (SIGN_IN, 404, 200, 200, 200, 200)  # a page of a project: a stranger does not know of it
COMMAND = (SIGN_IN, 405, 405, 405, 405, 405)
API = (TOKEN, 200, 200, 200, 200, 200)
API_PROJECT = (TOKEN, 404, 200, 200, 200, 200)
API_COMMAND = (TOKEN, 405, 405, 405, 405, 405)
START = (SIGN_IN, 302, 302, 302, 302, 302)

TABLE: dict[str, tuple[int, ...]] = {
    "api/schema/": API,
    "api/docs/": API,
    "api/v1/me/": API,
    "api/v1/users/": API,
    "api/v1/users/{username}/": API,
    "api/v1/audit/": API,
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
    "api/v1/projects/{key}/advance/": API_COMMAND,
    "api/v1/projects/{key}/gate/": API_PROJECT,
    "api/v1/approvals/": API,
    "api/v1/approvals/{approval}/": API_PROJECT,
    "api/v1/approvals/{approval}/decide/": API_COMMAND,
    "api/v1/approvals/{approval}/withdraw/": API_COMMAND,
    "api/v1/approvals/{approval}/ask/": API_COMMAND,
    "api/v1/approvals/{approval}/answer/": API_COMMAND,
    "api/v1/conditions/": API,
    "api/v1/conditions/{condition}/": API_PROJECT,
    "api/v1/conditions/{condition}/meet/": API_COMMAND,
    "api/v1/delegations/": API,
    "api/v1/delegations/{delegation}/": (TOKEN, 404, 404, 200, 200, 200),
    "api/v1/findings/": API,
    "api/v1/findings/{finding}/": API_PROJECT,
    "api/v1/findings/{finding}/resolve/": API_COMMAND,
    "api/v1/projects/{key}/break-glass/": API_COMMAND,
    "api/v1/policies/": API,
    "api/v1/policies/schema/": API,
    "api/v1/policies/{policy}/": API,
    "api/v1/policies/{policy}/diff/": (TOKEN, 404, 404, 404, 404, 404),  # without ?to= there is nothing to compare
    "api/v1/policies/{policy}/publish/": API_COMMAND,
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
    "api/v1/projects/{key}/members/": API_PROJECT,
    "api/v1/projects/{key}/members/{member}/": API_PROJECT,
    "api/v1/projects/{key}/responsibilities/": API_PROJECT,
    "api/v1/projects/{key}/responsibilities/{duty}/": (TOKEN, 404, 404, 404, 404, 404),
    "": START,
    "portfolio/": EVERYBODY,
    "portfolio/export.csv": EVERYBODY,
    "search/": EVERYBODY,
    "audit/": EVERYBODY,
    "audit/export.csv": EVERYBODY,
    "me/": EVERYBODY,
    "me/preferences/": COMMAND,
    "me/tokens/": COMMAND,
    "me/tokens/{token}/revoke/": COMMAND,
    "inbox/": EVERYBODY,
    "inbox/count/": EVERYBODY,
    "approvals/{approval}/": PROJECT,
    "approvals/{approval}/decide/": COMMAND,
    "approvals/{approval}/withdraw/": COMMAND,
    "approvals/{approval}/ask/": COMMAND,
    "approvals/{approval}/answer/{question}/": COMMAND,
    "conditions/{condition}/meet/": COMMAND,
    "findings/{finding}/resolve/": COMMAND,
    "projects/{key}/findings/": PROJECT,
    "projects/{key}/break-glass/": PROJECT,
    "me/delegations/": EVERYBODY,
    "me/delegations/{delegation}/end/": COMMAND,
    "policies/": EVERYBODY,
    "policies/{policy}/": EVERYBODY,
    "projects/{key}/submit/": COMMAND,
    "projects/{key}/advance/": COMMAND,
    "projects/{key}/next-action/": PROJECT,
    "projects/{key}/gate/": PROJECT,
    "projects/{key}/decisions/": PROJECT,
    "runs/": EVERYBODY,
    "runs/compare/": (SIGN_IN, 400, 400, 400, 400, 400),
    "projects/{key}/runs/": PROJECT,
    "projects/{key}/runs/new/": PROJECT,
    "projects/{key}/runs/estimate/": COMMAND,
    "projects/{key}/runs/{number}/": PROJECT,
    "projects/{key}/runs/{number}/live/": PROJECT,
    "projects/{key}/runs/{number}/log/": PROJECT,
    "projects/{key}/runs/{number}/log.txt": PROJECT,
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
    "intake/{key}/{slug}/": PROJECT,
    "intake/{key}/{slug}/autosave/": COMMAND,
    "projects/": EVERYBODY,
    "projects/{key}/": PROJECT,
    "projects/{key}/checklist/": PROJECT,
    "projects/{key}/checklist/{code}/evidence/": COMMAND,
    "projects/{key}/checklist/{code}/verdict/": COMMAND,
    "projects/{key}/team/": PROJECT,
    "projects/{key}/team/responsibility/": COMMAND,
    "projects/{key}/team/{member}/remove/": COMMAND,
    "projects/{key}/history/": PROJECT,
    "projects/{key}/revisions/{number}/": PROJECT,
}


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, text)
        elif isinstance(pattern, URLPattern):
            yield text


def _plain(route: str) -> str:
    """``api/v1/^runs/(?P<pk>[^/]+)/$`` and ``runs/<str:key>/`` in one spelling."""
    names = {"pk": "", "username": "username", "project": "key"}
    kinds = {"users": "username", "audit": "audit", "tokens": "token", "environments": "environment", "runs": "run"}
    kinds |= {"templates": "template", "approvals": "approval", "policies": "policy", "business-units": "unit"}
    kinds |= {"delegations": "delegation", "conditions": "condition", "findings": "finding"}
    kinds |= {"members": "member", "responsibilities": "duty", "projects": "key"}
    parts: list[str] = []
    for part in route.replace("[^/]+", "*").replace("^", "").replace("$", "").split("/"):
        before = parts[-1] if parts else ""
        if part.startswith("(?P<"):
            name = part[4 : part.index(">")]
            part = "{" + (kinds.get(before) or name if names.get(name) == "" else name) + "}"
        elif part.startswith("<"):
            name = part.strip("<>").split(":")[1]
            renamed = {"token_id": "token", "label": "policy", "name": "environment", "member_id": "member"}
            renamed |= {
                "delegation_id": "delegation",
                "question_id": "question",
                "condition_id": "condition",
                "finding_id": "finding",
            }
            part = "{" + ("approval" if before == "approvals" else renamed.get(name, name)) + "}"
        parts.append(part)
    return "/".join(parts)


ROUTES = sorted({_plain(r) for r in _routes(get_resolver().url_patterns) if not r.startswith(("admin/", "accounts/"))})


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert set(ROUTES) == set(TABLE)


@pytest.fixture
def things(people: dict[str, User], shelf: None) -> dict[str, Any]:
    project: Project = approved_project()
    run: Run = runs.launch_run(
        wish=Wish(project=project.key, environment="local", template="tabular-classifier"), actor=people["scientist"]
    )
    tokens.create_token(user=people["scientist"], scopes=["read"], days=1, name="ci", actor=people["scientist"])
    entry = AuditEntry.objects.filter(actor=people["domain"]).order_by("id")[0]
    today = timezone.localdate()
    given = delegations.delegate(to="security", starts_on=today, ends_on=today, actor=people["lead"])
    asked = ApprovalRequest.objects.get()
    conditions.set_for(asked.decisions.all()[0], ["Report every month"])
    trouble = findings.Trouble("review", "Look at it", Severity.LOW, people["domain"], today)
    return {
        "finding": findings.raise_finding(project, trouble, actor=None).pk,
        "condition": asked.conditions.get().pk,
        "delegation": given.pk,
        "question": 1,
        "username": "lead",
        "audit": entry.pk,
        "token": ApiToken.objects.get().pk,
        "environment": "local",
        "template": "tabular-classifier",
        "run": run.pk,
        "number": run.number,
        "key": project.key,
        "code": "value",
        "approval": ApprovalRequest.objects.get().key,
        "policy": PolicyVersion.objects.get().label,
        "unit": BusinessUnit.objects.get().pk,
        "member": project.members.order_by("joined_at")[0].pk,
        "duty": "none",
        "slug": "challenge",
    }


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
        if route.startswith("api/v1/policies/{policy}/"):
            address = "/" + route.format(policy=PolicyVersion.objects.get().pk)
        seen[route] = tuple(clients[who].get(address).status_code for who in WHO)
    wrong = {route: (TABLE[route], statuses) for route, statuses in seen.items() if statuses != TABLE[route]}
    assert not wrong, "\n".join(f"{route}: expected {pair[0]}, saw {pair[1]}" for route, pair in wrong.items())


def test_no_stranger_and_no_auditor_changes_anything(things: dict[str, Any], people: dict[str, User]) -> None:
    own = ("me/", "api/v1/me/", "api/v1/tokens/", "intake/new/", "api/v1/projects/")
    before = AuditEntry.objects.count()
    wrong = {}
    for who in ("anonymous", "stranger", "auditor"):
        client = _client(who, people)
        for route in TABLE:
            if route.startswith(own) or route in ("", "api/schema/", "api/docs/"):
                continue
            for content in ("application/json", "multipart/form-data; boundary=BoUnDaRyStRiNg"):
                address = "/" + route.format(**things)
                status = client.post(address, {}, content).status_code
                if status not in (302, 401) if who == "anonymous" else status >= 500:
                    wrong[f"{who} {route}"] = status
    assert wrong == {}
    assert AuditEntry.objects.count() == before
