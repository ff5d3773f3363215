"""The kernel's pages: account, audit trail, search, sign-in; and what every template keeps to."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from coe_portal.core import audit
from coe_portal.core.csv_export import neutral
from coe_portal.core.models import ApiToken, User
from coe_portal.core.templatetags import coe_ui

TEMPLATES = sorted(path for kind in ("html", "jinja") for path in (settings.BASE_DIR / "templates").rglob(f"*.{kind}"))


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/search/", "/search/?q=audit", "/audit/", "/me/"])
def test_every_page_of_the_kernel_renders_for_a_person(client: Client, ada: User, page: str) -> None:
    client.force_login(ada)
    answer = client.get(page)
    assert answer.status_code == 200
    assert b'<main class="content" id="main"' in answer.content


@pytest.mark.django_db
def test_signing_in_with_a_password_leads_to_the_start_page(client: Client, ada: User) -> None:
    page = client.get("/accounts/login/")
    assert b"Your CoE lead makes one for you" in page.content
    answer = client.post("/accounts/login/", {"login": "ada", "password": "correct horse battery"})
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.django_db
def test_nobody_signs_up_by_themselves(client: Client) -> None:
    client.post("/accounts/signup/", {"username": "eve", "password1": "a-long-secret-phrase"})
    assert not User.objects.filter(username="eve").exists()


@pytest.mark.django_db
def test_a_token_made_on_the_account_page_works_and_can_be_revoked_there(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.post("/me/tokens/", {"name": "ci", "scopes": ["read"], "days": 30})
    token = re.search(r"coe_[\w-]{43}", page.content.decode())
    assert token is not None
    headers = {"Authorization": f"Bearer {token[0]}"}
    assert Client().get("/api/v1/me/", headers=headers).status_code == 200
    client.post(f"/me/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert Client().get("/api/v1/me/", headers=headers).status_code == 401


@pytest.mark.django_db
def test_a_wrong_token_form_shows_the_sentence_at_the_field(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.post("/me/tokens/", {"name": "ci", "scopes": ["read"], "days": 9000})
    assert page.status_code == 422
    assert b"Ensure this value is less than or equal to 365" in page.content


@pytest.mark.django_db
def test_the_theme_is_kept_and_rendered(client: Client, ada: User) -> None:
    client.force_login(ada)
    client.post("/me/preferences/", {"theme": "dark"})
    page = client.get("/me/").content.decode()
    assert 'data-bs-theme="dark"' in page
    assert 'data-shortcuts="off"' in page


@pytest.mark.django_db
def test_the_trail_is_exported_as_it_is_filtered_with_formulas_made_harmless(client: Client, lead: User) -> None:
    audit.record(actor=lead, action="user.greeted", subject=lead, comment="=HYPERLINK(1)")
    audit.record(actor=lead, action="policy.published", subject=lead)
    client.force_login(lead)
    answer = client.get("/audit/export.csv?action=user")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "user.greeted" in text
    assert "policy.published" not in text
    assert "'=HYPERLINK(1)" in text


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(value: str) -> None:
    assert neutral(value) == "'" + value


@pytest.mark.django_db
def test_an_ended_session_sends_an_htmx_request_to_sign_in(client: Client) -> None:
    answer = client.get("/audit/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/accounts/login/"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/audit/%00", "/audit/?actor=%00"])
def test_a_nul_character_in_the_address_is_a_clear_refusal(client: Client, ada: User, address: str) -> None:
    client.force_login(ada)
    assert client.get(address).status_code == 400


@pytest.mark.django_db
def test_every_page_carries_the_strict_policy(client: Client, ada: User) -> None:
    client.force_login(ada)
    policy = client.get("/me/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|<script(?![^>]*\bsrc=)", text)
    assert not re.search(r'hx-trigger="[^"]*\[', text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_icon_that_a_template_names_exists(path: Path) -> None:
    names = re.findall(r'{[%{] icon(?: |\()"([^"]+)"', path.read_text())
    assert [name for name in names if name not in coe_ui._icons()] == []


def test_every_icon_that_a_chip_or_a_place_names_exists() -> None:
    from coe_portal.core.menu import MENU
    from coe_portal.pages.navigation import PLACES
    from deployments.views import chips

    named = [place.icon for _, places in MENU for place in places] + [place.icon for place in PLACES]
    for table in (chips._RUN_CHIPS, chips._CHECKS, chips._VERDICTS):
        named += [chip.icon for chip in table.values()]
    named += list(coe_ui.CHIPS.values())
    assert [name for name in named if name not in coe_ui._icons()] == []


def test_vendored_files_are_what_the_manifest_says() -> None:
    folder = settings.BASE_DIR / "static" / "vendor"
    for entry in json.loads((folder / "manifest.json").read_text()):
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"], entry["file"]
        assert entry["licence"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0"),
        ("0.004", "< $0.01"),
        ("14.617", "$14.62"),
        ("9500", "$9,500"),
        ("61000", "$61k"),
        ("1200000", "$1.2M"),
    ],
)
def test_money_is_short_and_never_a_false_zero(amount: str, text: str) -> None:
    assert coe_ui.money(amount) == text
