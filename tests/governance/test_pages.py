"""The inbox and the approval page, as approvers use them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coe_portal.core import kept
from coe_portal.core.models import User
from governance.models import ApprovalRequest
from governance.services import intakes
from projects.models import Project
from tests.factories import complete_intake, organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def _submitted(name: str = "Vehicle damage estimate") -> ApprovalRequest:
    return intakes.submit(project_key=complete_intake(name).key, actor=person("domain")).approval


def test_the_inbox_shows_what_needs_me_and_the_badge_counts_it(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    client.force_login(people["lead"])
    assert client.get("/inbox/count/").content == b"1"
    page = client.get("/inbox/").content.decode()
    assert request.key in page
    assert "0 of 2 approved" in page
    client.force_login(people["security"])
    assert client.get("/inbox/count/").content == b""
    assert "Nothing needs you" in client.get("/inbox/").content.decode()


def test_the_approval_page_says_what_changes_with_the_evidence_in_words(
    client: Client, people: dict[str, User]
) -> None:
    request = _submitted()
    client.force_login(people["lead"])
    page = client.get(f"/approvals/{request.key}/").content.decode()
    assert "You may decide." in page
    assert "46 desk assessors" in page
    assert "Hanna Berg" in page
    assert request.digest in page
    assert page.index("At least, a year") < page.index("Most likely, a year") < page.index("At best, a year")


def test_looking_at_a_request_never_decides_it(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    client.force_login(people["lead"])
    for method in (client.get, client.head):
        assert method(f"/approvals/{request.key}/decide/").status_code == 405
    request.refresh_from_db()
    assert request.state == "open"


def test_lead_and_sponsor_approve_by_plain_forms(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    for who in ("lead", "sponsor"):
        client.force_login(people[who])
        answer = client.post(
            f"/approvals/{request.key}/decide/", {"verdict": "approve", "comment": "Checked."}, follow=True
        )
        assert "Your decision is recorded." in answer.content.decode()
    assert Project.objects.get().stage == "poc"


def test_a_rejection_without_a_reason_comes_back_with_the_sentence(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    client.force_login(people["lead"])
    page = client.post(f"/approvals/{request.key}/decide/", {"verdict": "reject"})
    assert page.status_code == 422
    assert "Say why, so that the team knows what to do." in page.content.decode()


def test_conditions_make_it_an_approval_with_conditions(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    client.force_login(people["lead"])
    fields = {"verdict": "approve", "conditions": "Re-check fairness\n\nReport monthly"}
    client.post(f"/approvals/{request.key}/decide/", fields)
    decision = request.decisions.get()
    assert (decision.verdict, decision.conditions) == (
        "approve_with_conditions",
        ["Re-check fairness", "Report monthly"],
    )


@pytest.mark.parametrize(
    ("who", "sentence"), [("domain", "You asked for this"), ("sponsor", "This waits for coe lead")]
)
def test_who_may_not_decide_is_told_why(client: Client, people: dict[str, User], who: str, sentence: str) -> None:
    request = _submitted()
    client.force_login(people[who])
    page = client.get(f"/approvals/{request.key}/").content.decode()
    assert sentence in page
    assert "You may decide." not in page
    assert client.post(f"/approvals/{request.key}/decide/", {"verdict": "approve"}).status_code == 403


def test_a_stranger_finds_no_request(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    client.force_login(people["stranger"])
    assert client.get(f"/approvals/{request.key}/").status_code == 404


def test_the_requester_withdraws_on_the_page(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    client.force_login(people["domain"])
    client.post(f"/approvals/{request.key}/withdraw/")
    assert Project.objects.get().stage == "intake"


def test_an_intake_is_submitted_from_the_wizard_and_refused_while_incomplete(
    client: Client, people: dict[str, User]
) -> None:
    key = complete_intake().key
    client.force_login(people["domain"])
    Project.objects.get().criteria.filter(code="value").update(answer={})
    refused = client.post(f"/projects/{key}/submit/", follow=True).content.decode()
    assert "“Business value” is not answered yet." in refused
    complete_intake("Second")
    second = Project.objects.order_by("-id")[0].key
    done = client.post(f"/projects/{second}/submit/", follow=True).content.decode()
    assert "Submitted as revision 1." in done


@pytest.mark.parametrize("panel", ["next-action", "gate", "decisions"])
@pytest.mark.parametrize("who", ["domain", "lead", "scientist", "auditor"])
def test_every_panel_works_alone_and_as_a_page(client: Client, people: dict[str, User], panel: str, who: str) -> None:
    key = _submitted().project.key
    client.force_login(people[who])
    whole = client.get(f"/projects/{key}/{panel}/").content.decode()
    part = client.get(f"/projects/{key}/{panel}/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert part.strip() in whole


def test_the_next_action_follows_the_project(client: Client, people: dict[str, User]) -> None:
    project = complete_intake()

    def title(who: str) -> str:
        client.force_login(people[who])
        return client.get(f"/projects/{project.key}/next-action/", headers={"HX-Request": "true"}).content.decode()

    assert "Submit the intake" in title("domain")
    request = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    assert f"Decide {request.key}" in title("lead")
    assert "Wait for CoE lead" in title("domain")


def test_the_inbox_takes_the_same_queries_for_one_request_and_for_twenty(
    client: Client, people: dict[str, User]
) -> None:
    client.force_login(people["lead"])
    _submitted("Project 0")

    def queries() -> int:
        kept.changed()
        with CaptureQueriesContext(connection) as captured:
            client.get("/inbox/")
        return len(captured)

    queries()
    few = queries()
    for number in range(1, 20):
        _submitted(f"Project {number}")
    assert queries() == few <= 12


@pytest.mark.parametrize("page", ["/policies/", "/policies/default:1/"])
def test_policies_are_readable(client: Client, people: dict[str, User], page: str) -> None:
    client.force_login(people["domain"])
    assert "The default journey" in client.get(page).content.decode()


def test_a_lead_drafts_and_publishes_a_policy_in_the_console(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["lead"])
    form = client.get("/admin/governance/policyversion/add/").content.decode()
    assert "The default journey" in form
    from governance.services.policies import DEFAULT

    source = DEFAULT.read_text().replace("weight: 14", "weight: 21", 1)
    bad = client.post("/admin/governance/policyversion/add/", {"source": source.replace("name: default", "name: 1", 1)})
    assert b"line 2" in bad.content
    client.post("/admin/governance/policyversion/add/", {"source": source})
    from governance.models import PolicyVersion

    draft = PolicyVersion.objects.get(number=2)
    client.post("/admin/governance/policyversion/", {"action": "publish", "_selected_action": [draft.pk]})
    draft.refresh_from_db()
    assert draft.status == "published"


def test_an_approver_reads_what_the_approval_sets_off(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    client.force_login(people["lead"])
    assert (
        "After you it waits for Sponsor (Ingrid Solberg)." in client.get(f"/approvals/{request.key}/").content.decode()
    )
    client.post(f"/approvals/{request.key}/decide/", {"verdict": "approve"})
    client.force_login(people["sponsor"])
    page = client.get(f"/approvals/{request.key}/").content.decode()
    assert f"Yours is the last approval: {request.project.key} moves to proof of concept at once." in page


def test_requests_of_a_tab_lead_to_each_other(client: Client, people: dict[str, User]) -> None:
    first, second, third = (_submitted(f"Project {number}") for number in range(3))
    client.force_login(people["lead"])
    page = client.get(f"/approvals/{second.key}/").content.decode()
    around = page.split('aria-label="Neighbouring requests"')[1].split("</nav>")[0]
    assert around.index(first.key) < around.index("Previous request") < around.index(third.key)


def test_a_refused_decision_says_why_above_the_field_and_in_the_sheet(client: Client, people: dict[str, User]) -> None:
    request = _submitted()
    client.force_login(people["lead"])
    page = client.post(f"/approvals/{request.key}/decide/", {"verdict": "reject", "comment": ""}).content.decode()
    assert "Your decision is not recorded" in page
    assert 'data-reopen="reject"' in page
    assert page.count("Say why, so that the team knows what to do.") >= 2


def test_a_policy_is_told_in_words_with_what_changed(client: Client, people: dict[str, User]) -> None:
    from governance.services import policies

    source = policies.DEFAULT.read_text().replace("days: 3", "days: 4", 1)
    draft = policies.create_draft(source=source, actor=people["lead"])
    policies.publish(policy_id=draft.pk, actor=people["lead"])
    client.force_login(people["domain"])
    page = client.get("/policies/default:2/").content.decode()
    assert "Changed since version 1" in page
    assert "only when the data classification is confidential or restricted" in page
    assert "Decided by anyone of the group Security" in page
    assert "devops_engineer" not in page.split("Show as YAML")[0]
