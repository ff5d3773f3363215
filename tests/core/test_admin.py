"""The admin console: leads work in it, auditors read it, others stay out."""

from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps as django_apps
from django.contrib.admin import site
from django.test import Client

from coe_portal.core.adminsite import AuditedAdmin, ReadOnlyAdmin
from coe_portal.core.models import ApiToken, AuditEntry, OutboxEvent, User
from deployments.models import Price
from governance.models import PolicyVersion
from governance.services import policies
from projects.models import BusinessUnit
from tests.core.conftest import bearer

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


# Every way to write in the console ends in the audit trail


def _written(client: Client, who: User, url: str, data: dict[str, Any]) -> AuditEntry:
    """Post the form and return the one entry that it left in the trail."""
    client.force_login(who)
    before = AuditEntry.objects.count()
    answer = client.post(url, data)
    assert answer.status_code == 302, answer.content.decode()
    assert AuditEntry.objects.count() == before + 1
    entry = AuditEntry.objects.latest("id")
    assert (entry.actor, entry.request_id) == (who, answer["X-Request-Id"])
    return entry


def test_a_business_unit_that_is_added_or_changed_is_in_the_trail(client: Client, lead: User) -> None:
    fields = {"name": "Motor claims", "cost_center": "CC-1"}
    assert _written(client, lead, "/admin/projects/businessunit/add/", fields).action == "business_unit.created"
    unit = BusinessUnit.objects.get()
    entry = _written(client, lead, f"/admin/projects/businessunit/{unit.pk}/change/", fields | {"cost_center": "CC-2"})
    assert (entry.action, entry.before, entry.after) == (
        "business_unit.changed",
        {"cost_center": "CC-1"},
        {"cost_center": "CC-2"},
    )


def test_a_person_who_leaves_is_in_the_trail(client: Client, ada: User, lead: User) -> None:
    fields = {"username": "ada", "display_name": "Ada Byron", "kind": "person"}
    entry = _written(client, lead, f"/admin/core/user/{ada.pk}/change/", fields)
    assert (entry.action, entry.before, entry.after) == ("user.changed", {"is_active": True}, {"is_active": False})


PRICE = {
    "region": "eu-west-1",
    "component": "training",
    "instance_type": "ml.m7i.large",
    "per_hour": "0.123456",
    "currency": "USD",
    "dated_on": "2026-11-01",
    "source": "AWS price list",
}


def test_a_price_that_the_table_lacks_is_added_once_and_never_changed(client: Client, lead: User) -> None:
    entry = _written(client, lead, "/admin/deployments/price/add/", PRICE)
    price = Price.objects.get()
    assert (entry.action, entry.subject) == ("price.added", price.ref)
    assert entry.after == {"per_hour": "0.123456", "currency": "USD", "source": "AWS price list"}
    again = client.post("/admin/deployments/price/add/", PRICE | {"per_hour": "0.2"})
    assert b"already exists" in again.content
    assert client.post(f"/admin/deployments/price/{price.pk}/change/", PRICE).status_code == 403
    assert Price.objects.get().per_hour == price.per_hour


@pytest.mark.parametrize("wrong", [{"per_hour": "0"}, {"per_hour": "-1"}, {"per_hour": "NaN"}, {"dated_on": "soon"}])
def test_a_price_that_cannot_be_is_refused(client: Client, lead: User, wrong: dict[str, str]) -> None:
    client.force_login(lead)
    assert client.post("/admin/deployments/price/add/", PRICE | wrong).status_code == 200
    assert not Price.objects.exists()


def test_a_policy_is_drafted_changed_and_published_and_then_never_again(client: Client, lead: User) -> None:
    policies.load_default()
    source = policies.DEFAULT.read_text().replace("title: The default journey", "title: Our journey")
    assert _written(client, lead, "/admin/governance/policyversion/add/", {"source": source}).action == "policy.drafted"
    draft = PolicyVersion.objects.get(number=2)
    url = f"/admin/governance/policyversion/{draft.pk}/change/"
    changed = source.replace("title: Our journey", "title: Our own journey")
    assert _written(client, lead, url, {"source": changed}).action == "policy.draft_changed"
    renamed = client.post(url, {"source": changed.replace("name: default", "name: other", 1)})
    assert "stays so" in renamed.content.decode()
    client.post("/admin/governance/policyversion/", {"action": "publish", "_selected_action": [draft.pk]})
    draft.refresh_from_db()
    assert (draft.status, draft.title, draft.published_by) == ("published", "Our own journey", lead)
    assert AuditEntry.objects.filter(actor=lead, subject=draft.ref, action="policy.published").count() == 1
    assert client.post(url, {"source": source}).status_code == 403
    assert policies.load_default() is None


def test_a_policy_that_is_wrong_says_the_line(client: Client, lead: User) -> None:
    client.force_login(lead)
    page = client.post("/admin/governance/policyversion/add/", {"source": "name: x\ncolour: red"})
    assert "line " in page.content.decode()
    assert not PolicyVersion.objects.exists()


