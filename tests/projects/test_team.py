"""The team's pages and services: the matrix editor, orphaned duties, skills and who could help."""

from typing import Any

import pytest
from django.test import Client

from coe_portal.core import inbox, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed
from coe_portal.core.models import AuditEntry, User
from projects.models import Handover, Member, Project, Responsibility, Skill
from projects.services import projects, raci, skills, team
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation, person

JSON = "application/json"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _member(project: Project, who: str) -> Member:
    return project.members.get(user__username=who)


def _name(project: Project, who: str, area: str, kind: str = "accountable", by: str = "domain") -> None:
    team.set_responsibility(
        project_key=project.key, member_id=_member(project, who).pk, work_area=area, kind=kind, actor=person(by)
    )


def _drain() -> None:
    while outbox.deliver_next():
        pass


def _switch(client: Client, lead: User, who: User, *, on: bool) -> None:
    client.force_login(lead)
    fields: dict[str, Any] = {"username": who.username, "display_name": who.display_name, "kind": "person"}
    answer = client.post(f"/admin/core/user/{who.pk}/change/", fields | ({"is_active": "on"} if on else {}))
    assert answer.status_code == 302
    _drain()


def test_the_matrix_is_saved_as_one_form_and_untouched_cells_stay(client: Client, people: dict[str, User]) -> None:
    project = intake()
    expert, scientist = _member(project, "domain").pk, _member(project, "scientist").pk
    client.force_login(people["domain"])
    page = client.get(f"/projects/{project.key}/team/").content.decode()
    assert f'name="seen-duty-{scientist}-model_training"' in page
    _name(project, "domain", "data_quality", "consulted")  # a colleague, after the page was read
    form = {
        f"duty-{scientist}-model_training": "accountable",
        f"seen-duty-{scientist}-model_training": "",
        f"duty-{expert}-data_quality": "",
        f"seen-duty-{expert}-data_quality": "",
    }
    answer = client.post(f"/projects/{project.key}/team/responsibilities/", form, follow=True)
    assert "1 responsibility changed." in answer.content.decode()
    kept = set(Responsibility.objects.values_list("work_area", "kind"))
    assert kept == {("model_training", "accountable"), ("data_quality", "consulted")}


