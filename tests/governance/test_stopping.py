"""How projects end outside their proof of concept: given up, stopped when production ready, retired from production."""

from pathlib import Path

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.errors import GateClosed, InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest, Severity
from governance.policies.loader import load
from governance.services import (
    approvals,
    break_glass,
    findings,
    gate_lists,
    intakes,
    notifications,
    policies,
    qualification,
    stopping,
)
from governance.services.next_actions import next_action
from governance.services.qualification import Wish
from projects.models import LessonsOwed, Project, Stage
from projects.services import concepts, lessons, stages
from tests.core.conftest import bearer
from tests.factories import complete_intake, organisation, person
from tests.governance.requests import decide, submitted

pytestmark = pytest.mark.django_db
WHY = "The supplier stops the cameras, so there will be no photos."


@pytest.fixture
def people(db: None) -> dict[str, User]:
    found = organisation()
    for user in found.values():
        user.email = f"{user.username}@halden.example"
        user.save(update_fields=["email"])
    return found


@pytest.fixture
def project(people: dict[str, User]) -> Project:
    """In its proof of concept."""
    request = submitted()
    decide(request, "lead")
    decide(request, "sponsor")
    return Project.objects.get(pk=request.project_id)


def _walk(project: Project, *path: Stage) -> Project:
    for to in path:
        with transaction.atomic():
            stages.move_stage(project, to, actor=person("lead"))
    _deliver()
    return Project.objects.get(pk=project.pk)


def _deliver() -> None:
    while outbox.deliver_next():
        pass


def _stop(project: Project, who: str) -> Project:
    return stopping.stop(project_key=project.key, reason=WHY, actor=person(who))


def _write_lessons(project: Project) -> None:
    text = "Half of the photos were taken at night, and no assessor could label those."
    for kind in ("worked", "failed", "different"):
        lessons.give_lesson(project_key=project.key, kind=kind, title=f"What {kind}", text=text, actor=project.owner)


def test_what_is_production_ready_is_stopped_by_its_sponsor_and_owes_its_lessons(project: Project) -> None:
    ready = _walk(project, Stage.PRODUCTION_READY)
    asked = break_glass.ask(
        project_key=ready.key, action="deploy", environment_kind="prod", hours=2, reason=WHY, actor=person("domain")
    )
    stopped = _stop(ready, "sponsor")
    _deliver()
    assert stopped.stage == Stage.STOPPED and not stopped.waiting_on
    asked.refresh_from_db()
    assert asked.state == "void"
    assert LessonsOwed.objects.get().project == stopped
    entry = AuditEntry.objects.filter(subject=stopped.ref, action="project.stage_moved").latest("pk")
    assert (entry.actor, entry.comment, entry.after["stage"]) == (person("sponsor"), WHY, "stopped")
    notifications.send_due()
    told = {(message.to[0].partition("@")[0], message.subject) for message in mail.outbox}
    assert ("domain", f"{stopped.key}: write what {stopped.name} has learnt") in told, "one mail about its end"
    assert not [who for who, subject in told if subject == f"{stopped.key}: stopped"], "the sponsor did it and knows"
    with pytest.raises(StaleState, match="is stopped already"):
        _stop(stopped, "lead")


def test_who_owns_it_or_only_takes_part_does_not_stop_what_others_paid_for(project: Project) -> None:
    ready = _walk(project, Stage.PRODUCTION_READY)
    for who, sentence in (("domain", "You own this project"), ("scientist", "Ingrid Solberg, or a CoE lead stops it")):
        with pytest.raises(NotAllowed, match=sentence):
            _stop(ready, who)
    assert _stop(ready, "lead").stage == Stage.STOPPED
    _deliver()
    notifications.send_due()
    [told] = [message for message in mail.outbox if message.subject == f"{ready.key}: stopped"]
    assert told.to == ["sponsor@halden.example"] and f"Marta Veiga stopped “{ready.name}” for good" in told.body


def test_an_idea_is_given_up_by_its_owner_and_its_concept_waits_no_more(people: dict[str, User]) -> None:
    idea = complete_intake()
    concepts.submit_concept(project_key=idea.key, actor=people["domain"])
    with pytest.raises(NotAllowed, match="Only Hanna Berg, who owns"):
        _stop(idea, "scientist")
    with pytest.raises(InvalidInput, match="reason"):
        stopping.stop(project_key=idea.key, reason="  no  ", actor=people["domain"])
    stopped = _stop(idea, "domain")
    _deliver()
    assert (stopped.stage, stopped.waiting_on) == (Stage.STOPPED, "")
    assert concepts.concept_of(stopped).state == "closed"  # type: ignore[union-attr]
    assert not LessonsOwed.objects.exists(), "nothing was tried yet"


