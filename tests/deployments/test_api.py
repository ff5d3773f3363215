"""Runs, estimates, environments and templates over the REST API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core import wakeups
from coe_portal.core.models import OutboxEvent, User
from deployments.models import Environment, Run, RunOutput
from deployments.services.specification import Wish
from projects.models import Project
from tests.deployments.conftest import ENVIRONMENT, bearer
from tests.deployments.test_runs import finish, move

pytestmark = pytest.mark.django_db
JSON = "application/json"
Launch = Callable[..., Run]


@pytest.fixture
def body(shelf: None, project: Project) -> dict[str, Any]:
    return {
        "project": project.key,
        "environment": "local",
        "template": "tabular-classifier",
        "parameters": {"rounds": 9},
    }


def test_a_run_is_launched_polled_and_found_in_the_list(client: Client, scientist: User, body: dict[str, Any]) -> None:
    headers = bearer(scientist)
    answer = client.post("/api/v1/runs/", body, JSON, headers=headers)
    run = answer.json()
    assert answer.status_code == 201
    assert run["state"] == "queued"
    assert (run["worst_case"], run["currency"], run["price_date"]) == ("0.257000", "USD", "2023-12-31")
    assert run["parameters"]["rounds"] == 9
    assert run["project"] == body["project"]
    polled = client.get(f"/api/v1/runs/{run['id']}/", headers=headers)
    assert polled.json() == run
    again = client.get(f"/api/v1/runs/{run['id']}/", headers=headers | {"If-None-Match": polled["ETag"]})
    assert again.status_code == 304
    assert client.get("/api/v1/runs/", headers=headers).json()["results"] == [run]


def test_a_double_post_with_a_key_launches_once(client: Client, scientist: User, body: dict[str, Any]) -> None:
    headers = bearer(scientist) | {"Idempotency-Key": "k-1"}
    first, second = (client.post("/api/v1/runs/", body, JSON, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert Run.objects.count() == 1
    other = client.post("/api/v1/runs/", body | {"note": "x"}, JSON, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"template": "nothing"}, 400, "template"),
        ({"instance_type": "ml.huge"}, 400, "instance_type"),
        ({"instance_type": "ml.c5.xlarge"}, 400, "instance_type"),
        ({"instance_count": "many"}, 400, "instance_count"),
        ({"parameters": {"rounds": 1.5}}, 400, "parameters.rounds"),
        ({"parameters": {"training_data": "data.csv"}}, 400, "parameters.training_data"),
        ({"parameters": [1]}, 400, "parameters"),
        ({"environment": "mars"}, 400, "environment"),
        ({"spott": True}, 400, "spott"),
        ({"project": "PRJ-99999"}, 404, "project"),
        ({"project": "x"}, 404, "project"),
    ],
)
def test_bad_input_is_a_problem_document_that_names_the_field(
    client: Client, scientist: User, body: dict[str, Any], change: dict[str, Any], status: int, field: str
) -> None:
    answer = client.post("/api/v1/runs/", body | change, JSON, headers=bearer(scientist))
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]
    assert not Run.objects.exists()


def test_an_estimate_takes_the_body_of_a_run_and_launches_nothing(
    client: Client, scientist: User, body: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/estimates/", body | {"max_runtime_seconds": 60}, JSON, headers=bearer(scientist))
    assert answer.status_code == 200
    assert answer.json() == {
        "worst_case": "0.004283",
        "expected": "0.004283",
        "basis": "No similar run has finished yet, so this is the most it can cost.",
        "currency": "USD",
        "price_per_hour": "0.257000",
        "price_date": "2023-12-31",
        "price_source": "AWS bill of December 2023, aws-samples/sagemaker-ssh-helper, Sample_Costs.md",
        "budget_left": "95000.000000",
        "verdict": "fits",
    }
    assert not Run.objects.exists()


def test_an_anonymous_caller_is_asked_for_a_token(client: Client, body: dict[str, Any]) -> None:
    assert client.post("/api/v1/runs/", body, JSON).status_code == 401
    assert client.get("/api/v1/runs/").status_code == 401


def test_a_stranger_sees_no_run_and_cannot_reach_one(client: Client, launch: Launch, stranger: User) -> None:
    run, headers = launch(), bearer(stranger)
    assert client.get("/api/v1/runs/", headers=headers).json()["results"] == []
    for path in ("", "logs/", "metrics/", "timeline/", "findings/"):
        assert client.get(f"/api/v1/runs/{run.pk}/{path}", headers=headers).status_code == 404
    for command in ("stop", "retry", "clone"):
        answer = client.post(f"/api/v1/runs/{run.pk}/{command}/", {}, JSON, headers=headers)
        assert answer.status_code == 404


def test_a_reader_is_told_who_may_stop(client: Client, launch: Launch, auditor: User) -> None:
    answer = client.post(f"/api/v1/runs/{launch().pk}/stop/", headers=bearer(auditor))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert "to add you" in answer.json()["detail"]


def test_a_closed_gate_answers_with_everything_that_is_missing(
    client: Client, sponsor: User, body: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/runs/", body, JSON, headers=bearer(sponsor))
    assert (answer.status_code, answer.json()["code"]) == (409, "gate_closed")
    assert set(answer.json()["missing"][0]) == {"code", "message", "how_to_fix", "url"}


def test_stop_answers_at_once_or_with_the_run_to_poll(client: Client, launch: Launch, scientist: User) -> None:
    queued, running, headers = launch(), move(launch(), "submitting", "running"), bearer(scientist)
    first = client.post(f"/api/v1/runs/{queued.pk}/stop/", headers=headers)
    assert (first.status_code, first.json()["state"]) == (200, "stopped")
    second = client.post(f"/api/v1/runs/{running.pk}/stop/", headers=headers)
    assert (second.status_code, second.json()["state"]) == (202, "running")
    assert second.json()["stop_requested_at"] is not None
    third = client.post(f"/api/v1/runs/{queued.pk}/stop/", headers=headers)
    assert (third.status_code, third.json()["code"]) == (409, "stale_state")


def test_retry_and_clone_make_new_runs(client: Client, launch: Launch, scientist: User) -> None:
    failed, headers = move(launch(), "submitting", "failed"), bearer(scientist)
    retry = client.post(f"/api/v1/runs/{failed.pk}/retry/", headers=headers)
    assert (retry.status_code, retry.json()["attempt"], retry.json()["retry_of"]) == (201, 2, failed.pk)
    clone = client.post(f"/api/v1/runs/{failed.pk}/clone/", {"parameters": {"rounds": 5}}, JSON, headers=headers)
    assert (clone.status_code, clone.json()["cloned_from"]) == (201, failed.pk)
    assert clone.json()["parameters"]["rounds"] == 5
    assert client.post(f"/api/v1/runs/{failed.pk}/retry/", headers=headers).status_code == 409


def test_reading_the_log_has_workers_fetch_it(client: Client, launch: Launch, scientist: User) -> None:
    run, headers = launch(), bearer(scientist)
    empty = client.get(f"/api/v1/runs/{run.pk}/logs/", headers=headers)
    assert empty.json() == {"text": "", "complete": False, "fetched_at": None, "trouble": ""}
    assert RunOutput.objects.wanted().get().run_id == run.pk
    RunOutput.objects.update(log="step 1/9\n", log_complete=True, metric_series={"validation:accuracy": [[1, 0.9]]})
    assert client.get(f"/api/v1/runs/{run.pk}/logs/", headers=headers).json()["text"] == "step 1/9\n"
    metrics = client.get(f"/api/v1/runs/{run.pk}/metrics/", headers=headers).json()
    assert metrics["series"] == {"validation:accuracy": [[1, 0.9]]}
    assert (metrics["objective"], metrics["trouble"]) == ("validation:accuracy", "")
    RunOutput.objects.filter(run=run).update(trouble="CloudWatch Logs refused to show the log.")
    refused = client.get(f"/api/v1/runs/{run.pk}/metrics/", headers=headers).json()
    assert refused["trouble"] == "CloudWatch Logs refused to show the log."


def test_runs_are_filtered_and_an_unknown_filter_is_refused(client: Client, launch: Launch, lead: User) -> None:
    move(launch(note="night shift"), "submitting", "failed")
    launch(instance_type="ml.m5.large")
    headers = bearer(lead)

    def count(query: str) -> int:
        return len(client.get(f"/api/v1/runs/?{query}", headers=headers).json()["results"])

    key = Project.objects.get().key
    assert count("state=failed") == 1
    assert count("state=failed&state=queued") == 2
    assert count(f"project={key}") == 2
    assert count("project=PRJ-999") == count("project=x") == 0
    assert count("environment=local&template=tabular-classifier&requested_by=scientist") == 2
    assert count("instance_type=ml.m5.large") == 1
    assert count("search=night") == 1
    assert count("search=2") == 1
    assert count("since=2999-01-01T00:00:00Z") == 0
    refused = client.get("/api/v1/runs/?colour=red", headers=headers)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["colour"])
    assert client.get("/api/v1/runs/?state=flying", headers=headers).status_code == 400


def test_the_list_takes_the_same_few_queries_for_one_run_and_for_twenty(
    client: Client, launch: Launch, scientist: User
) -> None:
    headers = bearer(scientist)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get("/api/v1/runs/", headers=headers).status_code == 200
        return len(seen)

    launch()
    queries()
    one = queries()
    for _ in range(19):
        launch()
    assert queries() == one <= 3


def test_pages_of_runs_follow_each_other_without_gaps(client: Client, launch: Launch, scientist: User) -> None:
    made = [launch().pk for _ in range(5)]
    headers, seen, url = bearer(scientist), [], "/api/v1/runs/?page_size=2"
    while url:
        page = client.get(url, headers=headers).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == sorted(made, reverse=True)


def test_runs_are_compared_with_the_best_value_and_differences_first(
    client: Client, launch: Launch, scientist: User
) -> None:
    first, second = finish(launch(parameters={"rounds": 5})), finish(launch(parameters={"rounds": 50}))
    Run.objects.filter(pk=first.pk).update(metrics={"validation:accuracy": 0.91, "validation:log_loss": 0.2})
    Run.objects.filter(pk=second.pk).update(metrics={"validation:accuracy": 0.95, "validation:log_loss": 0.3})
    url = f"/api/v1/runs/compare/?ids={first.pk},{second.pk}"
    answer = client.get(url, headers=bearer(scientist)).json()
    assert [run["id"] for run in answer["runs"]] == [first.pk, second.pk]
    assert {line["name"]: line["best"] for line in answer["metrics"]} == {
        "validation:accuracy": 1,
        "validation:log_loss": 0,
    }
    assert (answer["parameters"][0]["name"], answer["parameters"][0]["values"]) == ("rounds", [5, 50])
    assert [line["differs"] for line in answer["parameters"]].count(True) == 1


@pytest.mark.parametrize("ids", ["", "one", "1,2,3,4,5,6"])
def test_a_comparison_needs_two_to_five_runs(client: Client, scientist: User, ids: str) -> None:
    answer = client.get(f"/api/v1/runs/compare/?ids={ids}", headers=bearer(scientist))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["ids"])


def test_runs_of_others_cannot_be_compared(client: Client, launch: Launch, stranger: User) -> None:
    ids = f"{launch().pk},{launch().pk}"
    answer = client.get(f"/api/v1/runs/compare/?ids={ids}", headers=bearer(stranger))
    assert answer.status_code == 400
    assert "that you may see" in answer.json()["errors"]["ids"][0]


def test_findings_say_that_no_rules_were_set(client: Client, launch: Launch, scientist: User) -> None:
    answer = client.get(f"/api/v1/runs/{launch().pk}/findings/", headers=bearer(scientist))
    assert answer.json() == {"state": "no_rules", "results": []}


def test_a_lead_adds_changes_and_checks_an_environment(client: Client, lead: User, scientist: User) -> None:
    headers = bearer(lead)
    made = client.post("/api/v1/environments/", ENVIRONMENT | {"role_arn": ""}, JSON, headers=headers)
    assert made.status_code == 201
    assert len(made.json()["external_id"]) == 32
    seen = client.get("/api/v1/environments/local/", headers=bearer(scientist))
    assert seen.json()["external_id"] == ""
    assert seen.json()["check"] == {"at": None, "state": "unchecked", "items": []}
    url = f"/api/v1/environments/{made.json()['id']}/"
    stale = client.patch(url, {"region": "us-east-1"}, JSON, headers=headers | {"If-Match": '"old"'})
    assert stale.status_code == 412
    changed = client.patch(url, {"region": "us-east-1"}, JSON, headers=headers | {"If-Match": seen["ETag"]})
    assert (changed.status_code, changed.json()["region"]) == (200, "us-east-1")
    check = client.post(f"{url}check/", headers=headers)
    assert (check.status_code, check.json()["check"]["state"]) == (202, "checking")
    renewed = client.post(f"{url}renew-external-id/", headers=headers).json()["external_id"]
    assert renewed not in ("", made.json()["external_id"])


def test_an_environment_is_refused_at_its_fields(client: Client, lead: User, scientist: User) -> None:
    answer = client.post("/api/v1/environments/", ENVIRONMENT | {"account_id": "12"}, JSON, headers=bearer(lead))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["account_id"])
    forbidden = client.post("/api/v1/environments/", ENVIRONMENT, JSON, headers=bearer(scientist))
    assert forbidden.status_code == 403
    assert not Environment.objects.exists()


def test_project_keys_of_an_environment_are_shown_to_those_who_may_see_the_project(
    client: Client, lead: User, stranger: User, scientist: User, project: Project
) -> None:
    body = ENVIRONMENT | {"access": "listed", "projects": [project.key]}
    client.post("/api/v1/environments/", body, JSON, headers=bearer(lead))
    shown = [
        client.get("/api/v1/environments/", headers=bearer(user)).json()["results"][0]["projects"]
        for user in (lead, scientist, stranger)
    ]
    assert shown == [[project.key], [project.key], []]


def test_templates_are_found_by_name_and_hold_a_schema_to_fill_in(client: Client, shelf: None, stranger: User) -> None:
    headers = bearer(stranger)
    names = [row["name"] for row in client.get("/api/v1/templates/", headers=headers).json()["results"]]
    assert sorted(names) == ["tabular-classifier", "tabular-regressor"]
    template = client.get("/api/v1/templates/tabular-regressor/", headers=headers).json()
    assert (template["version"], template["kind"]) == (1, "training")
    assert template["parameters"]["properties"]["loss"]["enum"] == ["squared_error", "absolute_error", "huber"]
    assert client.get("/api/v1/templates/nothing/", headers=headers).status_code == 404


def test_environments_and_templates_take_a_fixed_number_of_queries(
    client: Client, lead: User, shelf: None, wish: Wish
) -> None:
    headers = bearer(lead)
    client.get("/api/v1/environments/", headers=headers)
    for number in range(4):
        client.post("/api/v1/environments/", ENVIRONMENT | {"name": f"e{number}"}, JSON, headers=headers)
    for path in ("environments", "templates"):
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/api/v1/{path}/", headers=headers)
        assert len(seen) <= 4


def test_the_broker_hears_of_a_launch_only_after_the_commit(
    client: Client,
    scientist: User,
    body: dict[str, Any],
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(wakeups, "send", sent.append)
    headers = bearer(scientist)
    with django_capture_on_commit_callbacks() as callbacks:
        client.post("/api/v1/runs/", body, JSON, headers=headers)
        assert OutboxEvent.objects.filter(name="deployments.run_requested").count() == 1
    assert sent == []
    for callback in callbacks:
        callback()
    assert sorted(sent) == ["core.drain_outbox", "deployments.submit_runs"]
