"""The pages of runs and environments, with and without JavaScript."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coe_portal.core.errors import Missing
from coe_portal.core.models import User
from deployments.models import Environment, Run, RunOutput
from governance.services import gates
from projects.models import Project, SuccessMetric
from tests.deployments.conftest import ENVIRONMENT
from tests.deployments.test_runs import finish, move

pytestmark = pytest.mark.django_db
Launch = Callable[..., Run]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(client: Client, scientist: User) -> Client:
    client.force_login(scientist)
    return client


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


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


def test_a_stranger_finds_no_page(client: Client, launch: Launch, stranger: User) -> None:
    run = launch()
    client.force_login(stranger)
    base = f"/projects/{run.project.key}/runs/"
    for path in ("", "new/", "1/", "1/live/", "1/log/", "1/log.txt"):
        assert client.get(base + path).status_code == 404
    for path in ("1/stop/", "1/retry/", "estimate/"):
        assert client.post(base + path).status_code == 404


def test_without_a_template_or_an_environment_the_page_says_what_is_missing(browser: Client, project: Project) -> None:
    assert "No template is published." in text(browser.get(f"/projects/{project.key}/runs/new/"))


def test_opening_a_run_has_workers_fetch_its_output_and_polls(browser: Client, launch: Launch) -> None:
    run = launch()
    url = f"/projects/{run.project.key}/runs/1/"
    page = text(browser.get(url))
    assert RunOutput.objects.wanted().get().run_id == run.pk
    assert f'hx-get="{url}live/" hx-trigger="every 3s"' in page
    assert "Queued" in page and "at most $0.26" in page
    live = browser.get(f"{url}live/", headers=HTMX)
    assert live.status_code == 200
    assert text(live).startswith('<div id="run-live"')


def test_polling_ends_with_the_run_and_its_figures_stay(browser: Client, launch: Launch) -> None:
    run = finish(launch(spot=True), seconds=100)
    start = timezone.now() - timedelta(minutes=5)
    timeline = [
        {
            "status": "Starting",
            "started_at": start.isoformat(),
            "ended_at": (start + timedelta(seconds=30)).isoformat(),
            "message": "Preparing",
        },
        {
            "status": "Training",
            "started_at": (start + timedelta(seconds=30)).isoformat(),
            "ended_at": timezone.now().isoformat(),
            "message": "",
        },
    ]
    Run.objects.filter(pk=run.pk).update(
        enriched_at=timezone.now(),
        ended_at=timezone.now(),
        training_seconds=400,
        timeline=timeline,
        metrics={"validation:accuracy": 0.965},
        artifact_uri="s3://coe-local/x/model.tar.gz",
    )
    RunOutput.objects.create(
        run=run,
        log="step 1/2\nstep 2/2 <b>\n",
        log_complete=True,
        metric_series={
            "validation:accuracy": [[1, 0.9], [2, 0.965]],
            "train:log_loss": [[1, 0.5], [2, 0.4]],
            "validation:log_loss": [[1, 0.6], [2, 0.5]],
        },
    )
    url = f"/projects/{run.project.key}/runs/1/"
    live = browser.get(f"{url}live/", headers=HTMX)
    assert live.status_code == 286
    page = text(browser.get(url))
    assert "every 3s" not in page
    assert "0.9650" in page and "< $0.01" in page
    assert "75%" in page
    assert "s3://coe-local/x/model.tar.gz" in page
    assert page.count("<polyline") == 3
    assert "Training" in page and "Preparing" in page
    assert "step 2/2 &lt;b&gt;" in browser.get(url).content.decode()
    assert browser.get(f"{url}log/", headers=HTMX).status_code == 286
    download = browser.get(f"{url}log.txt")
    assert download.content == b"step 1/2\nstep 2/2 <b>\n"
    assert "attachment" in download["Content-Disposition"]


def test_a_failure_is_shown_with_cause_next_step_and_excerpt(browser: Client, launch: Launch) -> None:
    run = move(launch(), "submitting", "failed")
    failure = {
        "cause": "code",
        "message": "The script ended with an error.",
        "next_step": "Fix the column.",
        "excerpt": "ValueError: x",
    }
    Run.objects.filter(pk=run.pk).update(failure=failure)
    page = text(browser.get(f"/projects/{run.project.key}/runs/1/"))
    for words in failure.values():
        assert words in page


def test_the_log_can_be_paused_and_followed(browser: Client, launch: Launch) -> None:
    run = launch()
    RunOutput.objects.create(run=run, log="\n".join(f"line {n}" for n in range(500)))
    url = f"/projects/{run.project.key}/runs/1/log/"
    followed, paused = text(browser.get(url)), text(browser.get(f"{url}?follow=0"))
    assert "every 3s" in followed and "last 300 of 500 lines, following" in followed
    assert "every 3s" not in paused and "Follow" in paused
    assert "line 499" in paused and "line 199\n" not in paused


def test_stop_and_retry_are_forms_that_work_without_scripts(browser: Client, launch: Launch) -> None:
    run = launch()
    url = f"/projects/{run.project.key}/runs/1/"
    assert browser.post(f"{url}stop/")["Location"] == url
    page = text(browser.get(url))
    assert "Run 1 is being stopped." in page or Run.objects.get(pk=run.pk).state == "stopped"
    assert "The run has ended already." in page
    assert browser.post(f"{url}retry/")["Location"] == f"/projects/{run.project.key}/runs/2/"
    again = text(browser.get(url))
    assert "It was already retried as run 2." in again
    assert browser.post(f"{url}retry/")["Location"] == url


def test_a_clone_starts_the_form_with_the_run_it_comes_from(browser: Client, launch: Launch) -> None:
    run = launch(parameters={"rounds": 33}, max_runtime_seconds=900, note="base")
    page = text(browser.get(f"/projects/{run.project.key}/runs/new/?clone={run.pk}"))
    assert 'name="p-rounds" value="33"' in page
    assert 'name="max_minutes" value="15"' in page
    assert 'value="base"' in page


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
def test_a_page_takes_a_fixed_number_of_queries(browser: Client, launch: Launch, path: str) -> None:
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


def test_a_lead_adds_an_environment_and_sees_the_external_id_once(client: Client, lead: User) -> None:
    client.force_login(lead)
    data = {name: value for name, value in ENVIRONMENT.items() if name != "images"}
    data |= {"name": "ml-dev", "kind": "dev", "role_arn": "arn:aws:iam::111122223333:role/coe-portal", "projects": ""}
    wrong = client.post("/environments/new/", data | {"account_id": "12", "sklearn_image": "a b"})
    assert wrong.status_code == 422
    assert "12 digits" in text(wrong) and "without spaces" in text(wrong)
    answer = client.post("/environments/new/", data | {"sklearn_image": "repo/image:1"})
    assert answer["Location"] == "/environments/ml-dev/"
    environment = Environment.objects.get()
    assert environment.images == {"sklearn": "repo/image:1"}
    assert environment.external_id in text(client.get("/environments/ml-dev/"))
    assert environment.external_id not in text(client.get("/environments/ml-dev/"))
    client.post("/environments/ml-dev/external-id/")
    environment.refresh_from_db()
    assert environment.external_id in text(client.get("/environments/ml-dev/"))


def test_an_environment_is_edited_and_other_images_are_kept(
    client: Client, lead: User, local: Environment, project: Project
) -> None:
    Environment.objects.update(images={"sklearn": "a", "xgboost": "b"})
    client.force_login(lead)
    page = text(client.get("/environments/local/edit/"))
    assert 'value="coe-local"' in page
    data = {name: value for name, value in ENVIRONMENT.items() if name != "images"}
    data |= {"bucket": "other-bucket", "access": "listed", "projects": project.key.lower(), "sklearn_image": "c"}
    assert client.post("/environments/local/edit/", data).status_code == 303
    local.refresh_from_db()
    assert (local.bucket, local.images) == ("other-bucket", {"sklearn": "c", "xgboost": "b"})
    assert list(local.projects.all()) == [project]


def test_a_check_is_asked_for_and_polled_until_a_worker_has_answered(
    client: Client, lead: User, local: Environment
) -> None:
    client.force_login(lead)
    assert client.post("/environments/local/check/")["Location"] == "/environments/local/"
    assert "A worker tries out identity" in text(client.get("/environments/local/"))
    assert client.get("/environments/local/checks/", headers=HTMX).status_code == 200
    items = [
        {
            "code": "bucket",
            "title": "Bucket",
            "ok": False,
            "message": "Access denied.",
            "how_to_fix": "Allow s3:ListBucket.",
        }
    ]
    Environment.objects.update(check_requested_at=None, check_result={"at": "now", "state": "failed", "items": items})
    done = client.get("/environments/local/checks/", headers=HTMX)
    assert done.status_code == 286
    assert "Does not work" in text(done) and "Allow s3:ListBucket." in text(done)


def test_others_see_environments_but_no_switch_that_works(browser: Client, local: Environment) -> None:
    page = text(browser.get("/environments/"))
    assert "local" in page and "Only CoE leads may add environments." in page
    assert browser.post("/environments/new/", {"name": "x"}).status_code == 422
    browser.post("/environments/local/check/")
    assert Environment.objects.get().check_requested_at is None
    assert "Only CoE leads and DevOps engineers may check an environment." in text(browser.get("/environments/local/"))


def test_polling_draws_nothing_while_nothing_changed(browser: Client, launch: Launch) -> None:
    run = launch()
    url = f"/projects/{run.project.key}/runs/1/"
    for path in ("live/", "log/"):
        first = browser.get(url + path, headers=HTMX)
        assert first["Cache-Control"] == "private, no-cache"
        again = browser.get(url + path, headers=HTMX | {"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    tag = browser.get(f"{url}live/", headers=HTMX)["ETag"]
    Run.objects.filter(pk=run.pk).update(version=run.version + 1)
    assert browser.get(f"{url}live/", headers=HTMX | {"If-None-Match": tag}).status_code == 200


def test_polling_goes_on_until_the_log_has_arrived(browser: Client, launch: Launch) -> None:
    run = finish(launch())
    Run.objects.filter(pk=run.pk).update(enriched_at=timezone.now(), arn="arn:aws:sagemaker:eu-west-1:0:training-job/x")
    url = f"/projects/{run.project.key}/runs/1/"
    RunOutput.objects.create(run=run, log="step 1\n", log_complete=False)
    assert browser.get(f"{url}live/", headers=HTMX).status_code == 200
    RunOutput.objects.filter(run=run).update(log_complete=True)
    assert browser.get(f"{url}live/", headers=HTMX).status_code == 286
    assert "Training time" in text(browser.get(url))


def test_the_log_is_searched_with_and_without_scripts(browser: Client, launch: Launch) -> None:
    run = launch()
    RunOutput.objects.create(run=run, log="step 1 fine\nWARNING: slow\nValueError: <b>\n")
    url = f"/projects/{run.project.key}/runs/1/"
    page, fragment = text(browser.get(f"{url}?find=value")), text(browser.get(f"{url}log/?find=VALUE", headers=HTMX))
    for found in (page, fragment):
        assert "1 of 3 lines hold" in found
        assert 'class="ll bad"><i aria-hidden="true" data-n="3"></i>ValueError' in found
        assert "step 1 fine" not in found
    assert 'class="ll warn"' in text(browser.get(f"{url}log/"))
    assert "No line holds “nothing like it”" in text(browser.get(f"{url}log/?find=nothing+like+it"))
    assert "&lt;b&gt;" in browser.get(f"{url}?find=value").content.decode()


def test_the_best_other_run_stands_beside_this_one(browser: Client, launch: Launch) -> None:
    values = {1: 0.91, 2: 0.97, 3: 0.95}
    for number, value in values.items():
        run = finish(launch())
        Run.objects.filter(pk=run.pk).update(metrics={"validation:accuracy": value})
        RunOutput.objects.create(run=run, metric_series={"validation:accuracy": [[1, 0.5], [2, value]]})
        assert run.number == number
    page = text(browser.get(f"/projects/{run.project.key}/runs/3/"))
    assert "−0.0200 against run 2" in page
    assert "Run 2 <b>0.9700</b>" in page
    assert "Compare with best" in page
    best = text(browser.get(f"/projects/{run.project.key}/runs/2/"))
    assert "+0.0200 against run 3" in best


def test_the_result_is_the_validated_metric_not_the_one_in_training(browser: Client, launch: Launch) -> None:
    run = finish(launch(template="tabular-regressor"))
    SuccessMetric.objects.filter(project=run.project).update(name="rmse", direction="decrease", baseline=77, target=60)
    Run.objects.filter(pk=run.pk).update(metrics={"train:rmse": 41.3, "validation:rmse": 61.5})
    page = text(browser.get(f"/projects/{run.project.key}/runs/1/"))
    assert "<dd>61.50" in page
    assert "Target 60.00, not reached" in page


def test_a_model_is_downloaded_by_a_signed_address(browser: Client, launch: Launch, monkeypatch: Any) -> None:
    run = finish(launch())
    url = f"/projects/{run.project.key}/runs/1/artifact/"
    refused = browser.get(url)
    assert refused.status_code == 409
    assert "left no artifact to download" in text(refused)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    Run.objects.filter(pk=run.pk).update(artifact_uri="s3://coe-local/runs/x/model.tar.gz")
    address = browser.get(url)["Location"]
    assert "/runs/x/model.tar.gz?" in address
    assert "Signature=" in address


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
