"""Numbered revisions: what was submitted stays, and what changed can be read."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.models import User
from governance.services import approvals, intakes
from projects.models import Project
from projects.revisions import Change, changes, place_in_words, titles
from projects.services import checklist
from tests.factories import ANSWERS, complete_intake, organisation

names = st.text("abc", min_size=1, max_size=2)
values = st.integers() | st.text(max_size=3) | st.none() | st.lists(st.integers(), max_size=2)
contents = st.recursive(
    st.dictionaries(names, values, max_size=3),
    lambda inner: st.dictionaries(names, values | inner, max_size=3),
    max_leaves=5,
)


@given(contents)
def test_a_content_does_not_differ_from_itself(content: dict[str, Any]) -> None:
    assert changes(content, content) == []


@given(contents, contents)
def test_read_backwards_additions_are_removals(one: dict[str, Any], other: dict[str, Any]) -> None:
    forth = {(item.path, item.before, item.after) for item in changes(_frozen(one), _frozen(other))}
    back = {(item.path, item.after, item.before) for item in changes(_frozen(other), _frozen(one))}
    assert forth == back


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _frozen(item) for name, item in value.items()}
    return tuple(value) or None if isinstance(value, list) else value


def test_each_place_is_added_removed_or_changed() -> None:
    before = {"name": "Claims", "poc": {"budget": "5"}, "answers": {"value": {"low": 1}}, "sponsor": ""}
    after = {"name": "Claims", "poc": {"budget": "7"}, "answers": {"value": {}}, "sponsor": "ingrid"}
    found = changes(before, after)
    assert [(item.path, item.kind) for item in found] == [
        (("poc", "budget"), "changed"),
        (("sponsor",), "added"),
        (("answers", "value", "low"), "removed"),
    ]
    assert found[0] == Change(("poc", "budget"), "5", "7")


def test_a_place_without_a_title_is_said_in_its_names() -> None:
    assert place_in_words(("poc", "ends_on"), {}) == "Poc: ends on"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _submitted_twice(people: dict[str, User]) -> Project:
    project = complete_intake()
    first = intakes.submit(project_key=project.key, actor=people["domain"])
    approvals.decide(
        request_id=first.approval.pk, verdict="request_changes", comment="Aim higher.", actor=people["lead"]
    )
    checklist.answer(
        project_key=project.key, code="metric", answer=ANSWERS["metric"] | {"target": 0.9}, actor=people["domain"]
    )
    intakes.submit(project_key=project.key, actor=people["domain"])
    return project


def test_a_submitted_checklist_is_fixed_until_changes_are_asked_for(client: Client, people: dict[str, User]) -> None:
    project = complete_intake()
    intakes.submit(project_key=project.key, actor=people["domain"])
    client.force_login(people["domain"])
    body = {"answer": ANSWERS["metric"] | {"target": 0.9}}
    answer = client.patch(f"/api/v1/projects/{project.key}/checklist/metric/", body, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "checklist_frozen")
    assert project.criteria.get(code="metric").answer["target"] == 0.82


def test_the_second_revision_shows_what_changed_since_the_first(client: Client, people: dict[str, User]) -> None:
    project = _submitted_twice(people)
    first, second = project.revisions.order_by("number")
    known = titles(project.criteria.all())
    found = [
        (place_in_words(item.path, known), item.before, item.after) for item in changes(first.content, second.content)
    ]
    assert found == [("Success metric: Target", 0.82, 0.9)]
    client.force_login(people["lead"])
    page = client.get(f"/projects/{project.key}/revisions/2/").content.decode()
    assert "<del>0.82</del> <ins>0.9</ins>" in page
    assert f"/projects/{project.key}/revisions/2/" in client.get(f"/projects/{project.key}/history/").content.decode()


@pytest.mark.parametrize(("who", "number", "status"), [("lead", 1, 200), ("lead", 3, 404), ("stranger", 1, 404)])
def test_a_revision_is_shown_to_those_who_see_the_project(
    client: Client, people: dict[str, User], who: str, number: int, status: int
) -> None:
    project = _submitted_twice(people)
    client.force_login(people[who])
    assert client.get(f"/projects/{project.key}/revisions/{number}/").status_code == status


def test_a_revision_number_beyond_every_column_is_not_found(client: Client, people: dict[str, User]) -> None:
    project = complete_intake()
    client.force_login(people["lead"])
    assert client.get(f"/projects/{project.key}/revisions/{10**30}/").status_code == 404
