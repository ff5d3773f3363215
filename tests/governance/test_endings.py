"""What an ended project owes to the next team, and which findings close which gates."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core import inbox, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import Severity
from governance.policies.closing import FindingRule, LessonRule, finding_rules, is_closed_by, lesson_rule
from governance.policies.loader import PolicyError, load
from governance.services import findings, gates, intakes, policies
from governance.services.next_actions import next_action
from projects.knowledge import lessons_alike
from projects.models import Lesson, LessonsOwed, Project, Stage
from projects.services import lessons, stages, team
from tests.core.conftest import bearer
from tests.factories import complete_intake, intake, organisation, person
from tests.governance.requests import decide, submitted

pytestmark = pytest.mark.django_db
TEXT = "Half of the photos were taken at night, and no assessor could label those."


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


@pytest.fixture
def project(people: dict[str, User]) -> Project:
    request = submitted()
    decide(request, "lead")
    decide(request, "sponsor")
    return Project.objects.get(pk=request.project_id)


def _end(project: Project, to: Stage = Stage.STOPPED) -> None:
    with transaction.atomic():
        stages.move_stage(project, to, actor=person("lead"), comment="The kill criteria are met.")
    while outbox.deliver_next():
        pass


def _give(project: Project, kind: str, who: str = "domain", **more: Any) -> Lesson:
    said = {"title": f"A lesson that {kind}", "text": TEXT, **more}
    return lessons.give_lesson(project_key=project.key, kind=kind, actor=person(who), **said)


def test_a_project_that_stops_after_its_poc_owes_three_lessons_and_its_owner_is_asked(project: Project) -> None:
    _end(project)
    owed = LessonsOwed.objects.get()
    assert (owed.owner, owed.kinds) == (person("domain"), ["worked", "failed", "different"])
    assert owed.due_on == timezone.localdate() + timedelta(days=14)
    (task,) = inbox.tasks(person("domain"))
    assert task.title == "Write the lessons of Vehicle damage estimate" and task.due_on == owed.due_on
    assert inbox.counts(person("domain"))["lessons"] == 1
    assert inbox.tasks(person("scientist")) == []


def test_the_last_lesson_closes_the_project_for_good(project: Project) -> None:
    _end(project)
    for kind in ("worked", "failed"):
        _give(project, kind)
    assert lessons.owed_by(project) is not None
    todo = next_action(Project.objects.get(pk=project.pk), person("domain"))
    assert (todo.button, todo.url) == ("Write the lessons", f"/projects/{project.key}/lessons/")
    last = _give(project, "different", "scientist")
    assert lessons.owed_by(project) is None and inbox.tasks(person("domain")) == []
    closed = AuditEntry.objects.get(action="project.closed")
    assert (closed.actor, closed.project, closed.after) == (person("scientist"), project.key, {"lessons": 3})
    with pytest.raises(StaleState, match="owes a lesson that says what we would do differently"):
        lessons.withdraw_lesson(lesson_id=last.pk, actor=person("scientist"))
    with pytest.raises(StaleState, match="owes a lesson"):
        lessons.change_lesson(lesson_id=last.pk, changes={"kind": "worked"}, actor=person("scientist"))


def test_an_end_that_is_told_twice_is_owed_once_and_lessons_written_before_count(project: Project) -> None:
    _give(project, "worked")
    _end(project)
    assert lessons.owe(project, kinds=["worked", "failed", "different"], due_on=timezone.localdate(), actor=None)
    assert LessonsOwed.objects.count() == AuditEntry.objects.filter(action="lessons.owed").count() == 1
    assert lessons.missing_kinds(project, LessonsOwed.objects.get().kinds) == ["failed", "different"]


def test_an_idea_that_is_declined_before_its_poc_owes_nothing(people: dict[str, User]) -> None:
    request = submitted()
    decide(request, "lead", "reject", "Not worth it now.")
    while outbox.deliver_next():
        pass
    assert Project.objects.get().stage == "declined"
    assert not LessonsOwed.objects.exists()


def test_a_policy_from_before_the_rule_asks_for_nothing(project: Project) -> None:
    document = dict(policies.policy_of(project.policy_version).document)
    del document["lessons"], document["findings"]
    assert lesson_rule(document) == LessonRule() and finding_rules(document) == []
    assert not lesson_rule(document).is_owed("poc", "stopped")


def test_only_who_takes_part_and_leads_write_lessons_and_only_their_own_are_changed(project: Project) -> None:
    for who in ("auditor", "security"):
        with pytest.raises(NotAllowed):
            _give(project, "worked", who)
    lesson = _give(project, "worked", "scientist")
    with pytest.raises(NotAllowed, match="Only Aiko Kimura, who wrote this lesson"):
        lessons.change_lesson(lesson_id=lesson.pk, changes={"title": "Another one"}, actor=person("domain"))
    lessons.change_lesson(lesson_id=lesson.pk, changes={"tags": " Labels, night ,labels"}, actor=person("lead"))
    lesson.refresh_from_db()
    assert lesson.tags == ["labels", "night"]
    lessons.withdraw_lesson(lesson_id=lesson.pk, actor=person("scientist"))
    kept = AuditEntry.objects.get(action="lesson.withdrawn")
    assert kept.before["title"] == "A lesson that worked" and not Lesson.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"title": "x"}, "title"), ({"text": "too short"}, "text"), ({"tags": ["x" * 31]}, "tags")],
)
def test_a_lesson_that_tells_nothing_is_refused(project: Project, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _give(project, "worked", **wrong)
    assert set(refused.value.errors) == {field}
    with pytest.raises(InvalidInput, match="kind"):
        _give(project, "triumph")


def test_who_begins_something_similar_reads_what_others_learnt(project: Project, client: Client) -> None:
    from_similar = _give(project, "failed", title="Night photos cannot be labelled")
    elsewhere = intake("Meter reading from photos", owner="stranger", sponsor="")
    about = _give(elsewhere, "worked", "stranger", title="Pay for labelled invoices early")
    found = lessons_alike(person("stranger"), "Vehicle damage from photos at claims desks")
    assert found[0].lesson == from_similar and found[0].reason == "From a similar project"
    assert lessons_alike(person("stranger"), "Paying for labelled invoices")[0].lesson == about
    assert lessons_alike(person("stranger"), "quantum chess") == [] and lessons_alike(person("stranger"), "") == []
    mine = intake("Vehicle damage severity", owner="stranger", sponsor="")
    client.force_login(person("stranger"))
    part = client.get(f"/projects/{mine.key}/lessons/alike/", headers={"HX-Request": "true"}).content.decode()
    assert "Night photos cannot be labelled" in part and f"/projects/{project.key}/" not in part
    assert f"/projects/{mine.key}/lessons/alike/" in client.get(f"/intake/{mine.key}/challenge/").content.decode()


def test_whoever_types_a_new_concept_reads_the_lesson_of_a_stopped_project(project: Project, client: Client) -> None:
    lesson = _give(project, "failed", title="Night photos & labels", text=TEXT)
    _end(project)
    client.force_login(person("stranger"))
    typed = {"name": "Vehicle damage by drone", "summary": "Estimates severity from drone photos."}
    card = client.get("/intake/similar/", typed).content.decode()
    assert "Night photos &amp; labels" in card and "What failed at Vehicle damage estimate" in card
    assert "Stopped" in card and f"/projects/{project.key}/" not in card
    link = "/stories/?search=Night%20photos%20%26%20labels"
    assert link in card and TEXT in client.get(link).content.decode()
    mine = intake(typed["name"], owner="stranger", sponsor="")
    address = f"/intake/{mine.key}/concept/"
    assert "Night photos &amp; labels" in client.get(address).content.decode()
    own = _give(mine, "worked", "stranger", title="Fly low over the damage")
    anew = client.get("/intake/similar/", typed | {"intake": mine.key}).content.decode()
    assert lesson.title.split()[0] in anew and own.title not in anew
    assert client.get("/intake/similar/", typed | {"intake": project.key}).status_code == 404


def test_a_reviewer_reads_what_others_learnt_beside_the_scores(project: Project, client: Client) -> None:
    _give(project, "failed", title="Night photos cannot be labelled")
    other = complete_intake("Vehicle damage of trams", owner="dataengineer")
    intakes.submit(project_key=other.key, actor=person("dataengineer"))
    client.force_login(person("lead"))
    panel = f"/projects/{other.key}/lessons/alike/"
    assert f'hx-get="{panel}"' in client.get(f"/projects/{other.key}/qualification/").content.decode()
    read = client.get(panel).content.decode()
    assert "Night photos cannot be labelled" in read and f"/projects/{project.key}/lessons/" in read


def test_the_api_gives_lessons_with_what_is_similar(project: Project, client: Client) -> None:
    for number in range(4):
        lesson = _give(project, "failed", title=f"Night photos, lesson {number}")
    _end(project)
    found = client.get("/api/v1/projects/similar/?text=Vehicle+damage", headers=bearer(person("lead"))).json()
    brief = {"id": lesson.pk, "kind": "failed", "title": "Night photos, lesson 3"}
    assert found[0]["key"] == project.key and found[0]["lessons"][0] == brief and len(found[0]["lessons"]) == 3
    mine = intake("Vehicle damage of trams", owner="stranger", sponsor="")
    stranger = bearer(person("stranger"))
    assert client.get(f"/api/v1/projects/{mine.key}/similar/", headers=stranger).json() == []
    read = client.get("/api/v1/lessons/alike/?text=Vehicle+damage+of+trams", headers=stranger).json()
    assert len(read) == 4 and read[0]["project"] == project.key and read[0]["reason"] == "From a similar project"
    assert client.get("/api/v1/lessons/alike/?q=Vehicle", headers=stranger).status_code == 400


def test_lessons_are_written_on_the_projects_page_and_read_on_the_wall(project: Project, client: Client) -> None:
    _end(project)
    client.force_login(person("domain"))
    address = f"/projects/{project.key}/lessons/"
    assert "still owes its lessons" in client.get(address).content.decode()
    wrong = client.post(address, {"kind": "failed", "title": "Night", "text": "short"})
    assert wrong.status_code == 422 and "at least 20 characters" in wrong.content.decode()
    said = {"kind": "failed", "title": "Ask for night photos early", "text": TEXT, "tags": "Photos, night"}
    assert client.post(address, said).status_code == 303
    client.force_login(person("stranger"))
    wall = client.get("/stories/?kind=failed&tag=night").content.decode()
    assert "Ask for night photos early" in wall and address not in wall
    assert "No lesson matches" in client.get("/stories/?kind=worked").content.decode()
    assert "Ask for night photos early" in client.get(f"/stories/?search=motor+{project.key}").content.decode()


def test_the_api_writes_changes_and_withdraws_lessons(project: Project, client: Client) -> None:
    mine = bearer(person("scientist"), "read", "write")
    said = {"project": project.key, "kind": "worked", "title": "Labels before models", "text": TEXT, "tags": ["Labels"]}
    made = client.post("/api/v1/lessons/", said, "application/json", headers=mine)
    assert made.status_code == 201 and made.json()["tags"] == ["labels"]
    address = f"/api/v1/lessons/{made.json()['id']}/"
    tag = client.get(address, headers=mine)["ETag"]
    changed = client.patch(address, {"title": "Labels first"}, "application/json", headers=mine | {"If-Match": tag})
    assert changed.json()["title"] == "Labels first"
    stale = client.patch(address, {"title": "Labels last"}, "application/json", headers=mine | {"If-Match": tag})
    assert stale.status_code == 412
    listed = client.get("/api/v1/lessons/?tag=labels&kind=worked", headers=bearer(person("stranger"))).json()
    assert [row["title"] for row in listed["results"]] == ["Labels first"]
    assert client.delete(address, headers=mine).status_code == 204
    assert client.get(address, headers=mine).status_code == 404


def _find(project: Project, severity: Severity, days: int = 5) -> Any:
    due_on = timezone.localdate() + timedelta(days=days)
    trouble = findings.Trouble("review", f"A {severity} matter", severity, person("domain"), due_on)
    return findings.raise_finding(project, trouble, actor=None)


def _codes(project: Project, action: str, who: str = "scientist") -> set[str]:
    return {item.code for item in gates.check(project, action, environment_kind="dev", actor=person(who)).missing}


def test_a_high_finding_closes_the_next_gate_until_it_is_resolved(project: Project) -> None:
    finding = _find(project, Severity.HIGH)
    assert "finding" in _codes(project, "advance") and "finding" not in _codes(project, "start_run")
    with pytest.raises(Exception, match="cannot ask for its next gate"):
        intakes.advance(project_key=project.key, actor=person("domain"))
    findings.resolve(finding_id=finding.pk, resolution="The camera was changed.", actor=person("lead"))
    assert "finding" not in _codes(project, "advance")


def test_a_critical_finding_stops_runs_and_says_who_puts_it_right(project: Project) -> None:
    assert gates.check(project, "start_run", environment_kind="dev", actor=person("scientist")).allowed
    _find(project, Severity.CRITICAL)
    answer = gates.check(project, "start_run", environment_kind="dev", actor=person("scientist"))
    assert [item.code for item in answer.missing] == ["finding"]
    assert "Hanna Berg puts it right" in answer.missing[0].how_to_fix
    assert answer.missing[0].url == f"/projects/{project.key}/findings/"


def test_a_medium_finding_closes_the_next_gate_once_it_is_overdue(project: Project) -> None:
    _find(project, Severity.MEDIUM, days=2)
    assert "finding" not in _codes(project, "advance")
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        assert "finding" in _codes(project, "advance")


def test_a_policy_with_a_rule_that_nobody_knows_is_refused_with_its_line() -> None:
    source = policies.DEFAULT.read_text().replace("ends: [stopped, declined, retired]", "ends: [forgotten]")
    with pytest.raises(PolicyError) as refused:
        load(source)
    (problem,) = refused.value.problems
    assert problem.where == "lessons.ends[0]" and source.splitlines()[problem.line - 1].strip().startswith("ends:")


SEVERITIES = st.sampled_from(list(Severity.values))
ACTIONS = st.sampled_from(["advance", "start_run", "deploy"])
RULES = st.lists(st.builds(FindingRule, st.tuples(SEVERITIES), st.tuples(ACTIONS), st.booleans()), max_size=4)


@given(rules=RULES, action=ACTIONS, severity=SEVERITIES)
def test_what_an_open_finding_closes_stays_closed_when_it_is_overdue(
    rules: list[FindingRule], action: str, severity: str
) -> None:
    if is_closed_by(rules, action, severity, is_overdue=False):
        assert is_closed_by(rules, action, severity, is_overdue=True)
    if not any(action in rule.actions for rule in rules):
        assert not is_closed_by(rules, action, severity, is_overdue=True)


def test_a_member_who_joined_may_share_what_they_learnt(project: Project) -> None:
    team.add_member(project_key=project.key, username="devops", roles=["devops_engineer"], actor=person("domain"))
    assert _give(project, "worked", "devops").written_by == person("devops")
