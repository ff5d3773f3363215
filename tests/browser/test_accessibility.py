"""axe-core finds nothing on any page, in light and dark; nothing scrolls sideways on a phone."""

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn, settled

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
    "/projects/PRJ-1/checklist/baseline/",
    "/projects/PRJ-1/checklist/baseline/evidence/",
    "/projects/PRJ-1/checklist/users/waivers/",
    "/projects/PRJ-1/clock/",
    "/projects/PRJ-1/poc-decision/",
    "/projects/PRJ-1/team/",
    "/projects/PRJ-1/history/",
    "/projects/PRJ-1/history/?kind=decisions",
    "/projects/PRJ-1/lessons/",
    "/projects/PRJ-1/gate/",
    "/projects/PRJ-1/findings/new/",
    "/stories/",
    "/projects/PRJ-1/decisions/",
    "/projects/PRJ-1/data/",
    "/projects/PRJ-1/data/ask/",
    "/datasets/",
    "/datasets/new/",
    "/projects/PRJ-1/findings/",
    "/projects/PRJ-1/break-glass/?action=start_run",
    "/projects/PRJ-3/qualification/",
    "/projects/PRJ-3/qualification/around/",
    "/projects/PRJ-3/business-case/",
    "/intake/ranking/",
    "/intake/PRJ-2/concept/",
    "/intake/PRJ-2/similar/",
    "/projects/PRJ-2/join/",
    "/projects/PRJ-2/join-requests/",
    "/projects/PRJ-1/runs/new/",
    "/inbox/",
    "/inbox/?tab=done",
    "/approvals/APR-2/",
    "/policies/",
    "/policies/default:1/",
    "/policies/eu_ai_act:1/",
    "/policies/eu_ai_act:1/dry-run/",
    "/policies/eu_ai_act:1/edit/",
    "/policies/default:1/projects/",
    "/policies/new/",
    "/projects/PRJ-1/migrate-policy/",
    "/projects/PRJ-1/risk/",
    "/runs/",
    "/environments/",
    "/environments/local/",
    "/environments/new/",
    "/audit/",
    "/search/?q=run",
    "/me/",
    "/me/delegations/",
    "/portfolio/?stage=poc&sort=newest",
    "/portfolio/?search=nothing-like-it",
    "/inbox/?tab=waiting",
    "/approvals/APR-1/",
    "/audit/?project=PRJ-1&action=run",
    "/audit/?actor=nobody",
    "/search/?q=nothing-like-it",
    "/accounts/password/change/",
    "/me/skills/",
    "/views/",
    "/portfolio/board/",
    "/portfolio/matrix/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/logout/",
)
ADMIN = (
    "/admin/",
    "/admin/system/",
    "/admin/core/user/",
    "/admin/core/user/add/",
    "/admin/core/user/1/change/",
    "/admin/core/apitoken/",
    "/admin/core/auditentry/",
    "/admin/core/outboxevent/",
    "/admin/projects/businessunit/",
    "/admin/projects/project/",
    "/admin/projects/dataset/",
    "/admin/projects/dataset/add/",
    "/admin/projects/dataaccess/",
    "/admin/governance/policyversion/",
    "/admin/governance/policyversion/add/",
    "/admin/governance/approvalrequest/",
    "/admin/deployments/environment/",
    "/admin/deployments/templateversion/",
    "/admin/deployments/price/",
    "/admin/deployments/run/",
)
ENTRANCE = ("/accounts/login/", "/accounts/password/reset/", "/accounts/login/?next=/me/")
REFUSED = ("/nothing/", "/projects/PRJ-9999/", "/audit/?actor=%00", "/audit/?cursor=nonsense")
PARTS = 6  # so many tests share the pages, that none of them runs into the time limit
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 1000}
ONLY_VIOLATIONS = {"resultTypes": ["violations"]}
EVERY_RULE = {**ONLY_VIOLATIONS, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# All that can change with the colours; the rest of axe's rules read the same document in both schemes.
OF_COLOURS = {
    **ONLY_VIOLATIONS,
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "preload": False,
}


def violations(page: Page, name: str, rules: dict[str, Any] = EVERY_RULE) -> list[str]:
    """What axe-core finds on the page as it stands. Only what is wrong leaves the browser: the rest is megabytes."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("rules => axe.run(rules).then(({ violations }) => violations)", rules)
    return [f"{name} {item['id']}: {item['nodes'][0]['html'][:160]}" for item in found]


def in_both_schemes(page: Page, name: str) -> list[str]:
    """Every rule in light and the rules of colours in dark; the page stays, since it follows the system."""
    _colours(page, "light")
    found = violations(page, f"{name} light")
    _colours(page, "dark")
    return found + violations(page, f"{name} dark", OF_COLOURS)


def _colours(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    worn = f"html[data-bs-theme={scheme}], html[data-theme={scheme}]:not([data-bs-theme])"
    expect(page.locator(worn)).to_have_count(1)


def width_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_on_any_page_and_none_scrolls_sideways_on_a_phone(sign_in: SignIn, part: int) -> None:
    """Each page is opened once, on a phone, and looked at on a desktop afterwards."""
    page, found, wide = sign_in("lead"), list[str](), dict[str, int]()
    for address in (*PAGES, *ADMIN)[part::PARTS]:
        page.set_viewport_size(PHONE)
        settled(page, address)
        if (width := width_of(page)) > PHONE["width"]:
            wide[address] = width
        page.set_viewport_size(DESKTOP)
        found += in_both_schemes(page, address)
    assert wide == {}
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_entrance(sign_in: SignIn, scheme: str) -> None:
    page = sign_in("nobody", color_scheme=scheme, expected="status of 4")
    found = []
    for address in (*ENTRANCE, "/nothing/"):
        settled(page, address)
        _colours(page, scheme)
        found += violations(page, address)
    page.goto("/accounts/login/")
    page.fill("[name=login]", "lead")
    page.fill("[name=password]", "wrong")
    with page.expect_navigation():
        page.click("button[type=submit]")
    found += violations(page, "a wrong password")
    page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').remove()")
    page.fill("[name=password]", "wrong")
    with page.expect_navigation():
        page.click("button[type=submit]")
    found += violations(page, "a form out of date")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_refusals(sign_in: SignIn) -> None:
    page, found = sign_in("scientist", expected="status of 4"), list[str]()
    for address in REFUSED:
        settled(page, address)
        found += in_both_schemes(page, address)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens_over_a_page(sign_in: SignIn, scheme: str) -> None:
    page = sign_in("lead", color_scheme=scheme)
    page.goto("/portfolio/")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette-hits .pal-i")
    found = violations(page, "palette")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found += violations(page, "shortcuts")
    page.keyboard.press("Escape")
    page.click(".me-b")
    found += violations(page, "account menu")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/portfolio/")
    page.click(".menu-btn")
    found += violations(page, "menu on a phone")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("who", ["sponsor", "security", "auditor", "software"])
def test_axe_finds_nothing_for_other_roles(sign_in: SignIn, who: str) -> None:
    page, found = sign_in(who), list[str]()
    for address in ("/inbox/", "/portfolio/", "/intake/", "/projects/", "/runs/", "/audit/", "/policies/"):
        settled(page, address)
        found += violations(page, address)
    assert not found, "\n".join(found)
