"""Projects that move to another policy version: what fits stays, what does not is kept, shown and asked again."""

from typing import Any

import pytest
import yaml
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, OutboxEvent
from governance.models import ApprovalRequest, ApprovalState, PolicyMove, PolicyVersion
from governance.policies import loader
from governance.policies.document import Policy
from governance.policies.moving import Held, plan
from governance.policies.rules import Facts
from governance.services import break_glass, intakes, moves, policies, risk
from projects import checklists
from projects.models import Criterion, CriterionStatus, Project, Revision
from projects.services import evidence
from tests.factories import ANSWERS, complete_intake, organisation, person
from tests.governance.requests import decide
from tests.governance.test_races import ROUNDS, at_once

NEW = {
    "code": "oversight",
    "step": 6,
    "short": "Human oversight",
    "question": "Who oversees it?",
    "weight": 5,
    "answer_schema": {
        "type": "object",
        "additionalProperties": False,
        "required": ["who"],
        "properties": {"who": {"type": "string", "title": "Who oversees it", "minLength": 3}},
    },
}
HARMLESS = {"harm": "nothing", "autonomy": "person", "personal_data": "none", "reach": "hundreds"}


def changed() -> dict[str, Any]:
    """The default policy with one criterion more, one fewer, one asked differently, and one field that shrank."""
    document: dict[str, Any] = yaml.safe_load(policies.DEFAULT.read_text())
    by_code = {row["code"]: row for row in document["criteria"]}
    by_code["metric"]["question"] = "Which one metric says that it worked?"
    by_code["users"]["answer_schema"]["properties"]["mode"]["enum"] = ["streaming", "batch"]
    by_code["value"]["weight"] = 20
    document["criteria"] = [row for row in document["criteria"] if row["code"] != "baseline"] + [NEW]
    for gate in document["gates"]:
        gate["criteria"] = [code for code in gate["criteria"] if code != "baseline"] + ["oversight"]
    document["gates"][0]["approvals"].append({"name": "Finance", "group": "finance", "needed": 1, "days": 2})
    return document


def published(document: dict[str, Any], *, new_projects: bool = True) -> PolicyVersion:
    draft = policies.create_draft(source=policies.as_yaml(document), actor=person("lead"))
    return policies.publish(policy_id=draft.pk, new_projects=new_projects, actor=person("lead"))


def move(project: Project, version: PolicyVersion) -> Project:
    moves.move(project_key=project.key, target=version.label, actor=person("lead"))
    return Project.objects.get(pk=project.pk)


OLD_POLICY, NEW_POLICY = (
    Policy(loader.load(policies.DEFAULT.read_text())),
    Policy(loader.load(policies.as_yaml(changed()))),
)
ANSWER = st.sampled_from(list(ANSWERS)).flatmap(
    lambda code: st.tuples(st.just(code), st.sets(st.sampled_from(sorted(ANSWERS[code]))))
)


@given(st.lists(ANSWER, unique_by=lambda pair: pair[0]), st.sampled_from(CriterionStatus.values))
def test_no_answer_is_lost_and_what_stays_fits(parts: list[tuple[str, set[str]]], status: str) -> None:
    answers = {code: {name: ANSWERS[code][name] for name in names} for code, names in parts}
    held = {code: Held(answer, status) for code, answer in answers.items()}
    found = plan(OLD_POLICY, NEW_POLICY, held, "qualification", Facts())
    schemas = {row["code"]: row["answer_schema"] for row in NEW_POLICY.criteria}
    for change in found.changed:
        assert dict(change.answer) | dict(change.lost) == answers.get(change.code, {})
        assert checklists.problems(change.code, schemas[change.code], change.answer) == {}
        complete = checklists.is_complete(change.code, schemas[change.code], change.answer)
        if change.status_after in (CriterionStatus.ACCEPTED, CriterionStatus.ANSWERED) and "weight" not in change.parts:
            assert complete


