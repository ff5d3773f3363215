"""The default policy exported, changed, imported, tried and published, and projects in flight moved to it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.factories import ANSWERS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
OVERSIGHT = """  - code: oversight
    step: 6
    short: Human oversight
    question: Who oversees it, and how can they stop it?
    weight: 5
    answer_schema:
      type: object
      additionalProperties: false
      required: [who]
      properties:
        who: { type: string, title: Who oversees it, minLength: 3 }
"""


def _proposed(page: Page, name: str) -> str:
    """The key of a new project, with the question about its users answered."""
    page.goto("/intake/new/")
    page.fill("[name=name]", name)
    page.select_option("[name=business_unit]", index=1)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/intake/PRJ-*/**")
    key = page.url.split("/intake/")[1].split("/")[0]
    token = page.context.cookies()
    csrf = next(cookie["value"] for cookie in token if "csrf" in cookie["name"].lower())
    answer = page.request.patch(
        f"/api/v1/projects/{key}/checklist/users/",
        data={"answer": ANSWERS["users"]},
        headers={"X-CSRFToken": csrf, "Referer": page.url},
    )
    assert answer.ok, answer.text()
    return key


def _exported(page: Page) -> str:
    page.goto("/policies/")
    page.get_by_role("row").filter(has_text="New projects begin here").get_by_role("link").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export YAML").click()
    return Path(download.value.path()).read_text()


def _changed(source: str) -> str:
    """Under a name of its own, so that what the other tests do goes on as before."""
    named = source.replace("name: default", "name: overseen", 1).replace(
        "title: The default journey", "title: With oversight", 1
    )
    return named.replace("enum: [batch, real_time]", "enum: [batch, streaming]", 1)


def test_a_policy_is_exported_changed_imported_published_and_projects_in_flight_move(
    sign_in: SignIn, tmp_path: Path
) -> None:
    owner = sign_in("domain")
    keys = [_proposed(owner, f"Oversight pilot {number}") for number in (1, 2)]
    lead = sign_in("lead")
    source = _exported(lead)
    assert "enum: [batch, real_time]" in source
    criteria_end = source.index("\n# How ideas are looked at before the first gate.")
    text = _changed(source[:criteria_end] + "\n" + OVERSIGHT + source[criteria_end:])

    lead.goto("/policies/new/")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("group: security", "group: wizards", 1))
    lead.set_input_files("[name=file]", wrong)
    lead.get_by_role("button", name="Check").click()
    expect(lead.locator("#problems")).to_contain_text("'wizards' is not one of")
    lead.locator("#problems [data-line]").click()
    selected = lead.locator("#id_source").evaluate("text => text.value.slice(text.selectionStart, text.selectionEnd)")
    assert "group: wizards" in selected

    right = tmp_path / "right.yaml"
    right.write_text(text)
    lead.set_input_files("[name=file]", right)
    lead.get_by_role("button", name="Save as a draft").click()
    expect(lead.get_by_role("heading", level=1)).to_contain_text("With oversight")
    lead.get_by_role("link", name="Try it on live projects").click()
    expect(lead.locator("main")).to_contain_text("would gain the criterion “Human oversight”.")
    lead.go_back()
    lead.get_by_label("New projects begin with it").uncheck()
    lead.get_by_role("button", name="Publish").click()
    expect(lead.get_by_text("Projects can be moved to it.")).to_be_visible()

    lead.get_by_role("link", name="Move projects to it").click()
    lead.get_by_role("link", name="Oversight pilot 1").click()
    changes = lead.locator("section", has=lead.get_by_role("heading", name="What changes"))
    expect(changes).to_contain_text("Human oversight")
    expect(changes).to_contain_text("“real_time” is kept in the record of the move.")
    lead.go_back()
    for key in keys:
        lead.get_by_role("checkbox", name=f"Move {key}").check()
    lead.get_by_role("button", name="Move the chosen projects").click()
    expect(lead.get_by_text("2 projects moved to overseen version 1.")).to_be_visible()

    owner.goto(f"/projects/{keys[0]}/checklist/")
    expect(owner.locator("main")).to_contain_text("Who oversees it, and how can they stop it?")
    expect(owner.locator("main")).to_contain_text("46 desk assessors")
    owner.goto(f"/projects/{keys[0]}/migrate-policy/")
    expect(owner.locator("main")).to_contain_text("“real_time” did not fit.")
