"""Qualification on its pages and in the API: the same rules, with and without scripts."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from coe_portal.core.models import User
from governance.models import IntakeDecision, Review, ScoringVersion
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import organisation
from tests.governance.requests import submitted

pytestmark = pytest.mark.django_db
SCORES = {"value": 5, "feasibility": 4, "data_readiness": 4, "risk": 3}
JSON = "application/json"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _as(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_lead_scores_and_funds_on_one_page(people: dict[str, User]) -> None:
    key = submitted().project.key
    client, page = _as(people["lead"]), f"/projects/{key}/qualification/"
    shown = client.get(page).content.decode()
    assert "Changes a result that the executive team follows" in shown and "Nobody has scored revision 1 yet" in shown
    assert client.post(f"{page}review/", SCORES | {"comment": "Ask finance."}).status_code == 303
    scored = client.get(page).content.decode()
    assert "<b>4.20</b>" in scored and "Ask finance." in scored and "1 review" in scored
    assert client.post(f"{page}decide-intake/", {"outcome": "fund", "reason": "Go on."}).status_code == 303
    after = client.get(page).content.decode()
    assert "You have decided it" in after and IntakeDecision.objects.get().outcome == "fund"
    around = client.get(f"{page}around/", headers={"HX-Request": "true"}).content.decode()
    assert "Go on." in around and "4.20 of 5 from 1 review" in around and "<html" not in around


def test_questions_typed_beside_fields_are_shown_beside_them_in_the_wizard(people: dict[str, User]) -> None:
    key = submitted().project.key
    typed = {"ask-value.likely": "Who agreed on it?", "ask-data.": "Where are they?", "ask-users.mode": " "}
    sent = {"outcome": "request_changes", "reason": "Nearly there.", **typed}
    answer = _as(people["lead"]).post(f"/projects/{key}/qualification/decide-intake/", sent)
    assert answer.status_code == 303
    client = _as(people["domain"])
    value, data, check = (client.get(f"/intake/{key}/{slug}/").content.decode() for slug in ("value", "data", "check"))
    beside = value.index("Who agreed on it?")
    assert value.index('for="id_value-likely"') < beside < value.index('id="id_value-likely"')
    assert "Where are they?" in data and "Reviewers ask about" in data
    assert check.count("Answer in words, or change the field") == 2
    question = Project.objects.by_key(key).get().field_questions.get(code="data")
    assert client.post(f"/intake/{key}/questions/{question.pk}/", {"text": "In the archive."}).status_code == 303
    assert "In the archive." in _as(people["lead"]).get(f"/projects/{key}/qualification/").content.decode()


def test_what_is_refused_comes_back_as_it_was_typed(people: dict[str, User]) -> None:
    key = submitted().project.key
    client, page = _as(people["lead"]), f"/projects/{key}/qualification/"
    past = {"outcome": "defer", "reason": "After the summer.", "defer_until": "2020-01-01", "ask-value.low": "Why?"}
    refused = client.post(f"{page}decide-intake/", past)
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "After the summer." in shown and "after today" in shown and "Why?</textarea>" in shown
    refused = client.post(f"{page}review/", {"value": "5", "comment": "Half done."})
    assert refused.status_code == 422 and "Half done." in refused.content.decode() and not Review.objects.exists()
    assert client.post(f"{page}decide-intake/", {"outcome": "fund"}).status_code == 422


def test_a_member_reads_why_they_decide_nothing(people: dict[str, User]) -> None:
    key = submitted().project.key
    shown = _as(people["domain"]).get(f"/projects/{key}/qualification/").content.decode()
    assert "You take part in this project, so another CoE lead decides its intake." in shown
    assert "decide-intake/" not in shown and "qualification/review/" not in shown


def test_a_lead_asks_a_colleague_who_then_reads_and_scores(people: dict[str, User]) -> None:
    key = submitted().project.key
    page = f"/projects/{key}/qualification/"
    assert _as(people["dataengineer"]).get(page).status_code == 404
    assert _as(people["lead"]).post(f"{page}reviewers/", {"user": "dataengineer"}).status_code == 303
    reviewer = _as(people["dataengineer"])
    assert "Score it" in reviewer.get(page).content.decode()
    assert "score it" in reviewer.get("/intake/ranking/").content.decode()
    asked = reviewer.get(f"/projects/{key}/next-action/").content.decode()
    assert "Score this intake" in asked and f'href="{page}"' in asked
    assert _as(people["dataengineer"]).post(f"{page}review/", SCORES).status_code == 303
    hidden = _as(people["lead"]).get(page).content.decode()
    assert "Others have scored this already" in hidden and "<b>4.20</b>" not in hidden
    assert _as(people["lead"]).post(f"{page}reviewers/dataengineer/release/").status_code == 303
    assert _as(people["dataengineer"]).get(page).status_code == 404


def test_the_ranking_shows_what_other_weights_change_before_they_are_saved(people: dict[str, User]) -> None:
    lead = _as(people["lead"])
    for name, scores in (("Careful idea", {"value": 2, "risk": 5}), ("Bold undertaking", {"value": 5, "risk": 1})):
        asked = submitted(name)
        lead.post(f"/projects/{asked.project.key}/qualification/review/", SCORES | scores)
    plain = lead.get("/intake/ranking/").content.decode()
    assert plain.index("Bold undertaking") < plain.index("Careful idea") and "the policy&#x27;s own" in plain
    tried = "/intake/ranking/?value=10&feasibility=20&data_readiness=20&risk=50"
    rows = lead.get(tried, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in rows and rows.index("Careful idea") < rows.index("Bold undertaking")
    assert "up 1, was 2" in rows and "down from 1" in rows and 'name="risk" value="50" form="save"' in rows
    assert not ScoringVersion.objects.exists()
    wrong = lead.get("/intake/ranking/?value=10&feasibility=20&data_readiness=20&risk=5")
    assert wrong.status_code == 422 and "these are 55" in wrong.content.decode()
    saved = {"value": 10, "feasibility": 20, "data_readiness": 20, "risk": 50, "reason": "Trust was lost twice."}
    assert lead.post("/intake/ranking/", saved).status_code == 303
    assert "Trust was lost twice." in lead.get("/intake/ranking/").content.decode()
    assert _as(people["sponsor"]).post("/intake/ranking/", saved).status_code == 422


def test_the_api_decides_with_questions_at_fields(client: Client, people: dict[str, User]) -> None:
    key = submitted().project.key
    token, base = bearer(people["lead"], "read", "write", "decide"), f"/api/v1/projects/{key}/"
    given = client.post(f"{base}reviews/", {"scores": SCORES}, content_type=JSON, headers=token)
    assert given.status_code == 200 and given.json()["scores"] == SCORES
    body: dict[str, Any] = {
        "outcome": "request_changes",
        "reason": "Nearly there.",
        "questions": [{"code": "value", "field": "likely", "text": "Who agreed on it?"}],
    }
    decided = client.post(f"{base}decide-intake/", body, content_type=JSON, headers=token)
    assert decided.status_code == 200 and decided.json()["score"] == "4.20"
    read = client.get(f"{base}qualification/", headers=bearer(people["domain"])).json()
    question = read["questions"][0]
    assert (question["code"], question["field"], question["answer"]) == ("value", "likely", "")
    answered = client.post(
        f"{base}review-questions/{question['id']}/answer/",
        {"text": "Finance did."},
        content_type=JSON,
        headers=bearer(people["domain"], "write"),
    )
    assert answered.status_code == 200 and answered.json()["answered_by"] == "domain"
    assert read["decisions"][0]["outcome"] == "request_changes"


def test_the_api_defers_to_a_day_and_refuses_another_decision(client: Client, people: dict[str, User]) -> None:
    key = submitted().project.key
    token, address = bearer(people["lead"], "read", "write", "decide"), f"/api/v1/projects/{key}/decide-intake/"
    day = (timezone.localdate() + timedelta(days=40)).isoformat()
    body = {"outcome": "defer", "reason": "After the migration.", "defer_until": day}
    assert client.post(address, body, content_type=JSON, headers=token).json()["defer_until"] == day
    again = client.post(address, body, content_type=JSON, headers=token)
    assert again.status_code == 409 and again.json()["type"] == "urn:coe:stale_state"
    missing = client.post(address, {"outcome": "defer", "reason": "x"}, content_type=JSON, headers=token)
    assert missing.status_code == 400 and "defer_until" in missing.json()["errors"]


def test_the_api_ranks_tries_and_saves_weights(client: Client, people: dict[str, User]) -> None:
    key = submitted().project.key
    token = bearer(people["lead"], "read", "write", "decide")
    client.post(f"/api/v1/projects/{key}/reviews/", {"scores": SCORES}, content_type=JSON, headers=token)
    found = client.get("/api/v1/scoring/?value=0&feasibility=0&data_readiness=0&risk=100", headers=token).json()
    row = found["ranking"][0]
    assert (row["total"], row["total_now"], row["rank"], found["number"]) == (3.0, 4.2, 1, 0)
    assert row["wsjf"] and row["rice"]
    assert client.get("/api/v1/scoring/?value=10", headers=token).status_code == 400
    weights = {"value": 25, "feasibility": 25, "data_readiness": 25, "risk": 25}
    body = {"weights": weights, "reason": "Everything counts alike."}
    assert client.post("/api/v1/scoring/", body, content_type=JSON, headers=token).status_code == 201
    assert client.get("/api/v1/scoring/", headers=token).json()["weights"] == weights


def test_a_deferral_is_ended_on_the_page_and_in_the_api_with_a_reason(people: dict[str, User]) -> None:
    for end in ("page", "api"):
        key = submitted(f"Idea for the {end}").project.key
        page, lead = f"/projects/{key}/qualification/", _as(people["lead"])
        later = {"outcome": "defer", "reason": "After the summer.", "defer_until": "2099-07-01"}
        assert lead.post(f"{page}decide-intake/", later).status_code == 303
        member = _as(people["domain"]).get(page).content.decode()
        assert "Deferred until Wed 1 Jul 2099" in member and 'aria-describedby="why-end"' in member
        assert "You take part in this project" in member
        if end == "page":
            refused = lead.post(f"{page}end-deferral/", {"reason": ""})
            assert refused.status_code == 422 and "Say why" in refused.content.decode()
            assert lead.post(f"{page}end-deferral/", {"reason": "The budget came early."}).status_code == 303
        else:
            headers = bearer(people["lead"], "read", "write", "decide")
            body = {"reason": "The budget came early."}
            done = lead.post(f"/api/v1/projects/{key}/end-deferral/", body, content_type=JSON, headers=headers)
            assert (done.status_code, done.json()) == (200, {"project": key, "stage": "intake"})
        assert Project.objects.by_key(key).get().stage == "intake"
        assert "came back" in lead.get(f"{page}around/").content.decode()