@given(st.sampled_from(CriterionStatus.values))
def test_an_acceptance_of_another_question_never_counts(status: str) -> None:
    held = {code: Held(answer, status) for code, answer in ANSWERS.items()}
    found = {row.code: row for row in plan(OLD_POLICY, NEW_POLICY, held, "poc", Facts()).changed}
    assert found["metric"].status_after not in (CriterionStatus.ACCEPTED, CriterionStatus.WAIVED)
    assert found["users"].status_after == CriterionStatus.OPEN
    assert found["value"].status_after == status


def test_a_policy_compared_with_itself_changes_nothing() -> None:
    found = plan(OLD_POLICY, OLD_POLICY, {}, "intake", Facts())
    assert (found.added, found.removed, found.changed, found.gates) == ((), (), (), ())


def test_only_the_gates_that_are_ahead_are_compared() -> None:
    ahead = [change.gate for change in plan(OLD_POLICY, NEW_POLICY, {}, "poc", Facts()).gates]
    assert ahead == ["production_ready", "production", "retired"]
    first = plan(OLD_POLICY, NEW_POLICY, {}, "intake", Facts()).gates[0]
    assert (first.gate, first.steps_added, first.criteria_removed) == ("poc", ("Finance",), ("baseline",))


def test_a_question_of_both_policies_that_a_gate_newly_asks_is_named_on_the_page(
    project: Project, client: Client
) -> None:
    document = yaml.safe_load(policies.DEFAULT.read_text())
    gates = {gate["name"]: gate for gate in document["gates"]}
    gates["poc"]["criteria"].remove("baseline")
    gates["retired"]["criteria"].append("baseline")
    short = next(row["short"] for row in document["criteria"] if row["code"] == "baseline")
    version = published(document)
    client.force_login(person("lead"))
    page = client.get(f"/projects/{project.key}/migrate-policy/?to={version.label}").content.decode()
    assert f"No longer asks {short}." in page and f"Also asks {short}." in page


def test_gaps_of_the_team_that_close_a_gate_are_compared_too() -> None:
    document = yaml.safe_load(policies.DEFAULT.read_text())
    document["team"]["gates"]["poc"] = ["nobody_accountable"]
    [change] = plan(OLD_POLICY, Policy(loader.load(policies.as_yaml(document))), {}, "intake", Facts()).gates
    assert (change.gaps_added, change.gaps_removed) == (("nobody_accountable",), ("no_domain_expert",))


@pytest.fixture
def project(db: None) -> Project:
    organisation()
    return complete_intake()


def test_a_preview_writes_nothing_and_says_everything(project: Project) -> None:
    version, before = published(changed()), AuditEntry.objects.count()
    found = moves.preview(project_key=project.key, target=version.label, actor=person("domain"))
    assert [row["code"] for row in found.plan.added] == ["oversight"]
    assert [row["code"] for row in found.plan.removed] == ["baseline"]
    assert {row.code: row.status_after for row in found.plan.changed} == {
        "value": "answered", "users": "open", "metric": "answered",
    }  # fmt: skip
    assert AuditEntry.objects.count() == before
    assert Project.objects.get().policy_version == "default:1"


def test_what_fits_stays_and_what_does_not_is_kept_in_the_record(project: Project) -> None:
    moved = move(project, published(changed()))
    rows = {row.code: row for row in moved.criteria.all()}
    assert (moved.policy_version, "baseline" in rows, rows["oversight"].status) == ("default:2", False, "open")
    assert (rows["users"].status, "mode" in rows["users"].answer) == ("open", False)
    assert rows["users"].answer["user_group"] == ANSWERS["users"]["user_group"]
    assert rows["challenge"].answer == ANSWERS["challenge"]
    assert [row.position for row in moved.criteria.all()] == list(range(1, 9))
    record = PolicyMove.objects.get()
    lost = {change["code"]: change["lost"] for change in record.report["changed"]}
    assert lost["users"] == {"mode": "real_time"}
    entry = AuditEntry.objects.get(action="project.policy_moved")
    assert (entry.actor, entry.before, entry.after["changed"]) == (
        person("lead"), {"policy_version": "default:1"}, record.report["changed"],
    )  # fmt: skip
    assert OutboxEvent.objects.filter(name="governance.project_moved_to_policy").count() == 1
    assert not moved.readiness["complete"]


