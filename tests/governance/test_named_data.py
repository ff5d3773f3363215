"""Data sets of the register as the answer to “data”: what pages, paper and API show, and the class that they demand."""

from typing import Any

import pytest
import yaml
from django.db import transaction
from django.test import Client

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, StaleState
from coe_portal.core.models import AuditEntry, User
from coe_portal.core.story import told
from governance.services import business_case, data_overview, intakes, moves, policies
from projects.models import Criterion, Dataset, Project
from projects.services import checklist, datasets
from tests.core.conftest import bearer
from tests.factories import ANSWERS, complete_intake, intake, person
from tests.governance.data import dataset, people
from tests.governance.requests import decide
from tests.governance.test_business_case import drawn
from tests.governance.test_moves import published

__all__ = ["people"]

pytestmark = pytest.mark.django_db
WITHOUT_WORDS = {name: value for name, value in ANSWERS["data"].items() if name != "datasets"}


def _answer(project: Project, *named: Dataset, **more: Any) -> Criterion:
    said = WITHOUT_WORDS | {"registered": [row.pk for row in named]} | more
    return checklist.answer(project_key=project.key, code="data", answer=said, actor=person("domain"))


def _deliver() -> None:
    while outbox.deliver_next():
        pass


def test_chosen_data_sets_answer_the_question_and_every_page_shows_them(
    people: dict[str, User], client: Client
) -> None:
    source = dataset(readiness="ready")
    project = complete_intake()
    kept = _answer(project, source, classification="restricted")
    assert (kept.status, kept.answer["registered"]) == ("answered", [source.pk])
    link = f'<a href="/datasets/{source.pk}/">claims_outcomes</a> <span class="subl">confidential, ready</span>'
    client.force_login(people["lead"])
    for page in (f"/projects/{project.key}/checklist/", f"/projects/{project.key}/checklist/data/"):
        assert link in client.get(page).content.decode(), page
    assert "claims_outcomes, restricted" in client.get(f"/projects/{project.key}/").content.decode()
    assert link in client.get(f"/projects/{project.key}/business-case/").content.decode()
    (named,) = data_overview.of(project, people["lead"]).named
    assert (named.dataset, named.chip) == (source, ("warn", "Not asked for"))
    _, case, _ = business_case.of(people["lead"], project.key)
    (answered,) = (item for item in case.questions if item.datasets)
    assert answered.data_line == "claims_outcomes (confidential, ready)"
    assert answered.data_line in drawn(case)
    assert source.pk not in "".join(item.line for item in case.questions)


def test_the_api_keeps_keys_and_gives_the_data_sets_with_them(people: dict[str, User], client: Client) -> None:
    source, project = dataset(readiness="ready"), complete_intake()
    mine = bearer(person("domain"), "read", "write")
    address = f"/api/v1/projects/{project.key}/checklist/data/"
    said = {"answer": WITHOUT_WORDS | {"registered": [source.pk], "classification": "confidential"}}
    kept = client.patch(address, said, "application/json", headers=mine)
    shown = {"id": source.pk, "name": "claims_outcomes", "classification": "confidential", "readiness": "ready"}
    assert kept.status_code == 200 and kept.json()["datasets"] == [shown]
    case = client.get(f"/api/v1/projects/{project.key}/business-case/", headers=mine).json()
    assert [item["datasets"] for item in case["questions"] if item["datasets"]] == [[shown]]
    too_low = {"answer": WITHOUT_WORDS | {"registered": [source.pk], "classification": "public"}}
    refused = client.patch(address, too_low, "application/json", headers=mine)
    assert refused.status_code == 400 and "claims_outcomes is confidential" in refused.content.decode()


def test_a_class_below_that_of_the_data_sets_is_refused_and_names_the_data_set(people: dict[str, User]) -> None:
    low = dataset(name="weather", classification="public", location="s3://coe-data/weather/")
    with pytest.raises(InvalidInput) as refused:
        _answer(complete_intake(), low, dataset(), classification="internal")
    assert refused.value.errors == {
        "classification": [
            "claims_outcomes is confidential, so “Internal” is too low. Choose confidential or restricted."
        ]
    }
    assert _answer(Project.objects.get(), low, classification="internal").answer["classification"] == "internal"


def test_a_class_that_is_left_empty_becomes_that_of_the_strictest_data_set(
    people: dict[str, User], client: Client
) -> None:
    source, project = dataset(), intake()
    client.force_login(person("domain"))
    page = f"/intake/{project.key}/data/"
    assert "claims_outcomes (confidential, registered)" in client.get(page).content.decode()
    saved = client.post(page, {"data-registered": [source.pk]}, follow=True).content.decode()
    assert "The strictest class of the data is set to confidential, because claims_outcomes is." in saved
    project.refresh_from_db()
    assert project.data_classification == "confidential"
    low = {"data-registered": [source.pk], "data-classification": "internal"}
    refused = client.post(page, low)
    assert refused.status_code == 422 and "“Internal” is too low" in refused.content.decode()


def test_what_the_register_does_not_know_or_retired_is_refused_and_old_words_still_count(
    people: dict[str, User],
) -> None:
    project, source = complete_intake(), dataset(readiness="retired")
    assert project.criteria.get(code="data").status == "answered"  # in words only, as before there was a register
    with pytest.raises(InvalidInput, match="claims_outcomes is retired"):
        _answer(project, source, classification="confidential")
    unknown = WITHOUT_WORDS | {"registered": ["nowhere"]}
    with pytest.raises(InvalidInput, match="no data set “nowhere”"):
        checklist.answer(project_key=project.key, code="data", answer=unknown, actor=person("domain"))
    empty = checklist.answer(project_key=project.key, code="data", answer=WITHOUT_WORDS, actor=person("domain"))
    assert empty.status == "open"
    project.refresh_from_db()
    assert "Data sets of the register or Data sets, in words" in project.readiness["missing"][0]["how_to_fix"]


