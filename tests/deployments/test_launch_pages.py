"""The launch form: made from the template's schema, with the price; what is refused stands at its field."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from coe_portal.core.errors import Missing
from coe_portal.core.models import User
from deployments.models import Run
from governance.services import gates
from projects.models import Project
from tests.deployments.conftest import HTMX, text

pytestmark = pytest.mark.django_db
Launch = Callable[..., Run]


def form_data(**changes: Any) -> dict[str, Any]:
    return {
        "template": "tabular-classifier",
        "environment": "local",
        "instance_type": "ml.m5.xlarge",
        "instance_count": "1",
        "max_minutes": "30",
        "note": "from the form",
        "request_key": "form-1",
        "p-rounds": "7",
        "p-learning_rate": "0.2",
        "p-training_data": "",
    } | changes


def test_the_launch_form_is_made_from_the_schema_and_shows_the_price(
    browser: Client, shelf: None, project: Project
) -> None:
    page = text(browser.get(f"/projects/{project.key}/runs/new/"))
    assert 'name="p-rounds" value="120"' in page
    assert "Trees that are added one after the other." in page
    assert "ml.m5.xlarge, $0.26 an hour" in page
    assert "ml.c5.xlarge, no price here" in page
    assert "Worst case" in page and "$0.26" in page
    assert "Budget left" in page and "$95,000.00" in page and "Fits the budget" in page
    regressor = text(browser.get(f"/projects/{project.key}/runs/new/?template=tabular-regressor"))
    assert "squared_error" in regressor


def test_a_plain_post_launches_and_leads_to_the_run(browser: Client, shelf: None, project: Project) -> None:
    answer = browser.post(f"/projects/{project.key}/runs/new/", form_data(spot="on"))
    run = Run.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/projects/{project.key}/runs/1/")
    assert (run.parameters["rounds"], run.parameters["learning_rate"]) == (7, 0.2)
    assert "training_data" not in run.parameters
    assert (run.max_runtime_seconds, run.spot, run.note) == (1800, True, "from the form")


def test_a_form_sent_twice_launches_once(browser: Client, shelf: None, project: Project) -> None:
    for _ in range(2):
        assert browser.post(f"/projects/{project.key}/runs/new/", form_data()).status_code == 303
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"p-rounds": "0"}, "Use 1 or more; 0 is too small."),
        ({"p-rounds": "many"}, "Give a whole number, not 'many'."),
        ({"p-training_data": "/data"}, "does not start with s3://"),
        ({"instance_type": "ml.c5.xlarge"}, "The price table has no price for ml.c5.xlarge in eu-west-1"),
        ({"max_minutes": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"environment": "mars"}, "Select a valid choice."),
    ],
)
def test_a_refused_form_comes_back_with_the_sentence_at_the_field(
    browser: Client, shelf: None, project: Project, change: dict[str, str], sentence: str
) -> None:
    answer = browser.post(f"/projects/{project.key}/runs/new/", form_data(**change))
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert f'href="#id_{next(iter(change))}"' in text(answer)
    assert not Run.objects.exists()


def test_the_price_follows_the_form_without_launching(browser: Client, shelf: None, project: Project) -> None:
    url = f"/projects/{project.key}/runs/estimate/"
    hour = text(browser.post(url, form_data(max_minutes="120"), headers=HTMX))
    assert "$0.51" in hour and "<html" not in hour
    small = text(browser.post(url, form_data(max_minutes="1"), headers=HTMX))
    assert "< $0.01" in small
    wrong = text(browser.post(url, form_data(**{"p-rounds": "-4"}), headers=HTMX))
    assert "Use 1 or more; -4 is too small." in wrong
    assert not Run.objects.exists()


def test_a_watcher_sees_the_button_switched_off_with_the_reason(
    client: Client, shelf: None, project: Project, sponsor: User
) -> None:
    client.force_login(sponsor)
    page = text(client.get(f"/projects/{project.key}/runs/"))
    assert 'aria-disabled="true"' in page
    assert "You are not a data scientist or data engineer" in page
    refused = client.post(f"/projects/{project.key}/runs/new/", form_data())
    assert refused.status_code == 422
    assert not Run.objects.exists()


def test_a_closed_gate_is_shown_before_anybody_fills_in_the_form(
    browser: Client, shelf: None, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = (Missing("stage", "The project is in intake.", "Submit the intake.", f"/projects/{project.key}/"),)
    monkeypatch.setattr(gates, "check", lambda *args, **kwargs: gates.GateAnswer(False, missing))
    for path in ("", "new/"):
        page = text(browser.get(f"/projects/{project.key}/runs/{path}"))
        assert "The project is in intake." in page and "Submit the intake." in page
        assert 'aria-disabled="true"' in page


def test_without_a_template_or_an_environment_the_page_says_what_is_missing(browser: Client, project: Project) -> None:
    assert "No template is published." in text(browser.get(f"/projects/{project.key}/runs/new/"))


def test_a_clone_starts_the_form_with_the_run_it_comes_from(browser: Client, launch: Launch) -> None:
    run = launch(parameters={"rounds": 33}, max_runtime_seconds=900, note="base")
    page = text(browser.get(f"/projects/{run.project.key}/runs/new/?clone={run.pk}"))
    assert 'name="p-rounds" value="33"' in page
    assert 'name="max_minutes" value="15"' in page
    assert 'value="base"' in page
