"""The portfolio's figures and its table, as a sponsor reads them."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core import kept
from coe_portal.core.models import User
from coe_portal.pages.portfolio import portfolio_of
from deployments.models import Run
from governance.services import intakes
from projects.models import Project
from tests.deployments.conftest import approved_project
from tests.factories import complete_intake, intake, person

pytestmark = pytest.mark.django_db


def test_figures_are_those_of_the_projects_a_person_may_see(
    people: dict[str, User], project: Project, launch: Callable[..., Run]
) -> None:
    Run.objects.filter(pk=launch().pk).update(cost=Decimal("14.25"))
    Project.objects.filter(pk=intake("Storm claims").pk).update(health="at_risk")
    seen = portfolio_of(people["sponsor"])
    assert (seen.projects, seen.at_risk, seen.ended) == (2, 1, 0)
    assert (seen.value, seen.budget, seen.spent) == (Decimal(1100000), Decimal(95000), Decimal("14.25"))
    assert portfolio_of(people["stranger"]).projects == 0
    assert portfolio_of(people["stranger"]).spent == 0


def test_decisions_are_those_that_wait_for_the_reader(client: Client, people: dict[str, User]) -> None:
    asked = intakes.submit(project_key=complete_intake().key, actor=person("domain")).approval
    client.force_login(people["lead"])
    page = client.get("/portfolio/").content.decode()
    assert "Review 1 decision" in page and f"/approvals/{asked.key}/" in page
    client.force_login(people["sponsor"])
    page = client.get("/portfolio/").content.decode()
    assert "Nothing waits for you" in page and "1 request waits for other people." in page


def test_the_most_valuable_project_comes_first_and_others_on_request(client: Client, people: dict[str, User]) -> None:
    approved_project("Valuable"), intake("Newest")
    client.force_login(people["sponsor"])
    by_value = client.get("/portfolio/").content.decode()
    newest = client.get("/portfolio/?sort=newest").content.decode()
    assert by_value.index("data-nav>Valuable") < by_value.index("data-nav>Newest")
    assert newest.index("data-nav>Newest") < newest.index("data-nav>Valuable")


def test_a_filter_keeps_the_order_and_the_order_keeps_the_filter(client: Client, people: dict[str, User]) -> None:
    approved_project("Valuable"), intake("Newest")
    client.force_login(people["sponsor"])
    page = client.get("/portfolio/?stage=poc&sort=newest").content.decode()
    assert "data-nav>Newest" not in page
    assert 'href="/portfolio/?sort=newest">Stage <b>Proof of concept</b>' in page
    assert '<a href="?stage=poc">Expected a year' in page
    assert "No project matches" in client.get("/portfolio/?search=nothing-like-it").content.decode()


def test_every_page_of_the_table_can_be_turned(client: Client, people: dict[str, User]) -> None:
    for number in range(23):
        intake(f"Idea {number}")
    client.force_login(people["sponsor"])
    first = client.get("/portfolio/").content.decode()
    assert first.count("data-nav") == 20
    cursor = first.split('rel="next" href="?')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(f"/portfolio/?{cursor}").content.decode().count("data-nav") == 3


def test_the_export_holds_what_is_filtered(client: Client, people: dict[str, User]) -> None:
    approved_project("Valuable"), intake("Newest")
    client.force_login(people["sponsor"])
    lines = b"".join(client.get("/portfolio/export.csv?stage=poc").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3
    assert "Valuable" in lines[2] and "1100000" in lines[2] and "USD" in lines[2]


def test_the_page_takes_the_same_queries_for_one_project_and_for_ten(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["sponsor"])
    approved_project("Project 0")

    def queries() -> int:
        kept.changed()
        with CaptureQueriesContext(connection) as captured:
            client.get("/portfolio/")
        return len(captured)

    queries()
    few = queries()
    for number in range(1, 10):
        approved_project(f"Project {number}")
    assert queries() == few <= 18