def test_a_deferred_idea_that_is_given_up_does_not_come_back(people: dict[str, User]) -> None:
    request = submitted()
    day = timezone.localdate() + timezone.timedelta(days=2)
    wish = Wish("defer", "The cameras come in spring.", defer_until=day)
    qualification.decide_intake(project_key=request.project.key, wish=wish, actor=people["lead"])
    stopped = _stop(Project.objects.get(pk=request.project_id), "domain")
    assert stopped.stage == Stage.STOPPED and not stopped.intake_decisions.filter(returned_at=None).exists()


def test_elsewhere_the_page_leads_to_where_the_project_ends(project: Project, client: Client) -> None:
    client.force_login(person("lead"))
    page = client.get(f"/projects/{project.key}/stop/").content.decode()
    assert "stopped by a “no go”" in page and f"/projects/{project.key}/poc-decision/" in page
    assert "Stop it for good" not in page
    with pytest.raises(StaleState, match="stopped by a “no go”"):
        _stop(project, "lead")
    waiting = submitted("Another idea")
    with pytest.raises(StaleState, match="withdrawn first, or the intake declined"):
        _stop(waiting.project, "lead")


def test_it_is_stopped_on_the_page_and_in_the_api(people: dict[str, User], client: Client) -> None:
    first, second = complete_intake(), complete_intake("Another idea")
    client.force_login(people["domain"])
    address = f"/projects/{first.key}/stop/"
    assert address in client.get(f"/projects/{first.key}/gate/").content.decode()
    assert client.post(address, {"reason": "short"}).status_code == 422
    assert client.post(address, {"reason": WHY}).status_code == 303
    first.refresh_from_db()
    assert first.stage == Stage.STOPPED
    api, headers = f"/api/v1/projects/{second.key}/stop/", bearer(people["domain"], "write", "decide")
    refused = client.post(api, {"reason": "x" * 2001}, content_type="application/json", headers=headers)
    assert refused.status_code == 400 and "reason" in refused.json()["errors"]
    done = client.post(api, {"reason": WHY}, content_type="application/json", headers=headers)
    assert (done.status_code, done.json()) == (200, {"project": second.key, "stage": "stopped"})
    again = client.post(api, {"reason": WHY}, content_type="application/json", headers=headers)
    assert again.status_code == 409


def test_production_is_retired_by_approvals_once_its_lessons_are_written(project: Project, client: Client) -> None:
    live, domain = _walk(project, Stage.PRODUCTION_READY, Stage.PRODUCTION), person("domain")
    trouble = findings.Trouble(
        "review", "It decides against one group", Severity.CRITICAL, domain, timezone.localdate()
    )
    with transaction.atomic():
        findings.raise_finding(live, trouble, actor=None)
    with pytest.raises(GateClosed) as closed:
        intakes.advance(project_key=live.key, actor=domain)
    assert {item.code for item in closed.value.missing} == {"lesson_owed"}, "what is wrong with it keeps nothing alive"
    shown = gate_lists.lists(live, gate_lists.FIRST, domain)[0]
    assert shown.wanted.button == "Ask to retire it" and "Its lessons are written" not in shown.met
    assert next_action(live, domain).title == "It is in production"
    _write_lessons(live)
    shown = gate_lists.lists(live, gate_lists.FIRST, domain)[0]
    assert shown.answer.allowed and {"Its lessons are written", "The sponsor is named"} == set(shown.met)
    asked = intakes.advance(project_key=live.key, actor=domain).approval
    assert [step.name for step in asked.steps.all()] == ["CoE lead", "Sponsor"]
    client.force_login(person("lead"))
    page = client.get(f"/approvals/{asked.key}/").content.decode()
    assert "Retire it" in page and "of 0" not in page
    for who in ("lead", "sponsor"):
        approvals.decide(request_id=asked.pk, verdict="approve", actor=person(who))
    live.refresh_from_db()
    assert live.stage == Stage.RETIRED


def test_a_rejected_retirement_leaves_it_in_production(project: Project) -> None:
    live, domain = _walk(project, Stage.PRODUCTION_READY, Stage.PRODUCTION), person("domain")
    _write_lessons(live)
    asked = intakes.advance(project_key=live.key, actor=domain).approval
    approvals.decide(request_id=asked.pk, verdict="reject", comment="It earns its money.", actor=person("lead"))
    live.refresh_from_db()
    assert live.stage == Stage.PRODUCTION and not ApprovalRequest.objects.filter(state="open").exists()


@pytest.mark.parametrize("shipped", [policies.DEFAULT, policies.STRICTER])
def test_both_shipped_policies_lead_from_production_to_the_end(shipped: Path) -> None:
    gates = {gate["from"]: gate["to"] for gate in load(shipped.read_text())["gates"]}
    assert gates["production"] == "retired"
