"""The page of one run: what it shows while it goes on and once it has ended; its log, its best neighbour, its model."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Run, RunOutput
from projects.models import SuccessMetric
from tests.deployments.conftest import HTMX, text
from tests.deployments.test_runs import finish, move

pytestmark = pytest.mark.django_db
Launch = Callable[..., Run]


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


def test_a_log_that_is_refused_leaves_no_promise_of_curves(browser: Client, launch: Launch) -> None:
    run = launch()
    why = (
        "CloudWatch Logs refused to show the log: no (AccessDeniedException). Whoever looks after the environment local"
    )
    output = RunOutput.objects.create(run=run, trouble=why)
    url = f"/projects/{run.project.key}/runs/1/"
    for page in (text(browser.get(url)), text(browser.get(f"{url}live/", headers=HTMX))):
        assert f"the portal cannot read it. {why}" in page
        assert "The curves appear" not in page
    output.metric_series = {"validation:accuracy": [[1, 0.5], [2, 0.6]]}
    output.save()
    page = text(browser.get(f"{url}live/", headers=HTMX))
    assert f"The curves end where the log was last read. {why}" in page and "<polyline" in page
    RunOutput.objects.filter(run=run).update(trouble="", metric_series={})
    assert "The curves appear as soon as" in text(browser.get(url))


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
