"""The admin console: leads work in it, auditors read it, others stay out."""

import pytest
from django.test import Client

from coe_portal.core.models import AuditEntry, OutboxEvent, User

pytestmark = pytest.mark.django_db

PAGES = [
    "/admin/",
    "/admin/system/",
    "/admin/core/user/",
    "/admin/core/auditentry/",
    "/admin/core/outboxevent/",
    "/admin/core/apitoken/",
]


@pytest.mark.parametrize("page", PAGES)
def test_leads_and_auditors_open_every_page_and_others_none(
    client: Client, ada: User, lead: User, auditor: User, page: str
) -> None:
    for user, status in ((lead, 200), (auditor, 200), (ada, 302)):
        client.force_login(user)
        assert client.get(page).status_code == status


def test_a_changed_role_is_in_the_audit_trail(client: Client, ada: User, lead: User) -> None:
    client.force_login(lead)
    fields = {"username": "ada", "display_name": "Ada Byron", "kind": "person", "is_active": "on"}
    answer = client.post(f"/admin/core/user/{ada.pk}/change/", {**fields, "approver_groups": ["security"]})
    assert answer.status_code == 302
    entry = AuditEntry.objects.get(action="user.changed")
    assert (entry.actor, entry.subject, entry.before, entry.after) == (
        lead,
        "user:ada",
        {"approver_groups": []},
        {"approver_groups": ["security"]},
    )


def test_a_new_person_can_sign_in_and_the_password_is_nowhere_in_the_trail(client: Client, lead: User) -> None:
    client.force_login(lead)
    fields = {"username": "grace", "display_name": "Grace Hopper", "kind": "person", "is_active": "on"}
    secret = "a-long-secret-phrase"
    client.post("/admin/core/user/add/", {**fields, "password1": secret, "password2": secret})
    assert User.objects.get(username="grace").check_password(secret)
    assert secret not in str(list(AuditEntry.objects.values()))


def test_an_auditor_cannot_change_anything(client: Client, ada: User, auditor: User) -> None:
    client.force_login(auditor)
    assert client.post(f"/admin/core/user/{ada.pk}/change/", {"username": "eve"}).status_code == 403
    assert client.get("/admin/core/user/add/").status_code == 403


def test_a_lead_retries_a_parked_event_and_the_trail_says_so(client: Client, lead: User) -> None:
    event = OutboxEvent.objects.create(key="k", name="happened", payload={}, state="parked", error="no run")
    client.force_login(lead)
    client.post("/admin/core/outboxevent/", {"action": "retry", "_selected_action": [event.pk]})
    event.refresh_from_db()
    assert event.state == "pending"
    assert AuditEntry.objects.get(action="event.retried").actor == lead


def test_the_console_says_what_to_do_about_a_worker_that_was_never_seen(client: Client, lead: User) -> None:
    from django.core.cache import cache

    cache.clear()
    client.force_login(lead)
    page = client.get("/admin/system/").content.decode()
    assert "Never seen. Start it as docs/operations.md says." in page


def test_the_console_shows_only_rooms_whose_changes_are_audited(client: Client, lead: User) -> None:
    client.force_login(lead)
    page = client.get("/admin/").content.decode()
    assert "Email addresses" not in page and "Authenticators" not in page and "Social" not in page
    assert "Accounts, site roles and approver groups" in page
    assert client.get("/admin/mfa/authenticator/").status_code == 404
    assert client.get("/admin/auth/group/").status_code == 404


@pytest.mark.parametrize(("theme", "said"), [("dark", 'data-theme="dark"'), ("auto", 'data-theme="auto"')])
def test_the_console_wears_the_colours_of_the_portal(client: Client, lead: User, theme: str, said: str) -> None:
    User.objects.filter(pk=lead.pk).update(theme=theme)
    client.force_login(lead)
    page = client.get("/admin/").content.decode()
    assert said in page and "admin.css" in page
