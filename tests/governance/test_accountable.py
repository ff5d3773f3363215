"""Approvals that are routed to whoever is accountable, and gates that wait for a complete team."""

import pytest
from django.test import Client

from coe_portal.core import outbox
from coe_portal.core.errors import GateClosed, NotAllowed, NotFound
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest, Notification
from governance.policies import loader
from governance.services import break_glass, gates, intakes, policies
from governance.services.approvals import rerouting
from projects.models import Project
from projects.services import team
from tests.factories import complete_intake, organisation, person
from tests.governance.requests import decide, gate_with, publish

ROUTED = {"name": "Who answers for the data", "accountable": "data_sourcing"}
GLASS = {
    "action": "break_glass",
    "steps": [
        {"name": "CoE lead", "site_role": "coe_lead", "needed": 1, "days": 1, "order": 1},
        {"name": "Monitoring", "accountable": "model_monitoring", "needed": 1, "days": 1, "order": 1},
    ],
}


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _accountable(project: Project, who: str, area: str = "data_sourcing", by: str = "domain") -> None:
    member = project.members.filter(user=person(who)).first() or team.add_member(
        project_key=project.key, username=who, roles=["data_engineer"], actor=person(by)
    )
    team.set_responsibility(
        project_key=project.key, member_id=member.pk, work_area=area, kind="accountable", actor=person(by)
    )


def _submitted(who: str = "dataengineer", by: str = "domain") -> ApprovalRequest:
    project = complete_intake()
    _accountable(project, who, by=by)
    return intakes.submit(project_key=project.key, actor=person("domain")).approval


def _drain() -> None:
    while outbox.deliver_next():
        pass


def test_a_step_goes_to_the_accountable_person_who_decides_it(client: Client, people: dict[str, User]) -> None:
    publish(gates=gate_with(ROUTED))
    request = _submitted()
    assert Project.objects.get().waiting_on == (
        "Who answers for the data: Luis Ferreira, accountable for data sourcing"
    )
    client.force_login(people["dataengineer"])
    assert request.title in client.get("/inbox/").content.decode()
    answer = client.get(f"/api/v1/approvals/{request.key}/").json()["steps"][0]
    assert (answer["approvers"], answer["holder"]) == (
        ["dataengineer"],
        "Luis Ferreira, accountable for data sourcing",
    )
    with pytest.raises(NotAllowed, match="not for you"):
        decide(request, "lead")
    assert decide(request, "dataengineer").state == "approved"


def test_without_an_accountable_person_the_fallback_decides(people: dict[str, User]) -> None:
    publish(gates=gate_with(ROUTED))
    request = intakes.submit(project_key=complete_intake().key, actor=people["domain"]).approval
    assert request.steps.get().is_fallback
    assert decide(request, "lead").state == "approved"


def test_an_accountable_person_who_asked_or_wrote_it_does_not_decide(people: dict[str, User]) -> None:
    publish(gates=gate_with(ROUTED))
    request = _submitted("domain")
    with pytest.raises(NotAllowed, match="You asked for this"):
        decide(request, "domain")
    assert decide(request, "lead").state == "approved"


def test_who_named_themselves_accountable_does_not_decide_as_such(people: dict[str, User]) -> None:
    publish(gates=gate_with(ROUTED))
    project = complete_intake()
    _accountable(project, "scientist", by="scientist")
    request = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    with pytest.raises(NotAllowed, match="not for you"):
        decide(request, "scientist")
    assert decide(request, "lead").state == "approved"


def _glass_in_poc(people: dict[str, User]) -> tuple[Project, ApprovalRequest]:
    """A project in its proof of concept that asks to break the glass; the team may change while it is asked."""
    publish(approvals=[GLASS])
    project = complete_intake()
    _accountable(project, "dataengineer", "model_monitoring")
    request = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    for who in ("lead", "sponsor"):
        decide(request, who)
    reason = "The line stands still until the model is trained again."
    asked = break_glass.ask(project_key=project.key, action="start_run", hours=2, reason=reason, actor=people["domain"])
    _drain()
    return project, asked


def test_an_open_step_follows_when_somebody_else_becomes_accountable(people: dict[str, User]) -> None:
    project, asked = _glass_in_poc(people)
    _accountable(project, "devops", "model_monitoring")
    User.objects.filter(username="devops").update(email="devops@example.org")
    _drain()
    step = asked.steps.get(name="Monitoring")
    assert step.person == people["devops"]
    with pytest.raises(NotAllowed):
        decide(asked, "dataengineer")
    entry = AuditEntry.objects.get(action="approval.rerouted")
    assert (entry.before, entry.after) == (
        {"step": "Monitoring", "holder": "Luis Ferreira, accountable for model monitoring"},
        {"step": "Monitoring", "holder": "Tomas Lindqvist, accountable for model monitoring"},
    )
    assert Notification.objects.filter(person=people["devops"], telling="asked", request=asked).exists()
    decide(asked, "lead")
    assert decide(asked, "devops").state == "approved"


