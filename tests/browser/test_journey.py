"""The whole journey clicked in Chromium: from an idea to a trained model that everybody can look at."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.factories import ANSWERS
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SCREENS = Path(os.environ["COE_SCREENS"]) if "COE_SCREENS" in os.environ else None
STEPS = (("challenge", "baseline", "users"), ("value", "metric"), ("data",), ("team",), ("feasible",))
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def _shot(page: Page, name: str) -> None:
    """Keep a picture when COE_SCREENS names a folder (make screens)."""
    if SCREENS:
        page.screenshot(path=str(SCREENS / f"{name}.png"))


def _fill(page: Page, code: str) -> None:
    for name, value in ANSWERS[code].items():
        field = page.locator(f"[name='{code}-{name}']")
        if field.first.get_attribute("type") == "radio":
            page.locator(f"[name='{code}-{name}'][value='{value}']").check()
        elif field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))


def test_an_idea_becomes_a_trained_model(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("domain")
    key = _propose(page)
    for who in ("lead", "sponsor"):
        _approve(sign_in(who), key)
    page = sign_in("scientist")
    _launch_and_watch(page, key)
    page = sign_in("auditor")
    page.goto(f"/projects/{key}/history/")
    for deed in ("proposed the project", "approved the step", "launched"):
        expect(page.locator("#entries", has_text=deed)).to_be_visible()


def _propose(page: Page) -> str:
    page.goto("/")
    page.get_by_role("link", name="Intake", exact=True).click()
    page.get_by_role("link", name="New intake").click()
    page.fill("[name=name]", "Biopsy urgency in Chromium")
    page.fill("[name=summary]", "Sorts biopsies so that the urgent ones are read first.")
    page.select_option("[name=business_unit]", index=1)
    page.select_option("[name=sponsor]", "sponsor")
    page.click("text=Start with the first question")
    page.wait_for_url(re.compile(r"/intake/PRJ-\d+/challenge/"))
    key = re.search(r"PRJ-\d+", page.url)[0]  # type: ignore[index]
    for number, codes in enumerate(STEPS):
        for code in codes:
            _fill(page, code)
        if number == 0:
            expect(page.locator("#readiness")).to_contain_text("Saved")
            expect(page.locator("#readiness")).to_contain_text("14/14")
            _shot(page, "intake")
        if codes == ("team",):
            page.select_option("[name=user]", "scientist")
            page.check("[name=roles][value=data_scientist]")
            page.click("text=Add to the team")
            expect(page.locator(".rows", has_text="Aiko Kimura").first).to_be_visible()
            _fill(page, "team")
        page.click("text=Save and continue")
        page.wait_for_load_state()
    expect(page.locator("text=Every question is answered.").first).to_be_visible()
    page.click("text=Submit for approval")
    expect(page.locator("text=Submitted as revision 1.")).to_be_visible()
    return key


def _approve(page: Page, key: str) -> None:
    page.goto("/inbox/")
    page.locator("a.inb", has_text="Biopsy urgency in Chromium").click()
    expect(page.locator(".decide >> text=You may decide.")).to_be_visible()
    _shot(page, "approval")
    page.fill("#id_comment", "Read the evidence; the baseline is sound.")
    page.click(".decide >> text=Approve")
    expect(page.locator("text=Your decision is recorded.")).to_be_visible()


def _launch_and_watch(page: Page, key: str) -> None:
    page.goto(f"/projects/{key}/")
    expect(page.locator("#next-action")).to_contain_text("Launch a training run")
    expect(page.locator(".journey li.cur")).to_contain_text("Proof of concept")
    _shot(page, "project")
    page.locator(".phead >> text=Launch a run").click()
    _choose_classifier(page)
    _shot(page, "launch")
    page.get_by_role("button", name=re.compile("Launch")).last.click()
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    expect(page.locator("#run-state")).to_contain_text("Succeeded", timeout=120_000)
    expect(page.locator("#run-artifact")).to_contain_text("model.tar.gz")
    expect(page.locator("pre.log").first).to_contain_text("accuracy", timeout=20_000)
    expect(page.locator("#run-live .cz").first).to_be_visible(timeout=20_000)
    _shot(page, "run")


def _choose_classifier(page: Page) -> None:
    page.get_by_label("Classifier for tables").check()
    expect(page.locator(".htmx-request")).to_have_count(0, timeout=30_000)


def test_an_approval_is_decided_on_a_phone_with_a_reason(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("lead", **PHONE)
    page.goto("/inbox/")
    page.locator("a.inb").first.click()
    _shot(page, "approval-phone")
    page.locator(".dock >> text=Ask for changes").click()
    sheet = page.get_by_role("dialog", name="Ask for changes")
    sheet.get_by_label("Reason").fill("Say how the baseline was measured.")
    sheet.get_by_role("button", name="Ask for changes").click()
    expect(page.locator("text=Your decision is recorded.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_palette_finds_a_project_by_keyboard(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.goto("/audit/")
    page.keyboard.press("Control+k")
    page.keyboard.type("biopsy second")
    expect(page.locator("#palette-hits .pal-i").first).to_contain_text("Biopsy second opinion")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/projects/PRJ-\d+/$"))
