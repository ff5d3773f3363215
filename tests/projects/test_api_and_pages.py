"""Projects as automation and as people see them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core import kept
from coe_portal.core.models import AuditEntry, User
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import ANSWERS, complete_intake, intake, organisation, unit

JSON = "application/json"
pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def test_a_project_is_proposed_answered_and_read_by_api(client: Client, people: dict[str, User]) -> None:
    headers = bearer(people["domain"], "read", "write")
    body = {"name": "Claims triage", "business_unit": unit().pk, "sponsor": "sponsor"}
    made = client.post("/api/v1/projects/", body, JSON, headers={**headers, "Idempotency-Key": "1"})
    again = client.post("/api/v1/projects/", body, JSON, headers={**headers, "Idempotency-Key": "1"})
    assert (made.status_code, again.json()["key"]) == (201, made.json()["key"])
    key = made.json()["key"]
    for code, answer in ANSWERS.items():
        saved = client.patch(f"/api/v1/projects/{key}/checklist/{code}/", {"answer": answer}, JSON, headers=headers)
        assert (saved.status_code, saved.json()["status"]) == (200, "answered"), saved.json()
    project = client.get(f"/api/v1/projects/{key}/", headers=headers).json()
    assert project["readiness"] == {"score": 100, "complete": True, "missing": []}
    assert project["success_metric"]["target"] == 0.82
    assert project["poc"] == {"starts_on": "2026-10-01", "ends_on": "2027-06-30", "budget": "95000.000000"}


def test_list_and_detail_say_the_same(client: Client, people: dict[str, User]) -> None:
    key = complete_intake().key
    headers = bearer(people["domain"])
    [row] = client.get("/api/v1/projects/", headers=headers).json()["results"]
    one = client.get(f"/api/v1/projects/{key}/", headers=headers).json()
    one.pop("success_metric")
    assert row == one


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=vehicle", 1),
        ("search=PRJ-999999", 0),
        ("stage=intake", 1),
        ("stage=poc", 0),
        ("search=repair+photos", 1),
    ],
)
def test_the_list_is_filtered(client: Client, people: dict[str, User], query: str, found: int) -> None:
    intake()
    answer = client.get(f"/api/v1/projects/?{query}", headers=bearer(people["domain"]))
    assert len(answer.json()["results"]) == found


@pytest.mark.parametrize("query", ["stage=flying", "business_unit=nowhere", "owner=nobody", "colour=red"])
def test_a_filter_that_fits_nothing_is_an_error_at_its_name(
    client: Client, people: dict[str, User], query: str
) -> None:
    answer = client.get(f"/api/v1/projects/?{query}", headers=bearer(people["lead"]))
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["errors"]


def test_a_change_against_an_older_version_is_refused(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    headers = bearer(people["domain"], "read", "write")
    tag = client.get(f"/api/v1/projects/{key}/", headers=headers)["ETag"]
    first = client.patch(f"/api/v1/projects/{key}/", {"name": "One"}, JSON, headers={**headers, "If-Match": tag})
    second = client.patch(f"/api/v1/projects/{key}/", {"name": "Two"}, JSON, headers={**headers, "If-Match": tag})
    assert (first.status_code, second.status_code) == (200, 412)
    assert Project.objects.get().name == "One"


def test_members_and_responsibilities_are_kept_by_api(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    headers = bearer(people["domain"], "read", "write")
    base = f"/api/v1/projects/{key}"
    member = client.post(
        f"{base}/members/", {"user": "devops", "roles": ["devops_engineer"]}, JSON, headers=headers
    ).json()
    duty = {"member": member["id"], "work_area": "model_monitoring", "kind": "accountable"}
    made = client.post(f"{base}/responsibilities/", duty, JSON, headers=headers)
    gaps = client.get(f"{base}/coverage/", headers=headers).json()["gaps"]
    assert made.status_code == 201
    assert "model_monitoring" not in {gap["work_area"] for gap in gaps}
    assert client.delete(f"{base}/responsibilities/{made.json()['id']}/", headers=headers).status_code == 204
    assert client.delete(f"{base}/members/{member['id']}/", headers=headers).status_code == 204
    unknown = client.post(f"{base}/members/", {"user": "ghost", "roles": ["sponsor"]}, JSON, headers=headers)
    assert "no colleague with the username “ghost”" in unknown.json()["errors"]["user"][0]


def test_similar_work_is_found_by_its_words(client: Client, people: dict[str, User]) -> None:
    intake("Vehicle damage estimate")
    answer = client.get("/api/v1/projects/similar/?text=vehicle+damage", headers=bearer(people["domain"]))
    assert [(item["name"], item["reason"]) for item in answer.json()] == [
        ("Vehicle damage estimate", "Shares “vehicle”, “damage” in its name.")
    ]


@pytest.mark.parametrize("address", ["/api/v1/projects/", "/projects/", "/intake/"])
def test_a_list_takes_the_same_queries_for_one_row_and_for_twenty(
    client: Client, people: dict[str, User], address: str
) -> None:
    client.force_login(people["lead"])
    intake("Project 0")

    def queries() -> int:
        kept.changed()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(1, 20):
        intake(f"Project {number}")
    assert 0 < few <= 12
    assert queries() == few


PAGES = ["/intake/", "/intake/new/", "/projects/", "/projects/{key}/", "/projects/{key}/checklist/"]
PAGES += ["/projects/{key}/team/", "/projects/{key}/history/"]
PAGES += [f"/intake/{{key}}/{step}/" for step in ("challenge", "value", "data", "team", "plan", "check")]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["domain", "lead", "auditor"])
def test_every_page_renders_for_those_who_may_see_it(
    client: Client, people: dict[str, User], page: str, who: str
) -> None:
    key = complete_intake().key
    client.force_login(people[who])
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page.format(key=key)).status_code == 200
    assert len(captured) <= 25


@pytest.mark.parametrize("page", [page for page in PAGES if "{key}" in page])
def test_a_stranger_finds_nothing_there(client: Client, people: dict[str, User], page: str) -> None:
    key = intake().key
    client.force_login(people["stranger"])
    assert client.get(page.format(key=key)).status_code == 404


def _form(code: str, answer: dict[str, Any]) -> dict[str, Any]:
    return {f"{code}-{name}": value for name, value in answer.items()}


def test_the_wizard_works_by_plain_forms(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["domain"])
    made = client.post(
        "/intake/new/", {"name": "Storm surge forecast", "business_unit": unit().pk, "sponsor": "sponsor"}
    )
    key = Project.objects.get().key
    assert made["Location"] == f"/intake/{key}/challenge/"
    steps = [("challenge", ("challenge", "baseline", "users")), ("value", ("value", "metric")), ("data", ("data",))]
    for slug, codes in [*steps, ("team", ("team",)), ("plan", ("feasible",))]:
        fields = {name: value for code in codes for name, value in _form(code, ANSWERS[code]).items()}
        answer = client.post(f"/intake/{key}/{slug}/", fields)
        assert answer.status_code == 303, answer.content.decode()
    page = client.get(f"/intake/{key}/check/").content.decode()
    assert "Every question is answered." in page


def test_what_is_typed_is_saved_and_what_is_wrong_is_said(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    client.force_login(people["domain"])
    fields = _form("value", {"kind": "cost_saving", "low": "5"}) | _form("metric", {"baseline": "abc"})
    panel = client.post(f"/intake/{key}/value/autosave/", fields, headers={"HX-Request": "true"})
    text = panel.content.decode()
    assert panel.status_code == 200
    assert "Value today: Enter a number." in text
    assert Project.objects.get().criteria.get(code="value").answer == {"kind": "cost_saving", "low": 5.0}


def test_a_wrong_field_comes_back_in_the_form(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    client.force_login(people["domain"])
    fields = _form("feasible", ANSWERS["feasible"] | {"ends_on": "2026-01-01"})
    page = client.post(f"/intake/{key}/plan/", fields)
    assert page.status_code == 422
    assert b"The POC needs to end after it starts." in page.content


def test_user_text_is_never_html(client: Client, people: dict[str, User]) -> None:
    intake("<script>alert(1)</script> & co")
    client.force_login(people["domain"])
    page = client.get("/projects/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_refused_evidence_comes_back_with_everything_that_was_typed(client: Client, people: dict[str, User]) -> None:
    key = complete_intake().key
    client.force_login(people["domain"])
    fields = {"kind": "link", "title": "Baseline study", "url": "not an address", "note": "Page 3"}
    page = client.post(f"/projects/{key}/checklist/baseline/evidence/", fields)
    text = page.content.decode()
    assert page.status_code == 422
    assert "Needs to be an address that starts with https:// or http://." in text
    assert 'value="Baseline study"' in text and 'value="not an address"' in text and "Page 3</textarea>" in text
    done = client.post(f"/projects/{key}/checklist/baseline/evidence/", fields | {"url": "https://example.org/study"})
    assert done["Location"] == f"/projects/{key}/checklist/#baseline"


def test_an_answer_that_is_sent_back_without_a_reason_keeps_the_reviewers_place(
    client: Client, people: dict[str, User]
) -> None:
    key = complete_intake().key
    client.force_login(people["lead"])
    page = client.post(f"/projects/{key}/checklist/value/verdict/", {"verdict": "reject", "comment": ""})
    assert page.status_code == 422
    assert "Say what is missing, so that the team can mend it." in page.content.decode()


def test_one_button_saves_the_whole_matrix_and_only_what_changed(client: Client, people: dict[str, User]) -> None:
    project = intake()
    owner = project.members.get(user=people["domain"])
    client.force_login(people["domain"])
    added = {"user": "scientist", "roles": ["data_scientist"]}
    assert client.post(f"/projects/{project.key}/team/", added).status_code == 303
    scientist = project.members.get(user=people["scientist"])
    address = f"/projects/{project.key}/team/responsibilities/"
    first = {f"duty-{owner.pk}-model_training": "accountable", f"duty-{owner.pk}-data_quality": "consulted"}
    client.post(address, first)
    before = AuditEntry.objects.filter(action="team.responsibility_set").count()
    client.post(address, first | {f"duty-{scientist.pk}-model_training": "accountable"})
    assert AuditEntry.objects.filter(action="team.responsibility_set").count() == before + 1
    assert {duty.work_area: duty.kind for duty in owner.responsibilities.all()} == {
        "model_training": "responsible",
        "data_quality": "consulted",
    }
    wrong = client.post(address, {f"duty-{owner.pk}-data_quality": "boss"}, follow=True)
    assert "Choose one of" in wrong.content.decode()


def test_a_colleague_who_cannot_be_added_leaves_the_wizard_as_it_was(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    client.force_login(people["domain"])
    page = client.post(f"/projects/{key}/team/", {"user": "scientist", "next_step": "team"})
    text = page.content.decode()
    assert page.status_code == 422
    assert "Have you established your core team" in text
    assert '<option value="scientist" selected>' in text


def test_the_overview_says_answers_as_sentences_with_evidence_and_dates(
    client: Client, people: dict[str, User]
) -> None:
    key = complete_intake().key
    client.force_login(people["domain"])
    fields = {"kind": "note", "title": "Value model", "note": "Agreed with finance."}
    client.post(f"/projects/{key}/checklist/value/evidence/", fields)
    text = client.get(f"/projects/{key}/").content.decode()
    assert "accuracy 0.71 today: " in text
    assert "accuracy of 0.82 or higher, 0.71 today" in text
    assert "Value model" in text
    assert "2026-10-01" not in text


def test_the_last_step_shows_every_answer_and_where_to_change_it(client: Client, people: dict[str, User]) -> None:
    key = complete_intake().key
    client.force_login(people["domain"])
    text = client.get(f"/intake/{key}/check/").content.decode()
    assert f'href="/intake/{key}/value/#q-metric"' in text
    assert text.count("Change<span") == 8


def test_a_choice_says_what_it_means(client: Client, people: dict[str, User]) -> None:
    key = intake().key
    client.force_login(people["domain"])
    text = client.get(f"/intake/{key}/data/").content.decode()
    assert "Somebody must destroy the copy at the end" in text
    assert "Needs an approval of Security before the proof of concept" in text
