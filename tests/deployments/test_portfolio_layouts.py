"""The portfolio's other layouts, saved views and exports, as people who decide read them."""

import csv
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.charts.bubbles import HEIGHT, WIDTH, Bubble, bubbles
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import SavedView, User
from coe_portal.core.narrowing import Address
from coe_portal.core.services import saved_views
from coe_portal.pages.matrix import feasibility_of, from_answers
from governance.services import intakes, qualification
from projects.models import Project
from projects.services import reviewers
from tests.core.conftest import bearer
from tests.deployments.conftest import approved_project
from tests.factories import complete_intake, intake

JSON = "application/json"


@pytest.fixture
def reader(people: dict[str, User], client: Client) -> Client:
    client.force_login(people["sponsor"])
    return client


def _page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def _rows(client: Client, address: str) -> list[list[str]]:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    return list(csv.reader(b"".join(answer.streaming_content).decode().splitlines()))


@pytest.mark.django_db
def test_the_board_has_a_column_for_each_stage_with_its_number_and_value(reader: Client) -> None:
    approved_project("Vehicle damage"), intake("Storm claims"), intake("Route planning")
    page = _page(reader, "/portfolio/board/")
    columns = re.findall(r'id="kb-(\w+)">(.*?) <span class="count quiet">(\d+)</span>', page)
    assert columns == [
        ("intake", "Intake", "2"),
        ("qualification", "Qualification", "0"),
        ("poc", "Proof of concept", "1"),
        ("production_ready", "Production ready", "0"),
        ("production", "Production", "0"),
    ]
    assert "$1.1M a year" in page and "draggable" not in page


@pytest.mark.django_db
def test_a_full_column_shows_the_most_valuable_and_links_to_the_rest(reader: Client, people: dict[str, User]) -> None:
    for number in range(10):
        Project.objects.filter(pk=intake(f"Idea {number}").pk).update(value_per_year=number * 1000)
    page = _page(reader, "/portfolio/board/?health=on_track")
    assert "Idea 9</a>" in page and "Idea 2</a>" in page and "Idea 1</a>" not in page
    assert 'href="/portfolio/?health=on_track&amp;stage=intake">2 more in the table' in page


@pytest.mark.django_db
def test_a_project_moves_by_a_button_of_those_who_may_ask_and_by_nothing_else(
    client: Client, people: dict[str, User]
) -> None:
    project = approved_project()
    ask = f'action="/projects/{project.key}/advance/"'
    for who, may in (("scientist", True), ("lead", True), ("auditor", False), ("security", False)):
        client.force_login(people[who])
        assert (ask in _page(client, "/portfolio/board/")) == may, who
    client.force_login(people["scientist"])
    assert client.post(f"/projects/{project.key}/advance/").status_code == 303
    assert ask not in _page(client, "/portfolio/board/"), "it waits for a decision already"


@pytest.mark.django_db
def test_a_deferred_project_has_a_column_only_when_there_is_one(reader: Client) -> None:
    project = intake("Later")
    assert 'id="kb-deferred"' not in _page(reader, "/portfolio/board/")
    Project.objects.filter(pk=project.pk).update(stage="deferred")
    assert 'id="kb-deferred"' in _page(reader, "/portfolio/board/")


@pytest.mark.django_db
def test_the_matrix_numbers_the_same_projects_in_chart_and_table(reader: Client) -> None:
    for name, value, tier in (("Small", 20_000, "low"), ("Large", 2_000_000, "high"), ("Without value", None, "")):
        Project.objects.filter(pk=intake(name).pk).update(value_per_year=value, risk_tier=tier)
    page = _page(reader, "/portfolio/matrix/")
    assert "The most valuable is Large" in page and "2 of 3 projects have a value and are shown" in page
    assert re.findall(r'<g class="bub (risk-\w+)">.*?>(\d)</text>', page) == [("risk-high", "1"), ("risk-low", "2")]
    table = page[page.index("<tbody>") :]
    assert table.index("Large") < table.index("Small") and "Without value" not in table


@pytest.mark.django_db
def test_feasibility_is_half_readiness_and_half_labelled_data(people: dict[str, User]) -> None:
    labelled, unlabelled = complete_intake("Labelled"), complete_intake("Unlabelled", data={"labelled_share": 0})
    empty = intake("Empty")
    found = from_answers([labelled, unlabelled, empty])
    assert [found[project.pk].score for project in (labelled, unlabelled, empty)] == [92, 50, 0]


@pytest.mark.django_db
def test_feasibility_is_what_reviewers_say_once_they_have_scored(people: dict[str, User], reader: Client) -> None:
    scored, other = complete_intake("Scored"), complete_intake("Not scored")
    intakes.submit(project_key=scored.key, actor=people["domain"])
    reviewers.invite(project_key=scored.key, username="dataengineer", actor=people["lead"])
    for who, feasibility in (("lead", 2), ("dataengineer", 5)):
        scores = {"value": 4, "feasibility": feasibility, "data_readiness": 3, "risk": 4}
        qualification.give_review(project_key=scored.key, scores=scores, actor=people[who])
    found = feasibility_of([scored, other])
    assert (found[scored.pk].score, found[scored.pk].is_estimate) == (62, False)  # 3.5 of 1 to 5
    assert found[other.pk].is_estimate
    page = _page(reader, "/portfolio/matrix/")
    assert "62</td>" in page and '92 <span class="mute-i">estimate</span>' in page


