"""Approved with conditions: what was promised has an owner and a day, and the gates watch it."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coe_portal.core import inbox, kept
from coe_portal.core.errors import GateClosed, InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest, Condition, Notification
from governance.services import conditions, dues, gates, intakes
from projects.models import Project
from tests.core.conftest import bearer
from tests.factories import organisation, person
from tests.governance.requests import decide, submitted

pytestmark = pytest.mark.django_db
REPORT = "Report fairness every month"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _approved(days: int = 10) -> ApprovalRequest:
    request = submitted()
    due = timezone.localdate() + timedelta(days=days)
    decide(request, "lead", "approve_with_conditions", conditions=[REPORT, " "], conditions_due_on=due)
    return decide(request, "sponsor")


def _codes(action: str) -> list[str]:
    answer = gates.check(Project.objects.get(), action, environment_kind="local", actor=person("scientist"))
    return [item.code for item in answer.missing]


def test_a_condition_belongs_to_the_projects_owner_and_has_a_day(people: dict[str, User]) -> None:
    _approved()
    condition = Condition.objects.get()
    assert (condition.text, condition.owner, condition.state) == (REPORT, people["domain"], "open")
    assert condition.due_on == timezone.localdate() + timedelta(days=10)
    assert AuditEntry.objects.get(action="condition.set").after["owner"] == "user:domain"


def test_the_next_gate_waits_for_open_conditions_and_runs_only_for_overdue_ones(people: dict[str, User]) -> None:
    _approved()
    assert (_codes("start_run"), _codes("advance")) == ([], ["condition_open"])
    with pytest.raises(GateClosed):
        intakes.advance(project_key=Project.objects.get().key, actor=people["domain"])
    with time_machine.travel(timezone.now() + timedelta(days=11), tick=False):
        assert (_codes("start_run"), _codes("advance")) == (["condition_overdue"], ["condition_overdue"])
        conditions.meet(condition_id=Condition.objects.get().pk, note="Sent on Monday.", actor=people["lead"])
        assert (_codes("start_run"), _codes("advance")) == ([], [])


@pytest.mark.parametrize("who", ["domain", "scientist", "sponsor", "auditor"])
def test_only_who_set_a_condition_or_a_lead_marks_it_as_met(people: dict[str, User], who: str) -> None:
    _approved()
    with pytest.raises(NotAllowed, match="Marta Veiga"):
        conditions.meet(condition_id=Condition.objects.get().pk, actor=people[who])
    assert _codes("advance") == ["condition_open"]


def _tasks(who: str) -> list[str]:
    return [task.title for task in inbox.tasks(person(who)) if task.kind == "Condition"]


def test_a_condition_waits_in_the_inbox_of_who_does_it_and_near_its_day_of_who_set_it(people: dict[str, User]) -> None:
    _approved()
    assert (_tasks("domain"), _tasks("lead"), _tasks("scientist")) == ([REPORT], [], [])
    [task] = [task for task in inbox.tasks(people["domain"]) if task.kind == "Condition"]
    assert "Hanna Berg does it, Marta Veiga marks it as met" in task.why and task.due_on is not None
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        kept.changed()  # a clock that a test moves changes nothing
        assert (_tasks("domain"), _tasks("lead")) == ([REPORT], [REPORT])
        conditions.meet(condition_id=Condition.objects.get().pk, actor=people["lead"])
        assert (_tasks("domain"), _tasks("lead")) == ([], [])


def test_a_condition_is_told_of_near_its_day_and_after_it_once_each(people: dict[str, User]) -> None:
    for user in people.values():
        user.email = f"{user.username}@halden.example"
        user.save(update_fields=["email"])
    _approved()
    assert dues.remind() == 0
    for days, said in ((8, "is due on"), (12, "is overdue since")):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            assert (dues.remind(), dues.remind()) == (2, 0)
            told = Notification.objects.filter(title__contains=f"“{REPORT}” {said}")
            assert sorted(told.values_list("person__username", flat=True)) == ["domain", "lead"]


def test_the_checklist_leads_to_the_conditions_beside_its_questions(client: Client, people: dict[str, User]) -> None:
    _approved()
    client.force_login(people["domain"])
    page = client.get(f"/projects/{Project.objects.get().key}/checklist/").content.decode()
    assert "Findings and conditions" in page


def test_a_condition_is_met_once(people: dict[str, User]) -> None:
    _approved()
    key = Condition.objects.get().pk
    conditions.meet(condition_id=key, note="Done.", actor=people["lead"])
    entry = AuditEntry.objects.get(action="condition.met")
    assert (entry.actor, entry.comment) == (people["lead"], "Done.")
    with pytest.raises(StaleState):
        conditions.meet(condition_id=key, actor=people["lead"])


def test_conditions_of_what_was_not_approved_lapse(people: dict[str, User]) -> None:
    request = submitted()
    decide(request, "lead", "approve_with_conditions", conditions=[REPORT])
    assert _codes("advance") == ["waiting"]
    decide(request, "sponsor", "reject", "Too dear.")
    assert Condition.objects.get().state == "lapsed"


def test_a_condition_is_never_cut_off(people: dict[str, User]) -> None:
    asked = submitted()
    with pytest.raises(InvalidInput, match="conditions"):
        decide(asked, "lead", "approve_with_conditions", conditions=["Name an assessor", "x" * 301])
    assert not asked.conditions.exists()


def test_a_day_that_is_over_is_refused(people: dict[str, User]) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    with pytest.raises(InvalidInput, match="conditions_due_on"):
        decide(submitted(), "lead", "approve_with_conditions", conditions=[REPORT], conditions_due_on=yesterday)


def test_conditions_are_shown_and_met_on_the_page_and_over_rest(client: Client, people: dict[str, User]) -> None:
    request = _approved()
    client.force_login(people["domain"])
    assert "Marta Veiga set this condition" in client.get(f"/approvals/{request.key}/").content.decode()
    client.force_login(people["lead"])
    page = client.post(
        f"/conditions/{Condition.objects.get().pk}/meet/", {"note": "Sent."}, follow=True
    ).content.decode()
    assert f"“{REPORT}” is met." in page
    listed = client.get("/api/v1/conditions/?state=met", headers=bearer(people["domain"])).json()["results"]
    assert [(row["text"], row["set_by"], row["closed_by"], row["note"]) for row in listed] == [
        (REPORT, "lead", "lead", "Sent.")
    ]
