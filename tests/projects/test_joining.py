"""Work that is alike: shown with the reason, joined, or told apart."""

import pytest
import yaml
from django.test import Client

from coe_portal.core.errors import GateClosed, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.services import intakes, policies
from projects import similar
from projects.models import JoinRequest, Project, Stage
from projects.services import distinctions, joining, team
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation
from tests.governance.requests import publish

pytestmark = pytest.mark.django_db
DIFFERENT = "That one judges paint, this one counts dents."
JSON = "application/json"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def test_the_reason_names_the_words_that_are_shared() -> None:
    words = similar.reason("Vehicle damages from photographs", "Vehicle damage estimate", "Uses photo of cars.")
    assert words == "Shares “vehicle”, “damage” in its name and “photo” in its summary."
    assert similar.reason("Vehicel damge", "Tumour triage", "Reads scans.") == "Names or summaries are spelt alike."


def _two(people: dict[str, User]) -> tuple[Project, Project]:
    """A project of the scientist's that the domain expert may see, and an intake of the domain expert's."""
    project = intake("Dent counting from photos", owner="scientist")
    team.add_member(project_key=project.key, username="domain", roles=["domain_expert"], actor=people["scientist"])
    return project, intake("Dent counting for lorries")


def test_an_owner_takes_somebody_in_and_their_intake_is_merged(people: dict[str, User]) -> None:
    project, mine = _two(people)
    wish = joining.ask(project_key=project.key, intake_key=mine.key, message="We have labels.", actor=people["domain"])
    done = joining.decide(request_id=wish.pk, accept=True, roles=["data_engineer"], actor=people["scientist"])
    mine.refresh_from_db()
    assert (done.state, mine.stage, mine.merged_into) == ("joined", Stage.STOPPED, project)
    assert project.members.filter(user=people["domain"]).exists()
    moved = AuditEntry.objects.filter(project=mine.key, action="project.stage_moved").latest("id")
    assert moved.comment == f"Joined {project.key} Dent counting from photos."


def test_a_colleague_who_may_see_it_joins_with_the_roles_they_get(people: dict[str, User]) -> None:
    project = intake()
    wish = joining.ask(project_key=project.key, actor=people["sponsor"])
    with pytest.raises(InvalidInput):
        joining.decide(request_id=wish.pk, accept=True, roles=[], actor=people["domain"])
    joining.decide(request_id=wish.pk, accept=True, roles=["data_engineer"], actor=people["domain"])
    assert project.members.get(user=people["sponsor"]).roles == ["data_engineer"]


def test_a_refusal_needs_words_and_changes_no_team(people: dict[str, User]) -> None:
    project = intake()
    wish = joining.ask(project_key=project.key, actor=people["sponsor"])
    with pytest.raises(InvalidInput):
        joining.decide(request_id=wish.pk, accept=False, actor=people["domain"])
    joining.decide(request_id=wish.pk, accept=False, answer="We are full.", actor=people["domain"])
    assert not project.members.filter(user=people["sponsor"]).exists()
    with pytest.raises(StaleState):
        joining.decide(request_id=wish.pk, accept=True, roles=["data_engineer"], actor=people["domain"])


def test_nobody_answers_their_own_wish_or_that_of_a_strange_project(people: dict[str, User]) -> None:
    wish = joining.ask(project_key=intake().key, actor=people["sponsor"])
    for who in ("sponsor", "auditor"):
        with pytest.raises(NotAllowed):
            joining.decide(request_id=wish.pk, accept=True, roles=["data_engineer"], actor=people[who])
    with pytest.raises(NotFound):
        joining.decide(request_id=wish.pk, accept=True, roles=["data_engineer"], actor=people["stranger"])
    with pytest.raises(NotAllowed):
        joining.withdraw(request_id=wish.pk, actor=people["domain"])
    assert joining.withdraw(request_id=wish.pk, actor=people["sponsor"]).state == "withdrawn"


def test_one_asks_once_and_brings_only_an_intake_of_ones_own(people: dict[str, User]) -> None:
    project, mine = _two(people)
    with pytest.raises(NotFound):
        joining.ask(project_key=project.key, actor=people["stranger"])
    with pytest.raises(NotAllowed):
        joining.ask(project_key=project.key, actor=people["auditor"])
    with pytest.raises(InvalidInput):
        joining.ask(project_key=project.key, intake_key=mine.key, actor=people["lead"])
    with pytest.raises(StaleState, match="in the team"):
        joining.ask(project_key=project.key, actor=people["domain"])
    joining.ask(project_key=project.key, actor=people["lead"])
    with pytest.raises(StaleState, match="already"):
        joining.ask(project_key=project.key, actor=people["lead"])
    assert JoinRequest.objects.count() == 1


