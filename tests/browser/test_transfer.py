"""What a browser has to fetch, as Chromium counts it on the wire: headers and compressed bodies, fonts included."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.browser.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FIRST, NEXT = 165_000, 30_000
PAGES = ("/portfolio/", "/projects/", "/runs/", "/intake/", "/audit/", "/inbox/", "/environments/", "/me/")


class Meter:
    """Counts the bytes that a page fetches."""

    def __init__(self, page: Page) -> None:
        self._page, self._bytes = page, 0
        self._wire: CDPSession = page.context.new_cdp_session(page)
        self._wire.send("Network.enable")
        self._wire.on("Network.loadingFinished", self._count)

    def _count(self, event: dict[str, Any]) -> None:
        self._bytes += int(event["encodedDataLength"])

    def load(self, address: str, *, cold: bool) -> int:
        """Bytes fetched for the address, with an empty cache or with what earlier pages left in it."""
        if cold:
            self._page.goto("about:blank")
            self._wire.send("Network.clearBrowserCache")
        self._bytes = 0
        self._page.goto(address)
        self._page.wait_for_load_state("networkidle")
        return self._bytes


def _over(measure: Callable[[str], int], limit: int) -> dict[str, int]:
    return {address: size for address in PAGES if not 0 < (size := measure(address)) <= limit}


def test_the_first_page_is_light_whichever_it_is(sign_in: SignIn) -> None:
    meter = Meter(sign_in("lead"))
    assert not _over(lambda address: meter.load(address, cold=True), FIRST)


def test_every_further_page_is_lighter_still(sign_in: SignIn) -> None:
    meter = Meter(sign_in("lead"))
    meter.load("/portfolio/", cold=True)
    assert not _over(lambda address: meter.load(address, cold=False), NEXT)


def test_signing_in_is_light(browser: Any, stack: Any) -> None:
    context = browser.new_context(base_url=stack.url)
    assert 0 < Meter(context.new_page()).load("/accounts/login/", cold=True) <= FIRST
    context.close()
