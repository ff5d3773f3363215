"""Every address of the admin console, as everybody: who opens what. Auditors only read; others stay out."""

from typing import Any

import pytest
from django.apps import apps as django_apps
from django.utils import timezone

from coe_portal.core.models import AuditEntry, OutboxEvent, User
from governance.models import ApprovalRequest, BreakGlass, Notification, PocDecision, Review, Waiver
from projects.models import Project
from tests.journeys.routes import WHO, everything, signed_in

pytestmark = pytest.mark.django_db

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
    clients = {who: signed_in(who, people) for who in WHO}
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
    clients = [signed_in(who, people) for who in ("anonymous", "stranger", "security", "lead", "auditor")]
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
    client, before = signed_in(who, people), AuditEntry.objects.count()
    for model in CONSOLE:
        pk = django_apps.get_model(model.replace("/", ".")).objects.order_by("pk").values_list("pk", flat=True).first()
        for kind in ("add/", f"{pk}/change/", f"{pk}/delete/"):
            assert client.post(f"/admin/{model}/{kind}", {"post": "yes", "name": "x"}).status_code in (302, 403)
    assert AuditEntry.objects.count() == before
