"""Policies, approvals and gates over REST: the same rules and refusals that people get."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core.models import User
from governance.models import ApprovalRequest, PolicyVersion
from governance.services import intakes, policies
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation, person

JSON = "application/json"
PROBLEM = "application/problem+json"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _post(client: Client, path: str, who: str, body: Any = None, *scopes: str, **headers: str) -> Any:
    known = bearer(person(who), *(scopes or ("read", "write", "decide", "admin")))
    return client.post(f"/api/v1/{path}", body or {}, JSON, headers={**known, **headers})


def _get(client: Client, path: str, who: str) -> Any:
    return client.get(f"/api/v1/{path}", headers=bearer(person(who)))


def _submitted(**answers: object) -> ApprovalRequest:
    return intakes.submit(project_key=complete_intake(**answers).key, actor=person("domain")).approval


def test_submitting_answers_with_the_project_and_the_approval(client: Client, people: dict[str, User]) -> None:
    key = complete_intake().key
    answer = _post(client, f"projects/{key}/submit/", "domain")
    assert answer.status_code == 201
    assert answer.json()["project"]["stage"] == "qualification"
    approval = answer.json()["approval"]
    assert (approval["state"], approval["waiting_on"]) == ("open", "CoE lead: any CoE lead")
    assert [(step["name"], step["needed"], step["given"], step["approvers"]) for step in approval["steps"]] == [
        ("CoE lead", 1, 0, ["lead"]),
        ("Sponsor", 1, 0, ["sponsor"]),
    ]


def test_an_incomplete_intake_is_a_problem_that_lists_what_is_missing(client: Client, people: dict[str, User]) -> None:
    answer = _post(client, f"projects/{intake().key}/submit/", "domain")
    assert (answer.status_code, answer["Content-Type"]) == (409, PROBLEM)
    assert answer.json()["type"] == "urn:coe:gate_closed"
    assert {item["code"] for item in answer.json()["missing"]} >= {"challenge", "feasible"}


def test_the_same_idempotency_key_submits_once(client: Client, people: dict[str, User]) -> None:
    path = f"projects/{complete_intake().key}/submit/"
    first = _post(client, path, "domain", **{"Idempotency-Key": "once"})
    again = _post(client, path, "domain", **{"Idempotency-Key": "once"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert ApprovalRequest.objects.count() == 1


def test_the_whole_way_by_api_opens_the_gate_for_a_run(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    gate = f"projects/{request.project.key}/gate/?action=start_run&environment=local"
    closed = _get(client, gate, "scientist").json()
    assert (closed["allowed"], [item["code"] for item in closed["missing"]]) == (False, ["stage"])
    for who in ("lead", "sponsor"):
        mine = _get(client, "approvals/?waiting_on=me", who).json()["results"]
        assert [row["id"] for row in mine] == [request.key]
        answer = _post(client, f"approvals/{request.key}/decide/", who, {"verdict": "approve", "comment": "Good."})
        assert answer.status_code == 200
    assert answer.json()["state"] == "approved"
    assert [(item["actor"], item["verdict"]) for item in answer.json()["decisions"]] == [
        ("lead", "approve"),
        ("sponsor", "approve"),
    ]
    now = {"action": "start_run", "allowed": True, "missing": [], "break_glass": ""}
    assert _get(client, gate, "scientist").json() == now


def test_deciding_needs_a_token_with_the_scope_decide(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    answer = _post(client, f"approvals/{request.key}/decide/", "lead", {"verdict": "approve"}, "read", "write")
    assert answer.status_code == 403
    assert "this needs decide" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("who", "status", "words"),
    [("domain", 403, "You asked for this"), ("sponsor", 403, "not for you"), ("stranger", 404, "no approval request")],
)
def test_who_may_not_decide_is_told_why(
    client: Client, people: dict[str, User], who: str, status: int, words: str
) -> None:
    request = _submitted()
    answer = _post(client, f"approvals/{request.key}/decide/", who, {"verdict": "approve"})
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verdict"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "reject"}, "comment"),
        ({"verdict": "request_changes", "comment": " "}, "comment"),
        ({"verdict": "approve_with_conditions"}, "conditions"),
        ({"verdict": "approve", "conditions": "none"}, "conditions"),
    ],
)
def test_a_decision_that_lacks_something_is_refused_by_field(
    client: Client, people: dict[str, User], body: dict[str, Any], field: str
) -> None:
    request = _submitted()
    answer = _post(client, f"approvals/{request.key}/decide/", "lead", body)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_what_changed_meanwhile_is_answered_as_void_and_stays_void(
    client: Client, people: dict[str, User], headers: dict[str, str]
) -> None:
    request = _submitted()
    Project.objects.update(summary="Something else entirely.")
    answer = _post(client, f"approvals/{request.key}/decide/", "lead", {"verdict": "approve"}, **headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "void")
    request.refresh_from_db()
    assert request.state == "void"


def test_a_resubmission_shows_what_changed(client: Client, people: dict[str, User]) -> None:
    first = _submitted()
    reason = {"verdict": "request_changes", "comment": "Which target?"}
    _post(client, f"approvals/{first.key}/decide/", "lead", reason)
    Project.objects.update(summary="Estimates the severity of a repair.")
    again = _post(client, f"projects/{first.project.key}/submit/", "domain").json()["approval"]
    detail = _get(client, f"approvals/{again['id']}/", "lead").json()
    assert [item["path"] for item in detail["diff"]] == ["summary"]
    assert detail["specification"]["summary"] == "Estimates the severity of a repair."
    assert detail["refusal"] == ""


def test_only_the_requester_or_a_lead_withdraws(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    assert _post(client, f"approvals/{request.key}/withdraw/", "scientist").status_code == 403
    assert _post(client, f"approvals/{request.key}/withdraw/", "domain").json()["state"] == "withdrawn"
    assert _post(client, f"approvals/{request.key}/withdraw/", "domain").status_code == 409


@pytest.mark.parametrize("action", ["fly", ""])
def test_a_gate_never_opens_for_an_unknown_action(client: Client, people: dict[str, User], action: str) -> None:
    answer = _get(client, f"projects/{intake().key}/gate/?action={action}", "domain").json()
    assert (answer["allowed"], answer["missing"][0]["code"]) == (False, "unknown_action")


def test_a_gate_asked_for_an_unknown_environment_names_the_field(client: Client, people: dict[str, User]) -> None:
    answer = _get(client, f"projects/{intake().key}/gate/?action=start_run&environment=moon", "domain")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["environment"])


def test_advancing_beyond_a_request_that_waits_is_refused(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    answer = _post(client, f"projects/{request.project.key}/advance/", "domain")
    assert answer.status_code == 409
    assert "waits for a decision already" in answer.json()["detail"]


def test_advancing_asks_for_the_gate_after_the_poc(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    for who in ("lead", "sponsor"):
        _post(client, f"approvals/{request.key}/decide/", who, {"verdict": "approve"})
    answer = _post(client, f"projects/{request.project.key}/advance/", "domain")
    assert answer.status_code == 201
    assert answer.json()["approval"]["action"] == "advance:production_ready"
    assert [step["name"] for step in answer.json()["approval"]["steps"]] == ["CoE lead", "Security", "Sponsor"]


def test_filters_that_nobody_knows_are_refused(client: Client, people: dict[str, User]) -> None:
    assert _get(client, "approvals/?colour=red", "lead").status_code == 400
    assert _get(client, "approvals/?waiting_on=you", "lead").status_code == 400
    assert _get(client, "approvals/?state=open&project=PRJ-1", "lead").status_code == 200


def test_a_single_approval_has_an_etag(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    tag = _get(client, f"approvals/{request.key}/", "lead")["ETag"]
    headers = {**bearer(person("lead")), "If-None-Match": tag}
    assert client.get(f"/api/v1/approvals/{request.key}/", headers=headers).status_code == 304


def test_a_list_costs_the_same_with_one_and_with_twenty_rows(client: Client, people: dict[str, User]) -> None:
    def queries() -> int:
        headers = bearer(people["lead"])
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get("/api/v1/approvals/", headers=headers).status_code == 200
        return len(captured)

    _submitted()
    one = queries()
    for number in range(19):
        project = complete_intake(f"Another idea {number}")
        intakes.submit(project_key=project.key, actor=people["domain"])
    assert queries() == one <= 12


def test_a_policy_comes_as_yaml_or_json_and_is_published_once(client: Client, people: dict[str, User]) -> None:
    source = policies.DEFAULT.read_text().replace(", days: 3 }", ", days: 4 }", 1)
    headers = bearer(people["lead"], "read", "admin")
    draft = client.post("/api/v1/policies/", source, "application/yaml", headers=headers)
    assert (draft.status_code, draft.json()["label"], draft.json()["status"]) == (201, "default:2", "draft")
    document = draft.json()["document"]
    assert _post(client, "policies/", "lead", {"document": document}).json()["digest"] == draft.json()["digest"]
    path = f"policies/{draft.json()['id']}/publish/"
    assert _post(client, path, "lead").json()["status"] == "published"
    assert _post(client, path, "lead").status_code == 409
    assert PolicyVersion.objects.get(status="published").label == "default:2"


def test_the_difference_of_two_policies_is_told_place_by_place(client: Client, people: dict[str, User]) -> None:
    source = policies.DEFAULT.read_text().replace(", days: 3 }", ", days: 4 }", 1)
    policies.create_draft(source=source, actor=people["lead"])
    answer = _get(client, "policies/default:1/diff/?to=default:2", "lead")
    assert answer.json() == [{"path": "gates.poc.approvals.CoE lead.days", "before": 3, "after": 4}]
    assert _get(client, "policies/default:1/diff/?to=default:9", "lead").status_code == 404


def test_a_broken_policy_is_refused_with_line_and_reason(client: Client, people: dict[str, User]) -> None:
    answer = _post(client, "policies/", "lead", {"source": "name: x\n  : ["})
    assert answer.status_code == 400
    assert answer.json()["errors"]["source"][0].startswith("line 2")
    assert _post(client, "policies/", "lead", {}).status_code == 400


def test_others_read_published_policies_and_neither_see_nor_write_drafts(
    client: Client, people: dict[str, User]
) -> None:
    draft = policies.create_draft(source=policies.DEFAULT.read_text(), actor=people["lead"])
    assert [row["label"] for row in _get(client, "policies/", "domain").json()["results"]] == ["default:1"]
    assert _get(client, f"policies/{draft.pk}/", "domain").status_code == 404
    assert _post(client, "policies/", "domain", {"source": draft.source}).status_code == 403
    assert json.dumps(_get(client, "policies/default:1/", "domain").json()["document"])
