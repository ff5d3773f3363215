"""axe-core finds nothing on any page, in light and dark; nothing scrolls sideways on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PAGES = (
    "/portfolio/",
    "/intake/",
    "/intake/new/",
    "/intake/PRJ-2/challenge/",
    "/intake/PRJ-2/value/",
    "/intake/PRJ-2/team/",
    "/intake/PRJ-2/check/",
    "/projects/",
    "/projects/PRJ-1/",
    "/projects/PRJ-1/checklist/",
    "/projects/PRJ-1/team/",
    "/projects/PRJ-1/history/",
    "/projects/PRJ-1/decisions/",
    "/projects/PRJ-1/findings/",
    "/projects/PRJ-1/break-glass/?action=start_run",
    "/projects/PRJ-1/runs/new/",
    "/inbox/",
    "/inbox/?tab=done",
    "/approvals/APR-2/",
    "/policies/",
    "/policies/default:1/",
    "/runs/",
    "/environments/",
    "/environments/local/",
    "/environments/new/",
    "/audit/",
    "/search/?q=run",
    "/me/",
    "/me/delegations/",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(sign_in: SignIn, scheme: str) -> None:
    page = sign_in("lead", color_scheme=scheme)
    found: dict[str, list[str]] = {}
    for address in PAGES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        violations = Axe().run(page, options=RULES).response["violations"]
        if violations:
            found[address] = [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in violations]
    page.goto("/me/")
    assert not found, "\n".join(f"{address} {each}" for address, some in found.items() for each in some)


def test_no_page_scrolls_sideways_on_a_phone(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.set_viewport_size({"width": 390, "height": 844})
    wide = {}
    for address in PAGES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 390:
            wide[address] = width
    assert wide == {}
