"""A real Chromium in front of a real portal."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from coe_portal.launcher.commands import find_chromium
from tests.journeys.stack import Stack, running_portal

expect.set_options(timeout=20_000)  # a busy machine takes its time; what is expected stays the same


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    with running_portal() as portal:
        yield portal


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if not path:
        pytest.fail("The browser tests need Chromium or Chrome. Install one, for example Debian's package chromium.")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        arguments.append("--disable-background-networking")
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


def _is_wrong(said: ConsoleMessage, expected: str) -> bool:
    """Errors on the console; a form that comes back with 422 is an answer, which Chromium reports all the same."""
    return said.type == "error" and "status of 422" not in said.text and expected not in said.text


def settled(page: Page, address: str) -> None:
    """Open the address and wait until every part that the page fetches on its own stands in it."""
    page.goto(address)
    expect(page.locator("[hx-trigger=load], .htmx-request")).to_have_count(0, timeout=30_000)


DESKTOP = {"width": 1440, "height": 1000}
SignIn = Callable[..., Page]


@pytest.fixture(scope="package")
def sessions() -> dict[str, Any]:
    """The cookies of who has signed in: the form costs two pages and is filled in once by everybody."""
    return {}


def _fill_in(page: Page, who: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", who)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/accounts/login" not in url)


@pytest.fixture
def sign_in(browser: Browser, stack: Stack, sessions: dict[str, Any]) -> Iterator[SignIn]:
    """Begin as somebody. Errors on the console, such as a broken content policy, fail the test, except those that
    contain what is ``expected``. Nobody signs in as "nobody".
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def begin(who: str, *, expected: str = "nothing", **options: Any) -> Page:
        context = browser.new_context(**{"base_url": stack.url, "viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if _is_wrong(said, expected) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if who == "nobody":
            page.goto("/accounts/login/")
        elif who not in sessions:
            _fill_in(page, who, stack.password)
            sessions[who] = context.cookies()
        else:
            context.add_cookies(sessions[who])
        return page

    yield begin
    for context in contexts:
        context.close()
    log = (stack.var / "log" / "web.log").read_text()[-3000:]
    assert not complaints, "\n".join([*complaints, log])