def test_an_answer_that_was_removed_comes_back_with_its_evidence(project: Project) -> None:
    piece = evidence.Piece(kind="note", title="A note", note="Counted.")
    evidence.add(project_key=project.key, code="baseline", piece=piece, actor=person("domain"))
    move(project, published(changed()))
    hidden = Criterion.ever.get(project=project, code="baseline")
    assert hidden.removed_at
    assert hidden.answer == ANSWERS["baseline"]
    version = published(yaml.safe_load(policies.DEFAULT.read_text()) | {"title": "As before"})
    preview = moves.preview(project_key=project.key, target=version.label, actor=person("lead"))
    assert [change.code for change in preview.restored] == ["baseline"]
    back = move(project, version).criteria.get(code="baseline")
    assert (back.answer, back.status, back.evidence.count()) == (ANSWERS["baseline"], "answered", 1)


def test_an_open_request_for_a_gate_is_void_and_asked_again_and_what_did_not_change_is_kept(project: Project) -> None:
    request = intakes.submit(project_key=project.key, actor=person("domain")).approval
    decide(request, "lead")
    document = yaml.safe_load(policies.DEFAULT.read_text())
    document["gates"][0]["approvals"].append({"name": "Finance", "group": "finance", "needed": 1, "days": 2})
    moved = move(project, published(document))
    request.refresh_from_db()
    assert (request.state, moved.stage, moved.waiting_on) == ("void", "intake", "")
    with pytest.raises(StaleState):
        intakes.advance(project_key=project.key, actor=person("domain")) and decide(request, "sponsor")
    again = ApprovalRequest.objects.get(state=ApprovalState.OPEN)
    assert again.policy_version == "default:2"
    assert "Finance" in again.steps.values_list("name", flat=True)


def test_a_request_that_is_no_gate_stays_open_under_its_own_version(project: Project) -> None:
    intakes.submit(project_key=project.key, actor=person("domain"))
    request = break_glass.ask(
        project_key=project.key, action="start_run", hours=2, reason="The line stands still.", actor=person("scientist")
    )
    move(project, published(changed()))
    request.refresh_from_db()
    assert (request.state, request.policy_version) == ("open", "default:1")
    decide(request, "lead")
    decide(request, "security")
    request.refresh_from_db()
    assert request.state == "approved"


def test_the_risk_tier_is_scored_again_or_asked_again(project: Project) -> None:
    risk.answer(project_key=project.key, answers=HARMLESS | {"reach": "thousands"}, actor=person("domain"))
    document = yaml.safe_load(policies.DEFAULT.read_text())
    document["risk"]["tiers"][1]["from"] = 5
    moved = move(project, published(document))
    assert moved.risk_tier == "medium"
    current = risk.current(moved)
    assert current is not None
    assert (current.policy_version, current.answered_by) == ("default:2", person("domain"))
    stricter = policies.load_stricter()
    assert stricter is not None
    policies.publish(policy_id=stricter.pk, new_projects=False, actor=person("lead"))
    asked_again = move(project, stricter)
    assert (asked_again.risk_tier, risk.current(asked_again)) == ("", None)


