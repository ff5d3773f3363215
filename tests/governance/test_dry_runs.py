"""A draft tried on the projects that are under way: counted, named, and nothing written."""

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core.models import AuditEntry
from governance.models import PolicyVersion
from governance.policies.gate_words import GAP_WORDS
from governance.services import dry_runs, intakes, policies, risk
from projects.models import Project
from projects.models.team import GAP_CODES
from tests.factories import complete_intake, intake, organisation, person
from tests.governance.test_moves import HARMLESS, changed, published

pytestmark = pytest.mark.django_db


def _draft(document: dict[str, object]) -> PolicyVersion:
    return policies.create_draft(source=policies.as_yaml(document), actor=person("lead"))


@pytest.fixture
def portfolio() -> dict[str, Project]:
    """One idea, one complete intake, one that waits for its gate, one that ended."""
    organisation()
    found = {"idea": intake("An idea"), "complete": complete_intake("Complete"), "asked": complete_intake("Asked")}
    found["ended"] = complete_intake("Ended")
    Project.objects.filter(pk=found["ended"].pk).update(stage="stopped")
    intakes.submit(project_key=found["asked"].key, actor=person("domain"))
    return found


def _said(draft: PolicyVersion) -> dict[str, list[str]]:
    return {effect.sentence: effect.subjects for effect in dry_runs.dry_run(draft).effects}


def test_it_says_how_many_and_which(portfolio: dict[str, Project]) -> None:
    said = _said(_draft(changed()))
    open_keys = [portfolio[name].key for name in ("idea", "complete", "asked")]
    assert said["3 projects would gain the criterion “Human oversight”."] == open_keys
    assert said["3 projects would no longer be asked “How good today”; their answers are kept."] == open_keys
    assert said["2 answers to “Users and use” would not fit any more and be open again."] == open_keys[1:]
    request = portfolio["asked"].approvals.get()
    assert said["1 approval would need Finance."] == [request.key]
    assert said["The next gates of 3 projects would need Finance."] == open_keys


def test_what_gates_ask_besides_other_questions_and_people_is_said_too(portfolio: dict[str, Project]) -> None:
    document = yaml.safe_load(policies.DEFAULT.read_text())
    value, data = document["criteria"][2], document["criteria"][6]
    value["evidence"], data["verdict"] = ["file", "link"], "required"
    document["gates"][0]["criteria"].remove("baseline")
    document["team"]["gates"]["poc"] = ["nobody_accountable"]
    said = _said(_draft(document))
    assert {sentence.removeprefix("The next gates of 3 projects would ") for sentence in said} == {
        "also ask for a file or a link as evidence of “Business value”.",
        "also ask for an acceptance of “Right data, labelled”.",
        "also ask for somebody accountable for every area of work.",
        "no longer ask for “How good today”.",
        "no longer ask for a domain expert.",
    }


def test_every_gap_that_may_close_a_gate_has_words() -> None:
    assert set(GAP_WORDS) == set(GAP_CODES)


def test_it_writes_nothing(portfolio: dict[str, Project]) -> None:
    draft, before = _draft(changed()), AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as seen:
        dry_runs.dry_run(draft)
    assert all(query["sql"].startswith(("SELECT", "DECLARE", "FETCH", "CLOSE")) for query in seen), list(seen)
    assert AuditEntry.objects.count() == before


def test_the_same_policy_changes_nothing(portfolio: dict[str, Project]) -> None:
    document = yaml.safe_load(policies.DEFAULT.read_text())
    assert _said(_draft(document)) == {}
    published(document)
    assert dry_runs.dry_run(PolicyVersion.objects.for_new_projects().get()).projects == 3


def test_conditions_are_met_by_the_facts_of_each_project(portfolio: dict[str, Project]) -> None:
    Project.objects.filter(pk=portfolio["complete"].pk).update(data_classification="restricted")
    document = yaml.safe_load(policies.DEFAULT.read_text())
    document["gates"][0]["approvals"][1]["when"] = {"data_classification": ["internal"]}
    said = _said(_draft(document))
    assert said["1 approval would need Security."] == [portfolio["asked"].approvals.get().key]
    assert said["The next gate of 1 project would no longer need Security."] == [portfolio["complete"].key]
    assert said["The next gate of 1 project would need Security."] == [portfolio["asked"].key]


def test_tiers_that_change_and_questionnaires_that_are_asked(portfolio: dict[str, Project]) -> None:
    risk.answer(project_key=portfolio["complete"].key, answers=HARMLESS, actor=person("domain"))
    document = yaml.safe_load(policies.DEFAULT.read_text())
    document["risk"]["questions"][0]["options"][0]["tier"] = "high"
    document["risk"]["required_for"] = ["advance:poc"]
    said = _said(_draft(document))
    assert said["1 project would be in the risk tier High."] == [portfolio["complete"].key]
    assert said["2 projects would have to answer the risk questionnaire before the next gate."] == [
        portfolio["idea"].key, portfolio["asked"].key,
    ]  # fmt: skip


def test_it_asks_the_database_as_often_for_many_projects_as_for_few(portfolio: dict[str, Project]) -> None:
    draft = _draft(changed())

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            dry_runs.dry_run(draft)
        return len(seen)

    few = queries()
    for number in range(5):
        complete_intake(f"Another {number}")
    assert queries() == few


def test_the_page_and_the_api_say_the_same(portfolio: dict[str, Project], client: Client) -> None:
    draft = _draft(changed())
    client.force_login(person("lead"))
    page = client.get(f"/policies/{draft.label}/dry-run/").content.decode()
    answer = client.get(f"/api/v1/policies/{draft.label}/dry-run/").json()
    assert answer["projects"] == 3
    for effect in answer["effects"]:
        assert effect["sentence"] in page
    assert f'href="/projects/{portfolio["idea"].key}/"' in page
