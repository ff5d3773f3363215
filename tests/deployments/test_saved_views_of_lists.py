"""Saved views of the lists of projects, intakes, runs and of the inbox: the same control as on the portfolio."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import SavedView, User
from coe_portal.core.services import saved_views
from deployments.models import Run
from projects.models import Project
from tests.deployments.conftest import bearer
from tests.factories import intake, person
from tests.governance.requests import submitted

pytestmark = pytest.mark.django_db
LISTS = {
    "projects": ("/projects/", "stage=poc"),
    "intakes": ("/intake/", "search=Vehicle"),
    "runs": ("/runs/", "state=queued&columns=state"),
    "inbox": ("/inbox/", "tab=waiting&search=Vehicle"),
}


def _page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize("page", LISTS)
def test_a_list_is_saved_as_it_is_narrowed_and_seen_again(page: str, client: Client, people: dict[str, User]) -> None:
    address, query = LISTS[page]
    client.force_login(people["scientist"])
    shown = _page(client, f"{address}?{query}&nonsense=1")
    kept = re.search(r'name="query" value="([^"]*)"', shown)
    assert kept and unescape(kept[1]) == query, "what is no filter of the page is not kept"
    assert f'name="page" value="{page}"' in shown
    answer = client.post("/views/", {"name": "My view", "page": page, "query": unescape(kept[1])})
    view = SavedView.objects.get()
    assert (answer["Location"], view.query) == (f"{address}?view={view.pk}", query)
    again = _page(client, answer["Location"])
    assert f'<a href="{address}?view={view.pk}" aria-current="page">' in again and "Leave this view" in again


@pytest.mark.parametrize("page", ["projects", "intakes", "runs"])
def test_saving_stands_in_the_bar_of_the_list_and_follows_its_filters(
    page: str, client: Client, people: dict[str, User]
) -> None:
    address, query = LISTS[page]
    client.force_login(people["scientist"])
    bars = re.findall(r'<div class="fbar[ "].*?(?=<div class="(?:tbl-x|empty-x))', _page(client, address), re.DOTALL)
    (bar,) = [each for each in bars if "Save view" in each]
    assert "<select" in bar or 'aria-label="Views"' in bar, "it has no row of its own"
    rows = client.get(f"{address}?{query}", headers={"HX-Request": "true"}).content.decode()
    kept = re.findall(r'name="query" value="([^"]*)"', rows)
    assert [unescape(each) for each in kept] == [query], "what is saved is what is shown after filtering in place"
    assert ('id="saving" hx-swap-oob="true"' in rows) == (page != "runs")


def test_a_view_narrows_projects_intakes_and_their_exports(
    project: Project, client: Client, people: dict[str, User]
) -> None:
    intake("Storm claims")
    client.force_login(people["lead"])
    for page, query, sees, hides in (
        ("projects", "stage=poc", "Claims triage</a>", "Storm claims</a>"),
        ("intakes", "search=Storm", "Storm claims</a>", "Claims triage</a>"),
    ):
        view = saved_views.save_view(name=page, page=page, query=query, actor=people["lead"])
        shown = _page(client, f"{LISTS[page][0]}?view={view.pk}")
        assert sees in shown and hides not in shown
        export = re.search(r'href="(/[a-z/]*export[^"]*)"', shown)
        assert export and query in export[1]
    narrower = _page(client, f"/projects/?view={SavedView.objects.get(page='projects').pk}&search=nothing")
    assert "Claims triage</a>" not in narrower
    wider = _page(client, f"/projects/?view={SavedView.objects.get(page='projects').pk}&stage=")
    assert "Storm claims</a>" in wider, "a filter of the view can be taken away"


def test_a_view_of_runs_holds_filters_and_columns(
    launch: Callable[..., Run], client: Client, people: dict[str, User]
) -> None:
    launch(note="first light"), launch(note="second look")
    client.force_login(people["scientist"])
    view = saved_views.save_view(
        name="Looks", page="runs", query="search=second&columns=state&columns=note", actor=people["scientist"]
    )
    shown = _page(client, f"/runs/?view={view.pk}")
    assert "second look" in shown and "first light" not in shown
    assert f'href="/runs/?view={view.pk}&amp;search="' in shown, "the chip takes the view's filter away"
    table = client.get(f"/runs/export.csv?view={view.pk}")
    text = b"".join(table.streaming_content).decode()  # type: ignore[attr-defined]
    assert "Search second" in text and "first light" not in text


def test_the_inbox_is_narrowed_by_words_and_unit(client: Client, people: dict[str, User]) -> None:
    first, second = submitted("Vehicle damage"), submitted("Storm claims")
    client.force_login(people["lead"])
    shown = _page(client, "/inbox/?search=Storm")
    assert f"/approvals/{second.key}/" in shown and f"/approvals/{first.key}/" not in shown
    assert f"/approvals/{first.key}/" in _page(client, f"/inbox/?search={first.key.lower()}")
    assert "No request matches" in _page(client, "/inbox/?search=nothing")
    text = b"".join(client.get("/inbox/export.csv?search=Storm").streaming_content).decode()  # type: ignore[attr-defined]
    assert second.key in text and first.key not in text
    view = saved_views.save_view(name="Storm", page="inbox", query="search=Storm", actor=people["lead"])
    assert f"/approvals/{first.key}/" not in _page(client, f"/inbox/?view={view.pk}")
    assert f'href="/inbox/?view={view.pk}&amp;tab=done"' in _page(client, f"/inbox/?view={view.pk}")


def test_what_is_no_filter_of_the_page_is_refused_also_by_api(client: Client, people: dict[str, User]) -> None:
    for page, query, sentence in (
        ("runs", "health=blocked", "Runs has no filter health"),
        ("projects", "stage=moon", "Stage: "),
        ("inbox", "state=open", "Inbox has no filter state"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            saved_views.save_view(name="Wrong", page=page, query=query, actor=people["lead"])
    body = {"name": "Failed", "page": "runs", "query": "state=failed"}
    headers = bearer(person("lead"))
    made = client.post("/api/v1/saved-views/", body, "application/json", headers=headers)
    assert (made.status_code, made.json()["page"]) == (201, "runs")
    listed = client.get("/api/v1/saved-views/?page=runs", headers=headers).json()
    assert [row["name"] for row in listed["results"]] == ["Failed"]
    wrong = client.post("/api/v1/saved-views/", body | {"query": "moon=1"}, "application/json", headers=headers)
    assert wrong.status_code == 400 and "Runs has no filter moon" in wrong.content.decode()


def test_a_view_costs_one_query_more_and_never_more_than_twelve(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["lead"])
    for page, (address, query) in LISTS.items():
        view = saved_views.save_view(name=page, page=page, query=query, actor=people["lead"])
        client.get(address)
        with CaptureQueriesContext(connection) as plain:
            _page(client, f"{address}?{query}")
        with CaptureQueriesContext(connection) as seen:
            _page(client, f"{address}?view={view.pk}")
        assert len(seen) <= len(plain) + 1 and len(seen) <= 12, page