def test_nobody_takes_a_step_by_naming_themselves_while_it_is_open(people: dict[str, User]) -> None:
    project, asked = _glass_in_poc(people)
    _accountable(project, "scientist", "model_monitoring", by="scientist")
    _drain()
    with pytest.raises(NotAllowed):
        decide(asked, "scientist")
    assert asked.steps.get(name="Monitoring").added_holders.get().value == "coe_lead"


def test_when_the_accountable_person_leaves_the_fallback_may_decide(people: dict[str, User]) -> None:
    person("lead2", display_name="Nora Lang", site_roles=["coe_lead"])
    project, asked = _glass_in_poc(people)
    member = project.members.get(user=people["dataengineer"])
    team.remove_member(project_key=project.key, member_id=member.pk, actor=people["domain"])
    _drain()
    with pytest.raises(NotFound):
        decide(asked, "dataengineer")
    decide(asked, "lead")
    assert decide(asked, "lead2").state == "approved"


def test_a_step_that_is_decided_stays_with_who_decided_it(people: dict[str, User]) -> None:
    project, asked = _glass_in_poc(people)
    decide(asked, "dataengineer")
    _accountable(project, "devops", "model_monitoring")
    _drain()
    assert asked.steps.get(name="Monitoring").person == people["dataengineer"]
    assert rerouting.follow_accountable(project_key=project.key, work_area="model_monitoring") == 0


def test_a_gate_waits_for_what_the_policy_wants_of_the_team(people: dict[str, User]) -> None:
    publish(team={"most_areas": 2, "gates": {"poc": ["no_domain_expert", "nobody_accountable"]}})
    project = complete_intake()
    with pytest.raises(GateClosed) as caught:
        intakes.submit(project_key=project.key, actor=people["domain"])
    (missing,) = caught.value.missing
    assert missing.code == "nobody_accountable" and missing.url == f"/projects/{project.key}/team/"
    assert missing.message.startswith("Nobody is accountable for data sourcing, data quality,")
    assert gates.check(project, "advance").missing == caught.value.missing


def test_a_policy_that_says_nothing_of_teams_waits_for_nothing(people: dict[str, User]) -> None:
    publish(team={})
    project = complete_intake()
    team.set_roles(
        project_key=project.key,
        member_id=project.members.get(user=people["domain"]).pk,
        roles=["data_scientist"],
        actor=people["domain"],
    )
    assert intakes.submit(project_key=project.key, actor=people["domain"]).approval.is_open


def test_the_shipped_policy_wants_a_domain_expert_before_the_proof_of_concept(people: dict[str, User]) -> None:
    project = complete_intake()
    team.set_roles(
        project_key=project.key,
        member_id=project.members.get(user=people["domain"]).pk,
        roles=["data_scientist"],
        actor=people["domain"],
    )
    with pytest.raises(GateClosed) as caught:
        intakes.submit(project_key=project.key, actor=people["domain"])
    assert [item.message for item in caught.value.missing] == ["No domain expert is in the team."]


def test_a_wrong_team_rule_is_named_with_its_line() -> None:
    source = policies.DEFAULT.read_text()
    line = source.split("\n").index("    production_ready: [no_domain_expert, one_for_all]") + 1
    wrong = source.replace("    production_ready: [no_domain_expert, one_for_all]", "    nowhere: [one_for_all]")
    with pytest.raises(loader.PolicyError) as caught:
        loader.load(wrong)
    assert f"line {line}: team.gates.nowhere: There is no gate “nowhere”." in str(caught.value)


def test_one_accountable_person_cannot_give_two_approvals() -> None:
    source = policies.DEFAULT.read_text()
    wrong = source.replace("accountable: model_monitoring, needed: 1", "accountable: model_monitoring, needed: 2")
    with pytest.raises(loader.PolicyError, match="One person gives one approval"):
        loader.load(wrong)
    unknown = source.replace("accountable: model_monitoring", "accountable: cooking")
    with pytest.raises(loader.PolicyError, match="cooking"):
        loader.load(unknown)


def test_the_steps_of_the_shipped_policy_say_who_is_accountable(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["lead"])
    page = client.get("/policies/default:1/").content.decode()
    assert "whoever is accountable for model monitoring" in page