def test_only_leads_move_and_only_open_projects_to_published_versions(project: Project) -> None:
    version = published(changed())
    with pytest.raises(NotAllowed):
        moves.move(project_key=project.key, target=version.label, actor=person("domain"))
    draft = policies.create_draft(source=policies.DEFAULT.read_text(), actor=person("lead"))
    for label, sentence in ((draft.label, "is draft"), ("default:1", "already")):
        with pytest.raises(StaleState, match=sentence):
            moves.move(project_key=project.key, target=label, actor=person("lead"))
    move(project, version)
    with pytest.raises(StaleState, match="is superseded"):
        moves.move(project_key=project.key, target="default:1", actor=person("lead"))
    Project.objects.update(stage="stopped")
    published(changed() | {"title": "Another"})
    with pytest.raises(StaleState, match="kept as it ended"):
        moves.move(project_key=project.key, target="default:4", actor=person("lead"))


def test_of_many_each_moves_by_itself(project: Project) -> None:
    other, version = complete_intake("Claims triage"), published(changed())
    move(other, version)
    done = moves.move_many(project_keys=[project.key, other.key, "PRJ-0"], target=version.label, actor=person("lead"))
    assert {item.key for item in done if item.refusal} == {other.key, "PRJ-0"}
    assert Project.objects.get(pk=project.pk).policy_version == version.label
    with pytest.raises(InvalidInput):
        moves.move_many(project_keys=[], target=version.label, actor=person("lead"))


def test_a_revision_from_before_the_move_still_reads_in_words(project: Project, client: Client) -> None:
    intakes.submit(project_key=project.key, actor=person("domain"))
    move(project, published(changed()))
    client.force_login(person("lead"))
    page = client.get(f"/projects/{project.key}/revisions/{Revision.objects.get().number}/").content.decode()
    assert "What is measured" in page


def test_the_page_shows_the_move_and_does_it(project: Project, client: Client) -> None:
    version = published(changed())
    client.force_login(person("lead"))
    page = client.get(f"/projects/{project.key}/migrate-policy/?to={version.label}").content.decode()
    for words in ("Human oversight", "Open again", "Also needs Finance.", "Choose one of streaming, batch."):
        assert words in page, words
    done = client.post(f"/projects/{project.key}/migrate-policy/", {"to": version.label}, follow=True)
    assert "is pinned to default:2 now" in done.content.decode()
    assert "“real_time” did not fit" in client.get(f"/projects/{project.key}/migrate-policy/").content.decode()


def test_the_api_previews_and_moves_one_and_many(project: Project, client: Client) -> None:
    other, version = complete_intake("Claims triage"), published(changed())
    client.force_login(person("lead"))
    address = f"/api/v1/projects/{project.key}/migrate-policy/"
    preview = client.get(address, {"to": version.label}).json()
    assert (preview["source"], preview["added"][0]["code"]) == ("default:1", "oversight")
    body = {"to": version.label}
    done = client.post(address, body, content_type="application/json", headers={"Idempotency-Key": "once"})
    again = client.post(address, body, content_type="application/json", headers={"Idempotency-Key": "once"})
    assert (done.status_code, done.json()) == (200, again.json())
    assert done.json()["report"]["removed"] == [{"code": "baseline", "short": "How good today"}]
    many = client.post(
        f"/api/v1/policies/{version.label}/migrate/",
        {"projects": [project.key, other.key]},
        content_type="application/json",
    ).json()
    assert [row["project"] for row in many["moved"]] == [other.key]
    assert many["refused"][0]["project"] == project.key


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_last_approval_and_a_move_at_once_have_one_outcome(number: int) -> None:
    """Either the gate opened under the policy it was asked for and the project moves on, or the request is void."""
    organisation()
    project = complete_intake()
    request = intakes.submit(project_key=project.key, actor=person("domain")).approval
    decide(request, "lead")
    version = published(changed())
    outcomes = at_once(lambda: decide(request, "sponsor"), lambda: move(project, version))
    request.refresh_from_db()
    project.refresh_from_db()
    assert (outcomes[1], project.policy_version) == ("done", version.label)
    expected = {"done": ("approved", "poc"), "stale_state": ("void", "intake"), "not_allowed": ("void", "intake")}
    assert (request.state, project.stage) == expected[outcomes[0]]
