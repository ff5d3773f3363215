"""Choosing data sets in the checklist's answer when the register holds more than a page can list."""

import pytest
from django.test import Client

from coe_portal.core.models import User
from projects.forms.picks import LISTED
from projects.models import Dataset, Project
from tests.factories import intake, person, unit
from tests.governance.data import dataset, people

__all__ = ["people"]

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def many(people: dict[str, User]) -> list[Dataset]:
    """A register of 230 data sets, of which the last by name is the one that is wanted."""
    owner = person("owner")
    common = {"business_unit": unit(), "owner": owner, "created_by": owner, "classification": "internal"}
    rows = [Dataset(name=f"plates_{n:03}", location=f"s3://coe-data/plates/{n:03}/", **common) for n in range(230)]
    rows.append(Dataset(name="zebra_crossings", location="s3://coe-data/zebra/", **common))
    return Dataset.objects.bulk_create(rows)


def _page(project: Project) -> str:
    return f"/intake/{project.key}/data/"


def test_a_page_lists_few_data_sets_and_says_how_the_others_are_found(client: Client, many: list[Dataset]) -> None:
    project = intake()
    client.force_login(person("domain"))
    page = client.get(_page(project)).content.decode()
    assert page.count('name="data-registered"') == LISTED
    assert f"{LISTED} of 231 are listed. Type a part of the name to find the others." in page
    assert "zebra_crossings" not in page


def test_every_data_set_is_found_by_name_and_what_is_ticked_stays(client: Client, many: list[Dataset]) -> None:
    client.force_login(person("domain"))
    asked = {"field": "data-registered", "find": "crossings ZEBRA", "data-registered": [many[3].pk]}
    found = client.get("/datasets/picks/", asked, headers=HTMX).content.decode()
    assert found.startswith('<div class="picks" id="id_data-registered">')
    assert found.count('type="checkbox"') == 2 and found.count("checked") == 1
    assert f'value="{many[3].pk}"' in found and f'value="{many[-1].pk}"' in found
    assert found.index("plates_003") < found.index("zebra_crossings") < found.index("1 found.")
    none = client.get("/datasets/picks/", {"field": "data-registered", "find": "<nothing>"}).content.decode()
    assert "No other data set has “&lt;nothing&gt;” in its name." in none


def test_a_data_set_beyond_the_list_can_be_chosen_and_is_listed_first_afterwards(
    client: Client, many: list[Dataset]
) -> None:
    project = intake()
    client.force_login(person("domain"))
    sent = {"data-registered": [many[-1].pk, many[100].pk], "data-labelled_share": "not a number"}
    refused = client.post(_page(project), sent)
    assert refused.status_code == 422
    assert refused.content.decode().count("checked") == 2  # what was ticked stays when another field is wrong
    assert client.post(_page(project), sent | {"data-labelled_share": "40"}).status_code == 303
    assert project.criteria.get(code="data").answer["registered"] == [many[-1].pk, many[100].pk]
    page = client.get(_page(project)).content.decode()
    assert page.index("plates_100") < page.index("zebra_crossings") < page.index("plates_000")


def test_without_scripts_the_search_is_a_form_of_its_own(client: Client, many: list[Dataset]) -> None:
    project = intake()
    client.force_login(person("domain"))
    page = client.get(f"{_page(project)}?find=zebra").content.decode()
    assert '<form id="id_data-registered-form" method="get"' in page
    assert 'name="find" form="id_data-registered-form" value="zebra"' in page
    assert "zebra_crossings" in page and "1 found." in page


def test_neither_retired_nor_unknown_data_sets_can_be_ticked(client: Client, people: dict[str, User]) -> None:
    retired, project = dataset(readiness="retired"), intake()
    client.force_login(person("domain"))
    for key in (retired.pk, "nowhere", "\x00"):
        refused = client.post(_page(project), {"data-registered": [key]})
        assert refused.status_code == 422 and "Select a valid choice" in refused.content.decode()
    assert client.get("/datasets/picks/?field=<b>").status_code == 404
