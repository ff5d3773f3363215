"""A team asks for data, its owner agrees, the copy is given back and seen to be gone, with real workers."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def _look(page: Page) -> list[str]:
    """What axe-core finds in both colour schemes, and whether the page scrolls sideways on a phone."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        expect(page.locator(f"html[data-bs-theme={scheme}]")).to_have_count(1)
        violations = Axe().run(page, options=RULES).response["violations"]
        found += [f"{page.url} {scheme} {item['id']}: {item['nodes'][0]['html'][:160]}" for item in violations]
    page.set_viewport_size({"width": 390, "height": 844})
    if page.evaluate("document.documentElement.scrollWidth") > 390:
        found.append(f"{page.url} scrolls sideways")
    page.set_viewport_size({"width": 1440, "height": 1000})
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