@pytest.mark.django_db
def test_layouts_keep_the_filters_and_fragments_bring_the_export_along(reader: Client) -> None:
    approved_project("Vehicle damage"), intake("Storm claims")
    page = _page(reader, "/portfolio/?stage=poc&columns=value")
    assert 'href="/portfolio/board/?stage=poc&amp;columns=value"' in page
    fragment = reader.get("/portfolio/?stage=poc", headers={"HX-Request": "true"}).content.decode()
    assert re.search(r'id="export" href="/portfolio/export.csv\?stage=poc" hx-swap-oob="true"', fragment)


@pytest.mark.django_db
def test_only_the_columns_that_are_asked_for_are_shown(reader: Client) -> None:
    approved_project("Vehicle damage")
    page = _page(reader, "/portfolio/?columns=value&columns=risk")
    heads = re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page[page.index("the most valuable first") :])
    assert [head.strip() for head in heads] == ["Project", "Expected a year", "Risk tier"]
    assert "Next decision" in _page(reader, "/portfolio/?columns=nonsense")


# Saved views: view, filters and columns never reset each other.

SAVED = SavedView(pk="01view", name="At risk", query="health=at_risk&stage=poc&columns=value")


def _address(query: str) -> Address:
    return Address(QueryDict(query), SAVED)


def test_a_view_is_narrowed_further_and_its_filters_can_be_taken_away() -> None:
    assert _address("view=01view").effective.urlencode() == "health=at_risk&stage=poc&columns=value"
    narrowed = _address("view=01view&risk_tier=high")
    assert narrowed.effective.dict() == {
        "health": "at_risk", "stage": "poc", "columns": "value", "risk_tier": "high",
    }  # fmt: skip
    without = narrowed.link(stage="")
    assert without == "view=01view&risk_tier=high&stage="
    assert "stage" not in _address(without).effective
    assert _address("view=01view").link(columns=["value", "risk"]) == "view=01view&columns=value&columns=risk"


NAMES = st.sampled_from(["health", "stage", "risk_tier", "sort", "columns"])
QUERIES = st.dictionaries(NAMES, st.sampled_from(["", "a", "b"]), max_size=5)


@given(QUERIES, QUERIES, NAMES, st.sampled_from(["", "c"]))
def test_changing_one_parameter_leaves_all_others_as_they_are(
    stored: dict[str, str], own: dict[str, str], name: str, value: str
) -> None:
    def query(values: dict[str, str]) -> str:
        return "&".join(f"{key}={each}" for key, each in values.items())

    view = SavedView(pk="01view", query=query({key: each for key, each in stored.items() if each}))
    before = Address(QueryDict(query(own)), view)
    after = Address(QueryDict(before.link(**{name: value})), view)
    assert after.effective.get(name, "") == value
    others = [{key: each for key, each in one.effective.items() if key != name} for one in (before, after)]
    assert others[0] == others[1]


@pytest.mark.django_db
def test_what_i_look_at_is_saved_and_stands_in_my_sidebar_and_for_others_when_shared(
    client: Client, people: dict[str, User]
) -> None:
    approved_project("Vehicle damage"), intake("Storm claims")
    client.force_login(people["sponsor"])
    page = _page(client, "/portfolio/?stage=poc&sort=newest&columns=value")
    kept = re.search(r'name="query" value="([^"]*)"', page)
    assert kept
    form = {"name": "Running POCs", "page": "portfolio", "query": kept[1].replace("&amp;", "&"), "is_shared": "on"}
    answer = client.post("/views/", form)
    view = SavedView.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/portfolio/?view={view.pk}")
    assert view.query == "stage=poc&sort=newest&columns=value"
    for who, sees in (("sponsor", True), ("lead", True)):
        client.force_login(people[who])
        shown = _page(client, f"/portfolio/?view={view.pk}")
        assert ("Storm claims</a>" not in shown) == sees and "Vehicle damage</a>" in shown
        assert f'<a href="/portfolio/?view={view.pk}" aria-current="page">' in shown
        assert "Next decision</th>" not in shown, "its columns belong to the view"
    client.force_login(people["stranger"])
    assert "Vehicle damage" not in _page(client, f"/portfolio/?view={view.pk}"), "a view shows nobody more"
    client.force_login(people["sponsor"])
    client.post(f"/views/{view.pk}/", {"name": "Running POCs"})
    client.force_login(people["lead"])
    assert "Running POCs" not in _page(client, "/portfolio/")


