"""Lists of runs, their comparison and file; what a project's page says of its budget and next step."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coe_portal.core import kept
from coe_portal.core.models import User
from deployments.models import Run
from projects.models import Project
from tests.deployments.conftest import HTMX, text
from tests.deployments.test_runs import finish, move

pytestmark = pytest.mark.django_db
Launch = Callable[..., Run]


def test_a_stranger_finds_no_page(client: Client, launch: Launch, stranger: User) -> None:
    run = launch()
    client.force_login(stranger)
    base = f"/projects/{run.project.key}/runs/"
    for path in ("", "new/", "1/", "1/live/", "1/log/", "1/log.txt"):
        assert client.get(base + path).status_code == 404
    for path in ("1/stop/", "1/retry/", "estimate/"):
        assert client.post(base + path).status_code == 404


def test_the_list_filters_by_address_and_remembers_columns(browser: Client, launch: Launch) -> None:
    move(launch(note="night"), "submitting", "failed")
    launch()
    page = text(browser.get("/runs/?state=failed"))
    assert page.count('scope="row"') == 1 and "Failed" in page
    fragment = text(browser.get("/runs/?search=night&state=", headers=HTMX))
    assert fragment.startswith('<div id="run-rows">') and fragment.count('scope="row"') == 1
    assert "No run matches" in text(browser.get("/runs/?project=PRJ-999"))
    assert '<th scope="col">Note</th>' in text(browser.get("/runs/?columns=note&columns=spot"))
    kept = text(browser.get("/runs/"))
    assert '<th scope="col">Note</th>' in kept and '<th scope="col">Template</th>' not in kept


def test_an_empty_list_says_what_runs_are_for(browser: Client, project: Project) -> None:
    page = text(browser.get("/runs/"))
    assert "No runs yet" in page and "Choose a project" in page


@pytest.mark.parametrize(
    "path", ["/runs/", "/projects/{key}/runs/", "/projects/{key}/runs/1/", "/projects/{key}/runs/new/"]
)
def test_a_page_takes_a_fixed_number_of_queries(
    browser: Client, launch: Launch, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(kept, "SECONDS", 0)  # so that a slow machine reads as much as a quick one

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(path.format(key=run.project.key)).status_code == 200
        return len(seen)

    run = launch()
    queries()
    one = queries()
    for _ in range(19):
        launch()
    assert queries() == one <= 15


def test_selected_runs_are_compared_with_what_differs_marked(browser: Client, launch: Launch) -> None:
    first, second = finish(launch(parameters={"rounds": 5})), finish(launch(parameters={"rounds": 50}))
    Run.objects.filter(pk=first.pk).update(metrics={"validation:accuracy": 0.91})
    Run.objects.filter(pk=second.pk).update(metrics={"validation:accuracy": 0.95})
    page = text(browser.get(f"/runs/compare/?ids={first.pk}&ids={second.pk}"))
    assert '<b>0.9500</b> <span class="tag">best</span>' in page
    assert page.index("Rounds") < page.index("Seed")
    alone = browser.get(f"/runs/compare/?ids={first.pk}")
    assert alone.status_code == 400
    assert "Name 2 to 5 different runs." in text(alone)


def test_every_filter_in_force_can_be_taken_away_by_itself(browser: Client, launch: Launch) -> None:
    key = launch(note="night").project.key
    page = text(browser.get(f"/runs/?project={key}&state=queued&state=failed&columns=note&columns=cost"))
    assert (
        'href="/runs/?state=queued&amp;state=failed&amp;columns=note&amp;columns=cost"'
        in browser.get(f"/runs/?project={key}&state=queued&state=failed&columns=note&columns=cost").content.decode()
    )
    assert "Remove the filter State: Queued" in page
    assert 'href="/runs/?state=succeeded&columns=note&columns=cost"' in page


def test_the_file_holds_exactly_what_is_filtered(browser: Client, launch: Launch) -> None:
    launch(note="=1+1")
    move(launch(note="night"), "submitting", "failed")
    answer = browser.get("/runs/export.csv?search=1%2B1")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0].startswith('"Runs as of ') and "Search 1+1" in lines[0]
    assert lines[1].split(",")[:4] == ["project", "project name", "run", "state"]
    assert len(lines) == 3 and lines[2].endswith("'=1+1")


def test_the_budget_card_says_what_is_left_and_where_it_leads(
    browser: Client, launch: Launch, project: Project
) -> None:
    today = timezone.localdate()
    Project.objects.filter(pk=project.pk).update(
        poc_starts_on=today - timedelta(days=20), poc_ends_on=today + timedelta(days=20), poc_budget=100
    )
    run = finish(launch())
    Run.objects.filter(pk=run.pk).update(cost=10)
    launch()
    panel = text(browser.get(f"/projects/{project.key}/budget/", headers=HTMX))
    assert panel.startswith('<section class="card" id="project-budget"')
    assert "$10.26 spent of $100.00" in panel
    assert "at this pace $79.49 will be left" in panel
    assert "Show as table" in panel
    page = text(browser.get(f"/projects/{project.key}/budget/"))
    assert "<h1>" in page


def test_a_reached_target_leads_to_the_next_gate(browser: Client, launch: Launch) -> None:
    run = finish(launch())
    address = f"/projects/{run.project.key}/next-action/"
    Run.objects.filter(pk=run.pk).update(metrics={"validation:accuracy": 0.8, "train:accuracy": 0.99})
    assert "Launch a training run" in text(browser.get(address, headers=HTMX))
    Run.objects.filter(pk=run.pk).update(metrics={"validation:accuracy": 0.965})
    advice = text(browser.get(address, headers=HTMX))
    assert "Ask for the next gate" in advice
    assert "Run 1 reached accuracy 0.965; the target is 0.82." in advice


def test_templates_keep_to_the_content_security_policy() -> None:
    import re
    from pathlib import Path

    for path in Path("templates/deployments").rglob("*.html"):
        source = path.read_text()
        assert not re.search(
            r"\sstyle=|<style|<script(?![^>]* src=)|\son[a-z]+=|hx-on|hx-trigger=\"[^\"]*\[", source
        ), path
