"""A team asks for data, its owner agrees, the copy is given back and seen to be gone, with real workers."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_accessibility import DESKTOP, PHONE, in_both_schemes, width_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _look(page: Page) -> list[str]:
    """What axe-core finds in both colour schemes, and whether the page scrolls sideways on a phone."""
    found = in_both_schemes(page, page.url)
    page.set_viewport_size(PHONE)
    if width_of(page) > PHONE["width"]:
        found.append(f"{page.url} scrolls sideways")
    page.set_viewport_size(DESKTOP)
    return found


def test_from_the_register_to_a_copy_that_is_gone(sign_in: SignIn) -> None:
    page = sign_in("scientist")
    page.goto("/datasets/?search=damage")
    page.get_by_role("link", name="damage_photos").click()
    found = _look(page)
    page.get_by_role("link", name="For Biopsy second opinion").click()
    page.get_by_label("What it is for").fill("Find out whether photos of tissue can be read in the same way.")
    page.get_by_role("button", name="Ask the owner").click()
    expect(page.locator("h1")).to_contain_text("Waits for approval")
    found += _look(page)
    here = page.url

    owner = sign_in("dataowner")
    owner.goto(here)
    owner.get_by_role("link", name="Open APR-").click()
    expect(owner.locator(".diff")).to_contain_text("damage_photos")
    owner.get_by_role("button", name="Approve", exact=True).click()
    owner.goto(here)
    expect(owner.locator("h1")).to_contain_text("Granted")

    page.goto(here)
    expect(page.get_by_label("IAM policy", exact=True)).to_contain_text("s3:GetObject")
    found += _look(page)
    page.get_by_text("Give it back").click()
    page.get_by_label("What was destroyed, and how?").fill("Nothing was copied yet, so nothing is left to destroy.")
    page.get_by_role("button", name="Attest the destruction").click()
    expect(page.locator("#destruction .chip")).to_have_text("Destroyed", timeout=60_000)
    page.reload()
    expect(page.locator("h1")).to_contain_text("Closed, copy destroyed")
    found += _look(page)
    assert not found, "\n".join(found)