@pytest.mark.django_db
def test_views_are_changed_by_their_owner_and_taken_away_by_leads_too(people: dict[str, User]) -> None:
    mine = saved_views.save_view(name="Mine", page="board", query="", actor=people["scientist"])
    with pytest.raises(NotFound):
        saved_views.remove_view(view_id=mine.pk, actor=people["lead"])
    saved_views.change_view(view_id=mine.pk, name="Ours", is_shared=True, actor=people["scientist"])
    for act in (
        lambda: saved_views.change_view(view_id=mine.pk, name="X2", is_shared=False, actor=people["lead"]),
        lambda: saved_views.remove_view(view_id=mine.pk, actor=people["domain"]),
    ):
        with pytest.raises(NotAllowed):
            act()
    saved_views.remove_view(view_id=mine.pk, actor=people["lead"])
    assert not SavedView.objects.exists()


@pytest.mark.django_db
def test_the_same_name_replaces_a_view_and_nonsense_is_refused(people: dict[str, User]) -> None:
    for query in ("stage=poc", "?view=01x&cursor=abc&stage=&health=blocked"):
        saved_views.save_view(name="Mine", page="portfolio", query=query, actor=people["lead"])
    assert SavedView.objects.get().query == "health=blocked"
    for wrong in ({"name": "x"}, {"page": "moon"}, {"query": "search=" + "x" * 1100}):
        with pytest.raises(InvalidInput) as caught:
            saved_views.save_view(**{"name": "New", "page": "board", "query": "", **wrong}, actor=people["lead"])
        assert list(caught.value.errors) == list(wrong)


@pytest.mark.django_db
def test_nobody_keeps_views_without_end(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 1)
    saved_views.save_view(name="First", page="board", query="", actor=people["lead"])
    with pytest.raises(StaleState, match="Take one away first"):
        saved_views.save_view(name="Second", page="board", query="", actor=people["lead"])


@pytest.mark.django_db
def test_views_are_kept_by_api(client: Client, people: dict[str, User]) -> None:
    headers = bearer(people["domain"], "read", "write")
    body = {"name": "Blocked", "page": "matrix", "query": "health=blocked", "is_shared": True}
    made = client.post("/api/v1/saved-views/", body, JSON, headers=headers)
    assert (made.status_code, made.json()["owner"]) == (201, "domain")
    address = f"/api/v1/saved-views/{made.json()['id']}/"
    assert client.patch(address, {"name": "Stuck"}, JSON, headers=headers).json()["name"] == "Stuck"
    other = bearer(people["lead"], "read", "write")
    listed = client.get("/api/v1/saved-views/?page=matrix", headers=other).json()["results"]
    assert [row["name"] for row in listed] == ["Stuck"]
    assert client.patch(address, {"is_shared": False}, JSON, headers=other).status_code == 403
    assert client.delete(address, headers=headers).status_code == 204


# Exports say what they are, as of when, in which units, and what narrows them.


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["portfolio", "projects", "intake"])
def test_a_csv_holds_exactly_what_is_filtered(reader: Client, name: str) -> None:
    complete_intake("=Vehicle damage"), intake("Storm claims")
    rows = _rows(reader, f"/{name}/export.csv?search=vehicle")
    assert re.match(r"\w+ as of \d{2} \w+ 20\d{2} \d{2}:\d{2} \w+, money in the project's currency", rows[0][0])
    assert rows[0][0].endswith("; only Key, name or summary: vehicle")
    assert [row[1] for row in rows[2:]] == ["'=Vehicle damage"]
    assert len(rows[1]) == len(rows[2])


@pytest.mark.django_db
def test_a_tab_of_the_inbox_is_exported(client: Client, people: dict[str, User]) -> None:
    approved_project("Vehicle damage")
    client.force_login(people["lead"])
    rows = _rows(client, "/inbox/export.csv?tab=done")
    assert rows[0][0].endswith("; only Done") and rows[2][8] == "approved" and len(rows[2][11]) == 64


@pytest.mark.django_db
def test_board_and_matrix_cost_the_same_queries_for_many_projects(reader: Client) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            _page(reader, address)
        return len(captured)

    approved_project("First")
    before = [queries(address) for address in ("/portfolio/board/", "/portfolio/matrix/")]
    for number in range(12):
        Project.objects.filter(pk=intake(f"Idea {number}").pk).update(value_per_year=Decimal(number))
    after = [queries(address) for address in ("/portfolio/board/", "/portfolio/matrix/")]
    assert after == before and max(after) <= 12


@given(
    st.lists(
        st.tuples(st.floats(-10, 110), st.floats(0, 1e12, exclude_min=True), st.floats(0, 1e9)), min_size=1, max_size=20
    )
)
def test_every_circle_is_drawn_inside_the_picture(found: list[tuple[float, float, float]]) -> None:
    drawn = str(
        bubbles(
            [Bubble(number, *each, "risk-low") for number, each in enumerate(found, 1)],
            x_title="x",
            y_title="y",
            sentence="s",
        )
    )
    circles = re.findall(r'cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"', drawn)
    assert len(circles) == len(found)
    for x, y, radius in circles:
        assert 0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT and 9 <= float(radius) <= 26