def test_a_project_follows_a_data_set_whose_class_rises_and_open_requests_are_void(people: dict[str, User]) -> None:
    source, project = dataset(classification="internal"), complete_intake()
    _answer(project, source, classification="internal")
    request = intakes.submit(project_key=project.key, actor=person("domain")).approval
    assert [step.name for step in request.steps.all()] == ["CoE lead", "Sponsor"]
    datasets.change(dataset_id=source.pk, values={"classification": "restricted"}, actor=people["lead"])
    _deliver()
    project.refresh_from_db()
    assert project.data_classification == "restricted"
    assert decide(request, "lead").state == "void"  # it was routed by a class that is too low
    entry = AuditEntry.objects.get(action="checklist.class_raised")
    assert (entry.actor, entry.on_behalf_of, entry.project) == (None, people["lead"], project.key)
    assert entry.comment == "The register says now that claims_outcomes is restricted."
    datasets.change(dataset_id=source.pk, values={"classification": "internal"}, actor=people["lead"])
    _deliver()
    project.refresh_from_db()
    assert project.data_classification == "restricted"  # lower again is the team's to say


def test_a_data_set_that_a_checklist_names_stays_in_the_register(people: dict[str, User]) -> None:
    source = dataset()
    _answer(complete_intake(), source, classification="confidential")
    with pytest.raises(StaleState, match="A project's checklist names claims_outcomes"):
        datasets.remove(dataset_id=source.pk, actor=people["lead"])


def test_the_story_of_a_project_names_data_sets_and_keeps_their_keys_for_the_auditor(
    people: dict[str, User], client: Client
) -> None:
    first = dataset(readiness="ready")
    second = dataset(name="damage_photos", location="s3://coe-data/photos/", readiness="ready")
    project = complete_intake()
    _answer(project, first, classification="restricted")
    _answer(project, first, second, classification="restricted")
    entry = AuditEntry.objects.filter(action="checklist.answered", subject__contains="data").latest("pk")
    (line,) = told([entry])
    assert ("Registered", "claims_outcomes", "claims_outcomes, damage_photos") in line.changes
    assert line.keys == [("claims_outcomes", first.pk), ("damage_photos", second.pk)]
    client.force_login(people["lead"])
    story = client.get(f"/projects/{project.key}/history/").content.decode()
    assert "<td>claims_outcomes, damage_photos</td>" in story
    assert f"<dt>Key</dt><dd><code>{second.pk}</code> damage_photos</dd>" in story
    trail = client.get("/audit/?action=checklist.answered").content.decode()
    assert f"claims_outcomes ({first.pk}), damage_photos ({second.pk})" in trail


def test_the_story_tells_of_data_sets_deep_in_what_was_kept_and_of_those_that_are_gone(people: dict[str, User]) -> None:
    source, gone = dataset(readiness="ready"), "0" * 26
    after = {"answers": {"data": {"registered": [source.pk, gone], "datasets": "internal"}}}
    with transaction.atomic():
        entry = audit.record(actor=None, action="concept.submitted", subject=intake(), after=after)
    (line,) = told([entry])
    (_, _, said) = line.changes[0]
    assert "claims_outcomes, a data set that the register no longer has" in said and source.pk not in said
    assert (gone, source.pk) == tuple(sorted(key for _, key in line.keys))


def _asked_in_words() -> dict[str, Any]:
    """The default policy as it was before the register: the question about data takes words only."""
    document: dict[str, Any] = yaml.safe_load(policies.DEFAULT.read_text())
    schema = next(row for row in document["criteria"] if row["code"] == "data")["answer_schema"]
    del schema["properties"]["registered"], schema["anyOf"]
    schema["required"] = [*schema.get("required", []), "datasets"]
    return document


def test_a_project_under_an_older_policy_learns_which_one_takes_data_sets(
    people: dict[str, User], client: Client
) -> None:
    old = published(_asked_in_words())
    project = complete_intake()
    assert project.policy_version == old.label
    new = published(yaml.safe_load(policies.DEFAULT.read_text()))
    said = f"Under the policy {old.label} this is answered in words;"
    move_to = f'<a href="/projects/{project.key}/migrate-policy/?to={new.label}">moving the project to {new.label}</a>'
    lead_does = f"moving the project to {new.label}, which a CoE lead does, lets the answer name data sets"
    for who, way in (("lead", f"{move_to} lets the answer name data sets"), ("domain", lead_does)):
        client.force_login(person(who))
        for page in ("checklist/", "checklist/data/"):
            shown = client.get(f"/projects/{project.key}/{page}").content.decode()
            assert shown.count(said) == 1 and way in shown, (who, page)
        assert said not in client.get(f"/projects/{project.key}/checklist/team/").content.decode()
    client.force_login(people["lead"])
    assert client.get(f"/projects/{project.key}/migrate-policy/?to={new.label}").status_code == 200
    moves.move(project_key=project.key, target=new.label, actor=people["lead"])
    assert "this is answered in words" not in client.get(f"/projects/{project.key}/checklist/").content.decode()


def test_nothing_is_said_where_no_policy_takes_data_sets_or_the_project_has_ended(
    people: dict[str, User], client: Client
) -> None:
    published(_asked_in_words())
    project = complete_intake()
    client.force_login(people["lead"])
    address = f"/projects/{project.key}/checklist/"
    assert "this is answered in words" not in client.get(address).content.decode()
    published(yaml.safe_load(policies.DEFAULT.read_text()))
    Project.objects.filter(pk=project.pk).update(stage="declined")
    assert "this is answered in words" not in client.get(address).content.decode()
