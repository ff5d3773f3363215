"""axe-core finds nothing on any page, in light and dark; nothing scrolls sideways on a phone."""

from collections.abc import Iterable

import pytest
from axe_playwright_python.sync_playwright import Axe
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
PARTS = 4  # so many tests share the pages, that none of them runs into the time limit
BOTH = ("light", "dark")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def _violations(page: Page, addresses: Iterable[str], schemes: tuple[str, ...] = ("light",)) -> list[str]:
    """What axe-core finds on the pages in each of the colour schemes; a page is fetched once and follows the system."""
    found = []
    for address in addresses:
        settled(page, address)
        for scheme in schemes:
            _colours(page, scheme)
            found += _look(page, f"{address} {scheme}")
    return found


def _colours(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    worn = f"html[data-bs-theme={scheme}], html[data-theme={scheme}]:not([data-bs-theme])"
    expect(page.locator(worn)).to_have_count(1)


def _look(page: Page, name: str) -> list[str]:
    response = Axe().run(page, options=RULES).response
    return [f"{name} {item['id']}: {item['nodes'][0]['html'][:160]}" for item in response["violations"]]


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_on_any_page(sign_in: SignIn, part: int) -> None:
    found = _violations(sign_in("lead"), PAGES[part::PARTS], BOTH)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_the_admin_console(sign_in: SignIn) -> None:
    found = _violations(sign_in("lead"), ADMIN, BOTH)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_entrance(sign_in: SignIn, scheme: str) -> None:
    page = sign_in("nobody", color_scheme=scheme, expected="status of 4")
    found = _violations(page, (*ENTRANCE, "/nothing/"), (scheme,))
    page.goto("/accounts/login/")
    page.fill("[name=login]", "lead")
    page.fill("[name=password]", "wrong")
    page.click("button[type=submit]")
    found += _look(page, "a wrong password")
    page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').remove()")
    page.fill("[name=password]", "wrong")
    page.click("button[type=submit]")
    found += _look(page, "a form out of date")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_refusals(sign_in: SignIn) -> None:
    found = _violations(sign_in("scientist", expected="status of 4"), REFUSED, BOTH)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens_over_a_page(sign_in: SignIn, scheme: str) -> None:
    page = sign_in("lead", color_scheme=scheme)
    page.goto("/portfolio/")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette-hits .pal-i")
    found = _look(page, "palette")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found += _look(page, "shortcuts")
    page.keyboard.press("Escape")
    page.click(".me-b")
    found += _look(page, "account menu")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/portfolio/")
    page.click(".menu-btn")
    found += _look(page, "menu on a phone")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("who", ["sponsor", "security", "auditor", "software"])
def test_axe_finds_nothing_for_other_roles(sign_in: SignIn, who: str) -> None:
    page = sign_in(who)
    found = _violations(page, ("/inbox/", "/portfolio/", "/intake/", "/projects/", "/runs/", "/audit/", "/policies/"))
    assert not found, "\n".join(found)


def test_no_page_scrolls_sideways_on_a_phone(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.set_viewport_size({"width": 390, "height": 844})
    wide = {}
    for address in (*PAGES, *ADMIN):
        settled(page, address)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 390:
            wide[address] = width
    assert wide == {}
