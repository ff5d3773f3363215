"""What is like an idea is shown while it is typed, before the rest of the form is filled in."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_similar_work_is_shown_while_only_name_and_summary_are_typed(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.goto("/intake/new/")
    page.get_by_label("Name").fill("Care calls by expected progression")
    page.get_by_label("In one or two sentences").fill("Ranks patients with diabetes, so that calls reach them.")
    card = page.locator("#similar")
    expect(card).to_contain_text("Care call planning")
    expect(card).to_contain_text("What others learnt")
