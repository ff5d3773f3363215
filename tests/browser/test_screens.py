"""The pages of projects and runs as people use them: live, by keyboard, without scripts; pictures for the documents."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn, settled
from tests.browser.test_accessibility import in_both_schemes, width_of
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SCREENS = Path(os.environ["COE_SCREENS"]) if "COE_SCREENS" in os.environ else None
PROJECT = "/projects/PRJ-1/"


def _shot(page: Page, name: str) -> None:
    if SCREENS:
        page.screenshot(path=str(SCREENS / f"{name}.png"))


def _run(page: Page, note: str) -> str:
    """Address of the demo's run with this note, once it has ended."""
    page.goto(f"/runs/?search={note.replace(' ', '+')}")
    row = page.locator("#run-rows tbody tr").first
    for _ in range(60):
        if re.search("Succeeded|Failed|Stopped", row.inner_text()):
            break
        page.wait_for_timeout(1000)
        page.reload()
    address = row.locator("th a").get_attribute("href")
    assert address
    return address


def test_the_demo_shows_finished_failed_and_stopped_runs(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("scientist")
    page.goto(_run(page, "Fresh biopsies"))
    expect(page.locator("#h-failure")).to_have_text("The input could not be read")
    expect(page.locator(".fail")).to_contain_text("Check the S3 location")
    _shot(page, "run-failed")
    page.goto(_run(page, "Deeper trees"))
    expect(page.locator(".charts .card").first).to_contain_text("Accuracy", timeout=30_000)
    expect(page.locator("#log-text")).to_contain_text("model saved", timeout=30_000)
    page.goto(PROJECT)
    expect(page.locator("#next-action")).to_contain_text("Ask for the next gate")
    expect(page.locator("#project-budget")).to_contain_text("spent of $250.00")
    expect(page.locator("#project-runs tbody tr")).to_have_count(5)
    _shot(page, "project-with-runs")


def test_a_lead_runs_the_portfolio_from_its_pages(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("lead")
    for address, heading, shown in (
        ("/portfolio/", "Portfolio", "From idea to production"),
        ("/portfolio/board/", "Portfolio board", "Vehicle damage estimate"),
        ("/portfolio/matrix/", "Portfolio matrix", "Value a year against feasibility"),
        (f"{PROJECT}team/", "Biopsy second opinion", "Model monitoring"),
        (f"{PROJECT}history/", "Biopsy second opinion", "Details"),
    ):
        settled(page, address)
        expect(page.locator("h1")).to_contain_text(heading)
        expect(page.locator("main")).to_contain_text(shown)
        _shot(page, address.strip("/").replace("projects/PRJ-1", "project").replace("/", "-"))


def test_a_log_is_searched_and_a_curve_is_zoomed_by_keyboard(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("scientist")
    page.goto(_run(page, "First look"))
    expect(page.locator("#log-text")).to_contain_text("model saved", timeout=30_000)
    page.fill("#log-find", "step 12/")
    expect(page.locator("#log-note")).to_contain_text("1 of")
    assert page.evaluate("document.activeElement.id") == "log-find"
    page.reload()
    zoom = page.locator("[data-zoom]").first
    zoom.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#zoom-plot canvas")).to_be_visible()
    page.fill("#zoom-from", "10")
    page.fill("#zoom-to", "20")
    page.keyboard.press("Tab")
    expect(page.locator("#zoom-from")).to_have_value("10")
    page.click("#zoom-all")
    expect(page.locator("#zoom-from")).to_have_value("1")
    page.keyboard.press("Escape")
    expect(zoom).to_be_focused()


def test_a_running_run_is_live_and_a_reader_of_the_log_is_left_alone(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("scientist")
    page.goto(f"{PROJECT}runs/new/")
    page.fill("[name=p-rounds]", "2000")
    page.fill("[name=p-max_depth]", "9")
    page.fill("[name=note]", "Watched")
    page.click("text=Launch run")
    expect(page.locator("#run-state")).to_contain_text("Running", timeout=60_000)
    expect(page.locator("#live")).to_contain_text("Running")
    expect(page.locator(".fresh")).to_contain_text("Updated")
    expect(page.locator("#log-text")).to_contain_text(re.compile(r"step \d+/2000"), timeout=30_000)
    page.wait_for_function("document.querySelector('#log-text').scrollTop > 100")
    page.evaluate("document.querySelector('#log-text').scrollTop = 0")
    expect(page.locator("#log-note")).to_contain_text("paused while you read")
    page.wait_for_timeout(4000)
    assert page.evaluate("document.querySelector('#log-text').scrollTop") == 0
    page.route("**/live/", lambda route: route.fulfill(status=304, body=""))
    page.get_by_role("button", name="Stop run").click()
    expect(page.locator("#ask-stop")).to_be_visible()
    page.unroute("**/live/")
    page.locator("#ask-stop").get_by_role("button", name="Stop run").click()
    expect(page.locator("#run-state")).to_contain_text("Stopped", timeout=60_000)


def test_figures_that_no_longer_come_are_marked_as_old(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("scientist")
    page.goto(f"{PROJECT}runs/new/")
    page.fill("[name=p-rounds]", "2000")
    page.fill("[name=p-max_depth]", "9")
    page.click("text=Launch run")
    expect(page.locator("#run-state")).to_contain_text("Running", timeout=60_000)
    page.route("**/runs/*/live/", lambda route: None)
    expect(page.locator(".fresh.late")).to_contain_text("does not answer", timeout=30_000)
    page.unroute_all()


def test_without_scripts_every_form_works_and_loses_nothing(sign_in: SignIn, stack: Stack) -> None:
    page = sign_in("scientist", java_script_enabled=False)
    page.goto(f"{PROJECT}runs/new/?template=tabular-regressor")
    expect(page.locator("[data-zoom]")).to_have_count(0)
    page.fill("[name=p-rounds]", "77")
    page.fill("[name=max_minutes]", "90000")
    page.click("text=Launch run")
    expect(page.locator("#launch-errors")).to_contain_text("Maximum time in minutes")
    expect(page.locator("[name=p-rounds]")).to_have_value("77")
    page.goto(f"{PROJECT}team/")
    page.locator("tbody tr", has_text="Data quality").get_by_label("Data quality, Tomas Lindqvist").select_option(
        "informed"
    )
    page.click("text=Save responsibilities")
    expect(page.locator(".note-b.ok")).to_contain_text("1 responsibility changed.")
    page.goto(f"{PROJECT}runs/")
    page.locator("th a", has_text="Run").last.click()
    page.fill("#log-find", "no such words")
    page.click("text=Find >> nth=-1")
    expect(page.locator("#run-log")).to_contain_text("No line holds")


def test_axe_finds_nothing_on_runs_in_any_state(sign_in: SignIn, stack: Stack) -> None:
    page, found = sign_in("lead"), list[str]()
    addresses = [_run(page, note) for note in ("Fresh biopsies", "Deeper trees", "Launched twice")]
    for address in [*addresses, f"{PROJECT}runs/", f"{PROJECT}budget/", "/projects/PRJ-6/", "/projects/PRJ-6/team/"]:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 1000})
            settled(page, address)
            found += in_both_schemes(page, f"{address} {width}")
            assert width_of(page) <= width, address
    assert not found, "\n".join(found)