def test_a_team_that_is_with_its_approvers_takes_nobody_in(people: dict[str, User]) -> None:
    project = complete_intake()
    wish = joining.ask(project_key=project.key, actor=people["sponsor"])
    intakes.submit(project_key=project.key, actor=people["domain"])
    with pytest.raises(StaleState, match="with its approvers"):
        joining.decide(request_id=wish.pk, accept=True, roles=["data_engineer"], actor=people["domain"])


def test_why_it_does_not_join_is_kept_and_read_by_reviewers(client: Client, people: dict[str, User]) -> None:
    project, mine = _two(people)
    told = distinctions.explain(project_key=mine.key, other_key=project.key, reason=DIFFERENT, actor=people["domain"])
    distinctions.explain(project_key=mine.key, other_key=project.key, reason=DIFFERENT * 2, actor=people["domain"])
    assert mine.distinctions.get().pk == told.pk and mine.distinctions.get().reason == DIFFERENT * 2
    client.force_login(people["lead"])
    assert DIFFERENT in client.get(f"/projects/{mine.key}/qualification/around/").content.decode()
    for other, reason in ((mine.key, DIFFERENT), ("PRJ-9999", DIFFERENT), (project.key, "No.")):
        with pytest.raises(InvalidInput):
            distinctions.explain(project_key=mine.key, other_key=other, reason=reason, actor=people["domain"])


def test_where_the_policy_says_so_what_is_very_similar_is_explained_first(people: dict[str, User]) -> None:
    rules = yaml.safe_load(policies.DEFAULT.read_text())["intake"]
    publish(intake=rules | {"explain_similar_from": 0.6})
    first, second = complete_intake("Vehicle damage estimate"), complete_intake("Vehicle damage estimates")
    with pytest.raises(GateClosed) as closed:
        intakes.submit(project_key=second.key, actor=people["domain"])
    assert [item.code for item in closed.value.missing] == ["similar"]
    distinctions.explain(project_key=second.key, other_key=first.key, reason=DIFFERENT, actor=people["domain"])
    assert intakes.submit(project_key=second.key, actor=people["domain"]).project.stage == Stage.QUALIFICATION


def test_the_pages_and_the_api_say_the_same(client: Client, people: dict[str, User]) -> None:
    project, mine = _two(people)
    client.force_login(people["domain"])
    page = client.get(f"/intake/{mine.key}/similar/").content.decode()
    assert project.name in page and "Shares “dent”, “counting”, “photos” in its name" in page
    refused = client.post(f"/intake/{mine.key}/similar/", {"other": project.key, "reason": "No."})
    assert refused.status_code == 422 and "Say in 20 to 2,000 characters what is different." in refused.content.decode()
    sent = client.post(f"/intake/{mine.key}/similar/", {"other": project.key, "reason": DIFFERENT})
    assert sent.status_code == 303
    token = bearer(people["domain"], "read", "write")
    rows = client.get(f"/api/v1/projects/{mine.key}/similar/", headers=token).json()
    assert [(row["key"], row["explanation"]) for row in rows] == [(project.key, DIFFERENT)]
    owner = Client()
    owner.force_login(people["scientist"])
    asked = owner.get(f"/projects/{project.key}/join-requests/", headers={"HX-Request": "true"}).content.decode()
    assert '<p class="pad subl">Nobody has asked.</p>' in asked and "<ul" not in asked
    joined = client.post(
        f"/api/v1/projects/{project.key}/join/", {"intake": mine.key}, content_type=JSON, headers=token
    )
    assert joined.status_code == 201 and joined.json()["state"] == "asked"
    listed = client.get(f"/api/v1/projects/{project.key}/join-requests/", headers=token).json()
    assert [(row["person"], row["intake"]) for row in listed] == [("domain", mine.key)]
    asked = owner.get(f"/projects/{project.key}/join-requests/", headers={"HX-Request": "true"}).content.decode()
    assert "Hanna Berg" in asked and mine.key in asked
    answer = {"verdict": "accept", "roles": ["domain_expert"]}
    assert owner.post(f"/join-requests/{joined.json()['id']}/decide/", answer).status_code == 303
    assert f'Merged into <a href="/projects/{project.key}/"' in client.get(f"/projects/{mine.key}/").content.decode()
