"""The team's matrix on a phone and by keyboard alone, and a view that is saved without leaving the portfolio."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _row(name: str) -> str:
    return f"tr:has(th:has-text('{name}'))"


def test_the_matrix_is_edited_by_keyboard_on_a_phone_and_the_gap_closes(sign_in: SignIn) -> None:
    page = sign_in("lead", viewport={"width": 390, "height": 844})
    page.goto("/projects/")
    page.get_by_role("link", name="Care call planning").click()
    page.get_by_role("navigation", name="Project").get_by_role("link", name="Team").click()
    gap = page.locator(".raci").locator(_row("Security and compliance"))
    expect(gap).to_contain_text("Nobody accountable")
    field = page.get_by_label("Security and compliance, Priya Raman")
    field.focus()
    page.keyboard.type("Acc")
    expect(field).to_have_value("accountable")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("button", name="Save responsibilities").press("Enter")
    expect(page.get_by_text("1 responsibility changed.")).to_be_visible()
    expect(page.locator(".raci")).not_to_contain_text("Nobody accountable")


def test_a_view_of_the_board_is_saved_without_scripts_and_opened_from_the_sidebar(sign_in: SignIn) -> None:
    page = sign_in("sponsor", java_script_enabled=False)
    page.goto("/portfolio/")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="In proof of concept").click()
    page.get_by_role("navigation", name="Layout").get_by_role("link", name="Board").click()
    expect(page.locator("#kb-poc")).not_to_contain_text("0")
    expect(page.locator("#kb-intake")).to_contain_text("0")
    page.get_by_text("Save view").first.click()
    page.get_by_label("Name", exact=True).fill("My proofs of concept")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_text("“My proofs of concept” is saved.")).to_be_visible()
    page.goto("/projects/")
    page.get_by_role("link", name="My proofs of concept").click()
    expect(page.get_by_role("link", name="Stage Proof of concept")).to_be_visible()
    expect(page.locator("#kb-intake")).to_contain_text("0")
