"""The shell in Chromium: palette, keys, badge, colours, phone, and all of it without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def waiting(stack: Stack) -> str:
    """The key of a fresh request that waits for the CoE lead."""
    return stack.portal("shell", "--no-imports", "-c", ASK).splitlines()[-1]


ASK = """
from coe_portal.core.models import User
from governance.models import ApprovalRequest
from governance.services import approvals, intakes
from projects.models import Project
owner = User.objects.get(username="domain")
for request in ApprovalRequest.objects.filter(state="open", project__name="Diabetes progression forecast"):
    approvals.withdraw(request_id=request.pk, actor=owner)
project = Project.objects.get(name="Diabetes progression forecast")
print(intakes.submit(project_key=project.key, actor=owner).approval.key)
"""


def _colours(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_dark_colours_are_shown_at_once_and_stay_everywhere(sign_in: SignIn) -> None:
    page = sign_in("lead", color_scheme="light")
    page.goto("/portfolio/")
    light = _colours(page)
    with page.expect_response(re.compile("/me/theme/")):
        page.get_by_role("button", name="Use dark colours").click()
    dark = _colours(page)
    assert dark != light
    expect(page.get_by_role("button", name="Use light colours")).to_be_focused()
    page.goto("/audit/")
    assert _colours(page) == dark
    page.goto("/admin/")
    assert _colours(page) == dark
    page.get_by_role("button", name="Use light colours").click()
    page.wait_for_url("**/admin/")
    assert _colours(page) == light


def test_the_palette_is_worked_by_keys_alone(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.goto("/portfolio/")
    find = page.get_by_role("link", name="Search or jump to")
    find.focus()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search or jump to")
    expect(field).to_be_focused()
    expect(page.locator("#palette-hits [role=option]").first).to_be_visible()
    page.keyboard.type("audit")
    expect(page.locator("#palette-hits [role=option][aria-selected=true]")).to_contain_text("Audit trail")
    expect(field).to_have_attribute("aria-activedescendant", "hit-0")
    page.keyboard.press("Escape")
    expect(find).to_be_focused()
    page.keyboard.press("Control+k")
    field.fill("draft policy")
    expect(page.locator("#palette-hits [role=option]").first).to_contain_text("Draft a policy")
    page.keyboard.press("Enter")
    page.wait_for_url("**/policies/new/")


def test_single_keys_help_until_they_are_switched_off(sign_in: SignIn) -> None:
    page = sign_in("software")
    page.goto("/me/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Your settings are saved.")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_the_badge_follows_what_others_do(sign_in: SignIn, waiting: str) -> None:
    page = sign_in("lead")
    page.goto("/portfolio/")
    badge = page.locator("[data-badge]")
    before = int(badge.inner_text())
    expect(page.locator("[data-badge-dot]")).to_be_visible()
    other = sign_in("lead")
    other.goto(f"/approvals/{waiting}/")
    other.keyboard.press("a")
    other.keyboard.type("Checked by keys alone.")
    other.keyboard.press("Tab")
    other.keyboard.press("Tab")
    other.keyboard.press("Enter")
    expect(other.get_by_text("Your decision is recorded.")).to_be_visible()
    page.evaluate("document.body.dispatchEvent(new Event('badge'))")
    expect(badge).to_have_text("" if before == 1 else str(before - 1))
    if before == 1:
        expect(page.locator("[data-badge-dot]")).to_be_hidden()


def test_a_phone_reaches_every_page_and_asks_for_a_reason_in_the_sheet(sign_in: SignIn, waiting: str) -> None:
    page = sign_in("lead", expected="status of 422", **PHONE)
    page.goto("/portfolio/")
    expect(page.get_by_role("link", name="Audit trail")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.locator("#side").get_by_role("link", name=re.compile("Inbox")).click()
    page.wait_for_url("**/inbox/")
    page.locator("a.inb", has_text="Diabetes").click()
    page.locator(".dock").get_by_role("button", name="Reject").click()
    sheet = page.get_by_role("dialog", name=f"Reject {waiting}")
    sheet.get_by_role("button", name="Reject for good").click()
    expect(sheet.locator(".fe")).to_have_text("Say why, so that the team knows what to do.")
    sheet.get_by_role("button", name="Close").click()
    page.locator(".dock").get_by_role("button", name="Approve").click()
    sheet = page.get_by_role("dialog", name=f"Approve {waiting}")
    expect(sheet.get_by_label("Conditions, one a line")).to_be_visible()
    sheet.get_by_label("Reason").fill("Read on the train.")
    sheet.get_by_role("button", name="Approve and sign").click()
    expect(page.get_by_text("Your decision is recorded.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_everything_works_with_scripts_switched_off(sign_in: SignIn, waiting: str) -> None:
    page = sign_in("lead", java_script_enabled=False, color_scheme="light")
    page.goto("/portfolio/")
    expect(page.locator("[data-badge]")).not_to_be_empty()
    page.select_option("[name=risk_tier]", "high")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**risk_tier=high**")
    expect(page.locator("#project-rows tbody tr")).to_have_count(1)
    page.get_by_role("link", name=re.compile("Risk tier High")).click()
    expect(page.locator("#project-rows tbody tr")).not_to_have_count(1)
    page.get_by_role("link", name="Search or jump to").click()
    page.fill("#q", "vehicle")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#palette-results a").first).to_contain_text("Vehicle damage estimate")
    page.get_by_role("button", name="Use dark colours").click()
    page.wait_for_url("**/search/?q=vehicle")
    page.get_by_role("button", name="Use light colours").click()
    page.get_by_role("button", name=re.compile("account menu")).click()
    expect(page.get_by_role("link", name="Admin console")).to_be_visible()
    page.goto(f"/approvals/{waiting}/")
    page.locator("#decide").get_by_label(re.compile("Reason")).fill("Read on paper.")
    page.locator("#decide").get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Your decision is recorded.")).to_be_visible()


def test_the_first_tab_skips_to_the_content_and_focus_is_always_seen(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.goto("/portfolio/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    unseen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen = page.evaluate(FOCUS)
        if not seen["outlined"]:
            unseen.append(seen["html"])
    assert unseen == []


FOCUS = """() => {
  const node = document.activeElement, style = getComputedStyle(node);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  return { html: node.outerHTML.slice(0, 120), outlined };
}"""


def test_nothing_moves_for_those_who_asked_for_calm(sign_in: SignIn) -> None:
    page = sign_in("lead", reduced_motion="reduce")
    for address in ("/portfolio/", "/admin/"):
        page.goto(address)
        moving = page.evaluate(
            "Array.from(document.querySelectorAll('*')).filter((node) => { const style = getComputedStyle(node);"
            " return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0; }).length"
        )
        assert moving == 0, address
