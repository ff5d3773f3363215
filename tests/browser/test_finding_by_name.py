"""Colleagues and data sets of a large organisation are found by name, with the keyboard alone and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SignIn
from tests.browser.test_accessibility import PHONE, in_both_schemes, width_of
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

GROW = """
from coe_portal.core.models import User
from projects.models import BusinessUnit, Dataset
User.objects.bulk_create(User(username=f"extra{n:03}", display_name=f"Extra Person {n:03}") for n in range(230))
owner, unit = User.objects.get(username="dataowner"), BusinessUnit.objects.first()
common = {"owner": owner, "created_by": owner, "business_unit": unit, "classification": "internal"}
Dataset.objects.bulk_create(
    Dataset(name=f"zz_extra_{n:02}", location=f"s3://coe-data/zz/{n:02}/", **common) for n in range(40)
)
"""
SHRINK = """
from coe_portal.core.models import User
from projects.models import Criterion, Dataset, Member
Member.objects.filter(user__username__startswith="extra").delete()
User.objects.filter(username__startswith="extra").delete()
for item in Criterion.objects.filter(code="data", answer__has_key="registered"):
    item.answer.pop("registered")
    item.save(update_fields=["answer"])
Dataset.objects.filter(name__startswith="zz_extra_").delete()
"""


@pytest.fixture
def large(stack: Stack) -> Iterator[None]:
    """Many more people and data sets, for this test alone: the other tests choose from lists of few."""
    stack.portal("shell", "-c", GROW)
    yield
    stack.portal("shell", "-c", SHRINK)


def _looked_at(page: Page) -> list[str]:
    found = in_both_schemes(page, page.url)
    return [*found, f"{page.url} scrolls sideways"] if width_of(page) > PHONE["width"] else found


def test_a_colleague_and_a_data_set_beyond_the_lists_are_found(sign_in: SignIn, large: None) -> None:
    page = sign_in("dataengineer", viewport=PHONE)
    page.goto("/intake/")
    page.get_by_role("link", name="Storm claims forecast").click()
    project = page.url.split("/")[4]

    page.goto(f"/projects/{project}/team/")
    field = page.get_by_role("combobox", name="Colleague")
    field.focus()
    page.keyboard.type("person extra22")
    options = page.locator("#id_user-list").get_by_role("option")
    expect(options).to_have_count(10)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(options.last.get_attribute("id")))
    found = _looked_at(page)
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(field).to_have_value("person extra22")
    page.keyboard.press("ArrowDown")
    expect(options).to_have_count(10)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Extra Person 220 (extra220)")
    page.get_by_label("Domain expert").first.check()
    page.get_by_role("button", name="Add to the team").click()
    expect(page.locator("main")).to_contain_text("Extra Person 220")

    page.goto(f"/intake/{project}/data/")
    picks = page.locator("#id_data-registered")
    picks.get_by_role("checkbox").first.check()
    first = picks.get_by_role("checkbox").first.get_attribute("value")
    page.get_by_role("searchbox", name="Find a data set by name").focus()
    page.keyboard.type("extra_37")
    expect(page.locator("#id_data-registered-note")).to_have_text("1 found.")
    page.keyboard.press("Enter")  # it searches and sends no answer
    page.keyboard.press("Tab")  # the button
    page.keyboard.press("Tab")  # what is ticked already
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="zz_extra_37")).to_be_checked()
    expect(page.locator("#readiness")).to_contain_text("Saved")
    expect(picks.locator(":checked")).to_have_count(2)  # also what was ticked while the search was under way
    found += _looked_at(page)
    page.reload()
    expect(picks.locator(":checked")).to_have_count(2)
    assert first == picks.locator(":checked").first.get_attribute("value")

    held: list[Route] = []
    page.route("**/datasets/picks/**", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/datasets/picks/**"):
        page.get_by_role("searchbox", name="Find a data set by name").fill("extra_1")
    picks.get_by_role("checkbox").first.uncheck()  # while the search is under way
    held[0].continue_()
    expect(page.locator("#id_data-registered-note")).to_have_text("10 found.")
    expect(picks.locator(":checked")).to_have_count(1)
    assert not found, "\n".join(found)