def test_an_update_never_replaces_the_policy_that_a_lead_published(
    lead: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = policies.DEFAULT.read_text()
    own = policies.create_draft(source=shipped.replace("The default journey", "Ours"), actor=lead)
    policies.publish(policy_id=own.pk, actor=lead)
    newer = tmp_path / "default.yaml"
    newer.write_text(shipped.replace("The default journey", "The shipped journey, improved"))
    monkeypatch.setattr(policies, "DEFAULT", newer)
    draft = policies.load_default()
    assert draft is not None
    assert draft.status == "draft"
    assert PolicyVersion.objects.get(status="published").title == "Ours"


def test_a_lead_sets_a_password_and_the_old_one_and_its_sessions_end(client: Client, ada: User, lead: User) -> None:
    theirs = Client()
    assert theirs.login(username="ada", password="correct horse battery")
    url = f"/admin/core/user/{ada.pk}/password/"
    client.force_login(lead)
    assert client.get(url).status_code == 200
    assert b"../password/" in client.get(f"/admin/core/user/{ada.pk}/change/").content
    secret = "tulips-in-november"
    entry = _written(client, lead, url, {"new_password1": secret, "new_password2": secret})
    assert (entry.action, entry.subject, entry.before, entry.after) == ("user.password_set", "user:ada", None, None)
    ada.refresh_from_db()
    assert ada.check_password(secret)
    assert theirs.get("/me/").status_code == 302


def test_a_service_account_never_has_a_password(client: Client, ada: User, lead: User) -> None:
    secret = {"password1": "tulips-in-november", "password2": "tulips-in-november"}
    fields = {"username": "nightly", "display_name": "Nightly runs", "kind": "service", "is_active": "on"}
    _written(client, lead, "/admin/core/user/add/", fields | secret)
    account = User.objects.get(username="nightly")
    assert not account.has_usable_password()
    new = {"new_password1": "tulips-in-november", "new_password2": "tulips-in-november"}
    page = client.post(f"/admin/core/user/{account.pk}/password/", new, follow=True)
    assert "API tokens and no password" in page.content.decode()
    person = {"username": "ada", "display_name": "Ada Byron", "is_active": "on"}
    _written(client, lead, f"/admin/core/user/{ada.pk}/change/", person | {"kind": "service"})
    for username, password in (("nightly", "tulips-in-november"), ("ada", "correct horse battery")):
        assert not Client().login(username=username, password=password)


def test_somebody_who_left_loses_the_session_in_the_api_too(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/api/v1/me/").status_code == 200
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get("/api/v1/me/").status_code == 401


def test_a_lead_removes_a_lost_second_factor(client: Client, ada: User, lead: User) -> None:
    Authenticator.objects.create(user=ada, type=Authenticator.Type.TOTP, data={"secret": "x"})
    data = {"action": "remove_second_factors", "_selected_action": [ada.pk]}
    entry = _written(client, lead, "/admin/core/user/", data)
    assert (entry.action, entry.before) == ("user.second_factors_removed", {"factors": ["totp"]})
    assert not Authenticator.objects.exists()


def test_a_lead_revokes_a_token(client: Client, ada: User, lead: User) -> None:
    headers = bearer(ada)
    data = {"action": "revoke", "_selected_action": [ApiToken.objects.get(user=ada).pk]}
    assert _written(client, lead, "/admin/core/apitoken/", data).action == "token.revoked"
    assert Client().get("/api/v1/me/", headers=headers).status_code == 401


def test_the_last_lead_cannot_be_lost(client: Client, lead: User) -> None:
    client.force_login(lead)
    fields = {"username": "lead", "display_name": "Marta Veiga", "kind": "person", "is_active": "on"}
    page = client.post(f"/admin/core/user/{lead.pk}/change/", fields)
    assert "This is the last CoE lead." in page.content.decode()
    lead.refresh_from_db()
    assert lead.is_lead


def test_the_console_shows_no_page_that_writes_past_the_trail_or_shows_secrets() -> None:
    kinds = {type(model_admin) for model_admin in site._registry.values()}
    assert all(issubclass(kind, ReadOnlyAdmin | AuditedAdmin) for kind in kinds)
    assert not {model._meta.app_label for model in site._registry} & {"auth", "account", "mfa", "socialaccount"}
    for kind in kinds:
        assert issubclass(kind, ReadOnlyAdmin) or kind.audit_name


@pytest.mark.parametrize(
    ("page", "action"),
    [
        ("core/outboxevent", "retry"),
        ("core/apitoken", "revoke"),
        ("core/user", "remove_second_factors"),
        ("governance/policyversion", "publish"),
    ],
)
def test_an_auditor_has_no_action(client: Client, ada: User, lead: User, auditor: User, page: str, action: str) -> None:
    bearer(ada)
    OutboxEvent.objects.create(key="k", name="happened", payload={}, state="parked", error="no run")
    Authenticator.objects.create(user=ada, type=Authenticator.Type.TOTP, data={})
    policies.create_draft(source=policies.DEFAULT.read_text(), actor=lead)
    client.force_login(auditor)
    before = AuditEntry.objects.count()
    ids = [row.pk for row in site.get_model_admin(django_apps.get_model(page.replace("/", "."))).model.objects.all()]
    client.post(f"/admin/{page}/", {"action": action, "_selected_action": ids})
    assert f'value="{action}"' not in client.get(f"/admin/{page}/").content.decode()
    assert AuditEntry.objects.count() == before
    assert OutboxEvent.objects.get().state == "parked"
    assert ApiToken.objects.get(user=ada).revoked_at is None
    assert Authenticator.objects.exists()
