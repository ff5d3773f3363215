"""The register of data sets: who keeps it, what it refuses, what it finds."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from projects.models import DataAccess, Dataset
from projects.services import accesses, datasets, locations, places
from tests.core.conftest import bearer
from tests.factories import intake, organisation, person, unit

COLUMNS = [
    {"name": "claim_id", "classification": "internal"},
    {"name": "birth_date", "classification": "restricted", "description": "Of the insured"},
    {"name": "amount"},
]


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def values(**changes: Any) -> dict[str, Any]:
    return {
        "name": "claims_outcomes",
        "business_unit": unit().pk,
        "owner": "devops",
        "classification": "restricted",
        "location": "s3://coe-data/claims/2026/",
        "columns": COLUMNS,
        "labelled_share": "85",
        **changes,
    }


def registered(who: str = "lead", **changes: Any) -> Dataset:
    return datasets.register(values=values(**changes), actor=person(who))


# The pure part: prefixes


SAFE = st.text("abcXYZ019-_.", min_size=1, max_size=8).filter(lambda part: part not in (".", ".."))
PREFIXES = st.lists(SAFE, min_size=1, max_size=4).map(lambda parts: f"s3://bucket-1/{'/'.join(parts)}/")


@given(PREFIXES)
def test_a_good_prefix_has_one_spelling_and_no_pattern_in_it(location: str) -> None:
    assert locations.problem(location) == ""
    assert locations.spelt(location.rstrip("/")) == locations.spelt(f"{location}//") == location
    assert not set("*?$") & set(location)


@given(PREFIXES, PREFIXES)
def test_overlap_is_mutual_and_means_that_one_holds_the_other(one: str, other: str) -> None:
    assert locations.overlap(one, other) == locations.overlap(other, one) == (one in other or other in one)
    assert locations.overlap(one, f"{one}part-1.csv")
    assert not locations.overlap(one, f"{one.rstrip('/')}-more/")


@pytest.mark.parametrize(
    "wrong",
    ["", "/data", "s3://", "s3://coe-data/", "s3://Coe/x/", "s3://coe-data/*/", "s3://coe-data/${aws:username}/",
     "s3://coe-data/a?/", "s3://coe-data//x/", "s3://coe-data/../x/", "https://coe-data/x/", "s3://10.0.0.1/x/"],
)  # fmt: skip
def test_what_is_no_prefix_is_refused_with_an_example(wrong: str, people: dict[str, User]) -> None:
    with pytest.raises(InvalidInput) as caught:
        registered(location=wrong)
    assert list(caught.value.errors) == ["location"]
    assert "s3://bucket/claims/2026/" in caught.value.errors["location"][0]


# Keeping the register


def test_a_lead_registers_and_the_trail_says_what(people: dict[str, User]) -> None:
    made = registered(location="s3://coe-data/claims/2026")
    assert (made.location, made.owner, made.readiness) == ("s3://coe-data/claims/2026/", people["devops"], "registered")
    assert made.column_names == ["claim_id", "birth_date", "amount"]
    entry = AuditEntry.objects.get(action="dataset.registered")
    assert (entry.subject, entry.after["owner"], entry.after["labelled_share"]) == (made.ref, "devops", "85.00")


@pytest.mark.parametrize("who", ["scientist", "stranger", "auditor", "security", "sponsor"])
def test_others_read_the_register_and_do_not_keep_it(people: dict[str, User], who: str) -> None:
    made = registered()
    with pytest.raises(NotAllowed, match="data engineers, data owners and CoE leads"):
        registered(who, name="other", location="s3://coe-data/other/")
    with pytest.raises(NotAllowed, match="Only Tomas Lindqvist, who owns"):
        datasets.change(dataset_id=made.pk, values={"readiness": "ready"}, actor=person(who))
    client = Client()
    client.force_login(person(who))
    assert "claims_outcomes" in client.get("/datasets/").content.decode()


def test_owners_data_owners_and_data_engineers_keep_it_too(people: dict[str, User]) -> None:
    steward = person("steward", approver_groups=["data_owner"])
    project = intake()
    project.members.create(user=people["dataengineer"], roles=["data_engineer"])
    one = datasets.register(values=values(owner="steward"), actor=people["dataengineer"])
    with pytest.raises(NotAllowed):
        datasets.change(dataset_id=one.pk, values={"readiness": "ready"}, actor=people["dataengineer"])
    two = datasets.register(values=values(name="two", location="s3://coe-data/two/"), actor=steward)
    assert datasets.change(dataset_id=one.pk, values={"readiness": "ready"}, actor=steward).readiness == "ready"
    changed = datasets.change(dataset_id=two.pk, values={"description": "New"}, actor=people["devops"])
    assert (changed.description, changed.version) == ("New", 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "x"}, "name"),
        ({"owner": "nobody"}, "owner"),
        ({"owner": "auditor"}, "owner"),
        ({"business_unit": "none"}, "business_unit"),
        ({"classification": "secret"}, "classification"),
        ({"classification": "internal"}, "classification"),
        ({"labelled_share": "101"}, "labelled_share"),
        ({"labelled_share": "NaN"}, "labelled_share"),
        ({"readiness": "soon"}, "readiness"),
        ({"environment": "moon"}, "environment"),
        ({"columns": "claim_id"}, "columns"),
        ({"columns": [{"name": "a"}, {"name": "A"}]}, "columns"),
        ({"columns": [{"name": "a", "classification": "secret"}]}, "columns"),
        ({"columns": [{"name": "a", "kind": "text"}]}, "columns"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_cannot_be_kept_is_named_by_field(people: dict[str, User], change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        registered(**change)
    assert list(caught.value.errors) == [field]
    assert not Dataset.objects.exists()


def test_a_name_is_given_once_whatever_its_case(people: dict[str, User]) -> None:
    registered()
    with pytest.raises(InvalidInput, match="already a data set named Claims_Outcomes"):
        registered(name="Claims_Outcomes", location="s3://coe-data/elsewhere/")


@pytest.mark.parametrize(
    "place", ["s3://coe-data/claims/", "s3://coe-data/claims/2026/", "s3://coe-data/claims/2026/may/"]
)
def test_two_data_sets_never_lie_in_each_other(people: dict[str, User], place: str) -> None:
    registered()
    with pytest.raises(InvalidInput, match="access to one would open the other"):
        registered(name="other", location=place)
    registered(name="beside", location="s3://coe-data/claims/2026-old/")


@pytest.mark.django_db(transaction=True)
def test_of_two_that_overlap_and_come_at_once_one_is_registered() -> None:
    organisation()
    unit()
    barrier, outcomes = threading.Barrier(2), []

    def run(name: str, place: str) -> None:
        barrier.wait()
        try:
            registered(name=name, location=place)
            outcomes.append("done")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    wanted = [("one", "s3://coe-data/claims/"), ("two", "s3://coe-data/claims/2026/")]
    threads = [threading.Thread(target=run, args=pair) for pair in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "invalid_input"]
    assert Dataset.objects.count() == 1


def test_the_environment_is_one_that_exists(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_lookups", [lambda project: [places.Place("dev", "dev", "eu-west-1", "coe-dev")]])
    assert registered(environment="dev").environment == "dev"


def test_what_somebody_asked_for_is_retired_not_removed(people: dict[str, User]) -> None:
    asked, unused = registered(), registered(name="unused", location="s3://coe-data/unused/")
    wish = accesses.Wish("To train the damage classifier.", "platform_read", 30)
    with transaction.atomic():
        access = accesses.create(intake(), asked, wish, actor=people["domain"])
    datasets.remove(dataset_id=unused.pk, actor=people["lead"])
    with pytest.raises(StaleState, match="retired"):
        datasets.remove(dataset_id=asked.pk, actor=people["lead"])
    assert Dataset.objects.get() == asked
    DataAccess.objects.filter(pk=access.pk).update(status="approved")
    with pytest.raises(StaleState, match="has access to claims_outcomes as it is, so its location cannot change"):
        datasets.change(dataset_id=asked.pk, values={"location": "s3://coe-data/new/"}, actor=people["lead"])
    assert datasets.change(dataset_id=asked.pk, values={"readiness": "retired"}, actor=people["lead"]).readiness


def test_the_database_itself_keeps_what_must_never_be_false(people: dict[str, User]) -> None:
    made = registered()
    for wrong in ({"location": "s3://coe-data/"}, {"labelled_share": 101}, {"classification": "secret"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Dataset.objects.filter(pk=made.pk).update(**wrong)


@pytest.mark.parametrize(
    ("text", "known", "unknown"),
    [
        ("Claims_Outcomes (2026), photos_new", ["claims_outcomes"], ["photos_new"]),
        ("claims_outcomes_old", [], ["claims_outcomes_old"]),
        ("We use the claims outcomes of last year.", [], []),
        ("", [], []),
    ],
)
def test_the_answer_of_the_checklist_names_data_sets(text: str, known: list[str], unknown: list[str]) -> None:
    assert datasets.named_in(text, {"claims_outcomes": 1}) == (known, unknown)


# Page and API


def test_pages_and_forms_work_without_scripts(people: dict[str, User]) -> None:
    client = Client()
    client.force_login(people["lead"])
    form = values(columns="claim_id: internal\nbirth_date: restricted\namount", readiness="ready", environment="")
    made = client.post("/datasets/new/", form)
    assert (made.status_code, made["Location"]) == (303, f"/datasets/{Dataset.objects.get().pk}/")
    assert Dataset.objects.get().columns[1] == {"name": "birth_date", "classification": "restricted", "description": ""}
    page = client.get(made["Location"]).content.decode()
    assert "birth_date" in page and "s3://coe-data/claims/2026/" in page
    edit = client.get(f"{made['Location']}edit/").content.decode()
    assert "birth_date: restricted" in edit
    refused = client.post(f"{made['Location']}edit/", form | {"location": "nowhere"})
    assert refused.status_code == 422
    assert "does not start with s3://" in refused.content.decode()
    assert client.post(f"{made['Location']}remove/").status_code == 303
    assert not Dataset.objects.exists()


def test_the_console_keeps_the_same_rules(people: dict[str, User]) -> None:
    client = Client()
    client.force_login(people["lead"])
    form = values(owner=people["devops"].pk, columns='[{"name": "a"}]', readiness="ready")
    refused = client.post("/admin/projects/dataset/add/", form | {"location": "nowhere"})
    assert "does not start with s3://" in refused.content.decode()
    assert client.post("/admin/projects/dataset/add/", form).status_code == 302
    made = Dataset.objects.get()
    changed = client.post(f"/admin/projects/dataset/{made.pk}/change/", form | {"readiness": "retired"})
    assert changed.status_code == 302
    actions = AuditEntry.objects.about(made.ref).order_by("id").values_list("action", "actor__username")
    assert list(actions) == [("dataset.registered", "lead"), ("dataset.changed", "lead")]


def test_the_api_lists_filters_changes_and_removes(people: dict[str, User]) -> None:
    client, headers = Client(), bearer(people["lead"], "read", "write")
    send = {"content_type": "application/json", "headers": headers}
    made = client.post("/api/v1/datasets/", values(), **send).json()
    assert (made["classification"], made["labelled_share"], made["columns"][1]["description"]) == (
        "restricted", "85.00", "Of the insured",
    )  # fmt: skip
    registered(name="photos", location="s3://coe-data/photos/", classification="public", columns=[])
    found = client.get("/api/v1/datasets/?search=claims&classification=restricted", headers=headers).json()
    assert [row["id"] for row in found["results"]] == [made["id"]]
    assert client.get("/api/v1/datasets/?colour=blue", headers=headers).status_code == 400
    where = f"/api/v1/datasets/{made['id']}/"
    tag = client.get(where, headers=headers)["ETag"]
    changed = client.patch(where, {"readiness": "ready"}, **send)
    assert (changed.status_code, changed.json()["readiness"]) == (200, "ready")
    stale = client.patch(where, {"readiness": "retired"}, **(send | {"headers": headers | {"If-Match": tag}}))
    assert stale.status_code == 412
    assert client.patch(where, {"classification": "public"}, **send).status_code == 400
    assert client.delete(where, headers=headers).status_code == 204
    assert client.get(where, headers=headers).status_code == 404


def test_what_is_not_there_is_not_found(people: dict[str, User]) -> None:
    with pytest.raises(NotFound):
        datasets.change(dataset_id="none", values={}, actor=people["lead"])