def test_a_cell_that_a_colleague_changed_is_asked_again_and_nothing_is_saved(
    client: Client, people: dict[str, User]
) -> None:
    project = intake()
    scientist = _member(project, "scientist").pk
    _name(project, "scientist", "model_training", "consulted")
    client.force_login(people["domain"])
    form = {
        f"duty-{scientist}-model_training": "accountable",
        f"seen-duty-{scientist}-model_training": "",
        f"duty-{scientist}-data_quality": "informed",
    }
    answer = client.post(f"/projects/{project.key}/team/responsibilities/", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A colleague changed this meanwhile." in page
    assert '<option value="informed" selected>' in page, "what was chosen is not lost"
    assert Responsibility.objects.get().kind == "consulted"


def test_two_accountable_people_for_one_area_are_refused_by_name_of_the_area(people: dict[str, User]) -> None:
    project = intake()
    cells = {
        (_member(project, who).pk, "data_quality"): raci.Cell("accountable", "") for who in ("domain", "scientist")
    }
    with pytest.raises(InvalidInput) as caught:
        raci.save_matrix(project_key=project.key, cells=cells, actor=people["domain"])
    assert caught.value.errors == {"data_quality": ["Choose one person who is accountable for data quality."]}
    assert not Responsibility.objects.exists()


def test_naming_another_person_accountable_makes_the_first_one_responsible(people: dict[str, User]) -> None:
    project = intake()
    _name(project, "domain", "data_quality")
    _name(project, "scientist", "data_quality")
    held = dict(Responsibility.objects.values_list("member__user__username", "kind"))
    assert held == {"domain": "responsible", "scientist": "accountable"}


def test_a_member_who_leaves_leaves_a_task_that_names_each_duty(client: Client, people: dict[str, User]) -> None:
    project = intake()
    _name(project, "scientist", "model_training")
    _name(project, "scientist", "model_development", "responsible")
    _name(project, "scientist", "data_quality", "informed")
    team.remove_member(project_key=project.key, member_id=_member(project, "scientist").pk, actor=people["domain"])
    row = Handover.objects.get()
    assert (row.state, row.duties) == ("open", ["accountable:model_training", "responsible:model_development"])
    for who, sees in (("domain", True), ("lead", True), ("stranger", False), ("sponsor", False)):
        client.force_login(people[who])
        page = client.get("/inbox/").content.decode()
        assert ("Reassign 2 duties of Aiko Kimura in Vehicle damage estimate" in page) == sees
        assert client.get("/inbox/count/").content.decode() == ("1" if sees else "")
    entry = AuditEntry.objects.get(action="team.duties_orphaned")
    assert (
        entry.after == {"duties": ["is accountable for model training", "is responsible for model development"]}
        and entry.actor == people["domain"]
    )


def test_a_duty_that_somebody_takes_leaves_the_task_and_the_last_one_ends_it(
    client: Client, people: dict[str, User]
) -> None:
    project = intake()
    _name(project, "scientist", "model_training")
    _name(project, "scientist", "model_development", "responsible")
    team.remove_member(project_key=project.key, member_id=_member(project, "scientist").pk, actor=people["domain"])
    _name(project, "domain", "model_training")
    assert Handover.objects.get().duties == ["responsible:model_development"]
    client.force_login(people["domain"])
    page = client.get(f"/projects/{project.key}/team/").content.decode()
    assert "is responsible for model development" in page and "is accountable for model training" not in page
    _name(project, "domain", "model_development", "responsible")
    row = Handover.objects.get()
    assert (row.state, row.duties, row.done_at is not None) == ("done", [], True)
    assert inbox.counts(people["domain"])["handovers"] == 0


def test_duties_that_a_colleague_shares_are_not_orphaned(people: dict[str, User]) -> None:
    project = intake()
    _name(project, "domain", "model_training")
    _name(project, "scientist", "model_training", "responsible")
    team.remove_member(project_key=project.key, member_id=_member(project, "scientist").pk, actor=people["domain"])
    assert not Handover.objects.exists()


def test_an_account_that_is_switched_off_orphans_its_places_in_every_open_project_and_gives_them_back(
    client: Client, people: dict[str, User]
) -> None:
    first, second = complete_intake("Vehicle damage estimate"), complete_intake("Route planning")
    projects.update_project(project_key=second.key, changes={"sponsor": "lead"}, actor=people["domain"])
    _switch(client, people["lead"], people["sponsor"], on=False)
    assert [(row.project, row.duties, row.reason) for row in Handover.objects.all()] == [
        (first, ["sponsor"], "deactivated")
    ]
    task = inbox.tasks(people["domain"])[0]
    assert task.why == "Ingrid Solberg has no active account any more. Nobody else is its sponsor."
    projects.update_project(project_key=first.key, changes={"sponsor": "lead"}, actor=people["domain"])
    assert Handover.objects.get().state == "done"


def test_who_comes_back_takes_their_duties_again(client: Client, people: dict[str, User]) -> None:
    project = intake()
    _name(project, "scientist", "model_training")
    _switch(client, people["lead"], people["scientist"], on=False)
    page = client.get(f"/projects/{project.key}/team/").content.decode()
    assert "Aiko Kimura is in the team but has no active account any more." in page
    assert "Nobody is accountable for model training." in page
    assert Handover.objects.get().state == "open"
    _switch(client, people["lead"], User.objects.get(username="scientist"), on=True)
    assert Handover.objects.get().state == "done"


def test_the_task_of_an_owner_without_account_goes_to_the_leads(client: Client, people: dict[str, User]) -> None:
    intake()
    _switch(client, people["lead"], people["domain"], on=False)
    assert inbox.tasks(people["lead"])[0].why.endswith("Nobody else owns the project or is the only domain expert.")


def test_people_say_what_they_can_and_leads_correct_it_but_nobody_else(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["devops"])
    form = {"model_monitoring-level": "3", "model_monitoring-note": "On call for two years"}
    assert client.post("/me/skills/", form).status_code == 303
    assert "On call for two years" in client.get("/me/skills/").content.decode()
    skills.set_skill(username="devops", subject="model_monitoring", level=2, actor=people["lead"])
    skill = Skill.objects.get()
    assert (skill.level, skill.said_by) == (2, people["lead"])
    with pytest.raises(NotAllowed, match="Only Tomas Lindqvist and CoE leads"):
        skills.set_skill(username="devops", subject="model_monitoring", level=1, actor=people["domain"])
    trail = AuditEntry.objects.filter(action="skill.set").order_by("id").values_list("before", "after")
    assert list(trail) == [
        (None, {"level": 3, "note": "On call for two years"}),
        ({"level": 3, "note": "On call for two years"}, {"level": 2, "note": ""}),
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"subject": "cooking"}, "subject"), ({"level": 4}, "level"), ({"note": "x" * 121}, "note")],
)
def test_a_skill_that_cannot_be_used_is_refused_by_field(
    people: dict[str, User], values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        skills.set_skill(
            **{"username": "devops", "subject": "data_quality", "level": 1, **values}, actor=people["devops"]
        )
    assert list(caught.value.errors) == [field]


def test_a_gap_names_who_could_help_the_most_skilled_first_and_nobody_without_an_account(
    client: Client, people: dict[str, User]
) -> None:
    project = intake()
    for who, level in (("devops", 2), ("scientist", 3), ("dataengineer", 1), ("security", 1), ("stranger", 3)):
        skills.set_skill(username=who, subject="model_monitoring", level=level, actor=people["lead"])
    User.objects.filter(username="stranger").update(is_active=False)
    headers = bearer(people["domain"])
    gaps = client.get(f"/api/v1/projects/{project.key}/coverage/", headers=headers).json()["gaps"]
    gap = next(item for item in gaps if item["work_area"] == "model_monitoring")
    assert [(one["user"], one["level"], one["in_team"]) for one in gap["helpers"]] == [
        ("scientist", 3, True),
        ("devops", 2, False),
        ("dataengineer", 1, False),
    ]
    assert gap["blocks"] == ["Go to production"]
    client.force_login(people["domain"])
    page = client.get(f"/projects/{project.key}/team/").content.decode()
    assert "Aiko Kimura (expert, in the team)" in page and "Tomas Lindqvist (practised)" in page


def test_skills_and_handovers_are_read_and_kept_by_api(client: Client, people: dict[str, User]) -> None:
    project = intake()
    _name(project, "scientist", "model_training")
    team.remove_member(project_key=project.key, member_id=_member(project, "scientist").pk, actor=people["domain"])
    headers = bearer(people["domain"], "read", "write")
    row = client.get(f"/api/v1/projects/{project.key}/handovers/", headers=headers).json()["results"][0]
    assert (row["person"], row["reason"], row["duties"]) == (
        "scientist",
        "left_team",
        [{"code": "accountable:model_training", "words": "is accountable for model training"}],
    )
    address = "/api/v1/users/domain/skills/"
    made = client.post(address, {"subject": "data_quality", "level": 2}, JSON, headers=headers)
    assert (made.status_code, made.json()["said_by"]) == (201, "domain")
    refused = client.post("/api/v1/users/lead/skills/", {"subject": "data_quality", "level": 2}, JSON, headers=headers)
    assert refused.status_code == 403
    assert client.delete(f"{address}{made.json()['id']}/", headers=headers).status_code == 204
    assert client.get(address, headers=headers).json()["results"] == []
