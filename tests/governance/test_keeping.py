"""Asked again after a change: only the roles whose part changed, the others' approvals are kept."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest, Condition
from governance.policies.keeping import Part, kept
from governance.policies.rules import Holder, covers
from governance.services import approvals, intakes
from projects.models import Project
from projects.services import checklist
from tests.factories import ANSWERS, organisation, person
from tests.governance.requests import decide, gate_with, publish, submitted

LEAD = {"name": "CoE lead", "site_role": "coe_lead", "order": 1, "fields": ["answers.challenge", "name", "summary"]}
SECURITY = {"name": "Security", "group": "security", "order": 1, "fields": ["answers.data", "data_classification"]}
SPONSOR = {"name": "Sponsor", "person": "sponsor", "order": 2}
PLACES = ["a", "a.x", "b", "b.y", "c"]
parts = st.builds(
    Part,
    st.integers(1, 4),
    st.sampled_from(["one", "two"]),
    st.builds(Holder, st.just("group"), st.sampled_from(["security", "finance"])),
    st.sampled_from([(), ("a",), ("b",), ("a", "b")]),
    st.sampled_from(["", "old", "new"]),
)
steps = st.lists(parts, max_size=4, unique_by=lambda part: part.position)


@given(steps, steps, st.sets(st.sampled_from(PLACES)))
def test_somebody_who_answers_for_it_reads_every_change(before: list[Part], now: list[Part], changed: set[str]) -> None:
    found = kept(before, now, changed)
    if found:
        asked = [part for part in now if part.position not in found]
        assert asked
        assert all(any(covers(part.fields, place) for part in asked) for place in changed)
    for position, earlier in found.items():
        new = next(part for part in now if part.position == position)
        old = next(part for part in before if part.position == earlier)
        assert new.fields
        assert (new.holder, new.fields, new.fields_digest) == (old.holder, old.fields, old.fields_digest)


@pytest.fixture
def people(db: None) -> dict[str, User]:
    everybody = organisation()
    publish(gates=gate_with(LEAD, SECURITY, SPONSOR))
    return everybody


def _again(code: str, **changes: Any) -> ApprovalRequest:
    project = Project.objects.get()
    answer = ANSWERS[code] | changes
    checklist.answer(project_key=project.key, code=code, answer=answer, actor=person("domain"))
    return intakes.submit(project_key=project.key, actor=person("domain")).approval


def _sent_back() -> ApprovalRequest:
    request = submitted()
    decide(request, "security", "approve_with_conditions", "Read it.", conditions=["Delete copies"])
    decide(request, "lead")
    return decide(request, "sponsor", "request_changes", "Explain the alternative.")


def _asked(request: ApprovalRequest) -> dict[str, str]:
    return dict(request.steps.values_list("name", "state"))


def test_only_the_roles_whose_part_changed_are_asked_again(client: Client, people: dict[str, User]) -> None:
    first = _sent_back()
    again = _again("challenge", alternative="A rule table by model: right in half of the cases, too slow to keep.")
    assert _asked(again) == {"CoE lead": "open", "Security": "done", "Sponsor": "waiting"}
    decision = again.decisions.get()
    assert (decision.actor, decision.kept_from.request, decision.digest) == (people["security"], first, first.digest)
    assert again.digest != first.digest
    entry = AuditEntry.objects.get(action="approval.kept")
    assert entry.after["from"] == first.key
    assert list(Condition.objects.order_by("id").values_list("state", "request")) == [
        ("lapsed", first.pk),
        ("open", again.pk),
    ]
    client.force_login(people["lead"])
    assert f"kept from {first.key}" in client.get(f"/approvals/{again.key}/").content.decode()
    decide(again, "lead")
    assert decide(again, "sponsor").state == "approved"


def test_a_change_of_its_part_asks_that_role_again(people: dict[str, User]) -> None:
    _sent_back()
    again = _again("data", labelled_share=60)
    assert _asked(again) == {"CoE lead": "done", "Security": "open", "Sponsor": "waiting"}


def test_a_change_that_no_other_role_answers_for_is_read_by_who_answers_for_everything(
    people: dict[str, User],
) -> None:
    _sent_back()
    again = _again("users", volume_per_day=9)
    assert _asked(again) == {"CoE lead": "done", "Security": "done", "Sponsor": "open"}


def test_who_wrote_since_keeps_no_approval(people: dict[str, User]) -> None:
    _sent_back()
    Project.objects.get().criteria.filter(code="users").update(answered_by=people["security"])
    again = _again("challenge", alternative="A rule table by model: right in half of the cases, too slow to keep.")
    assert _asked(again)["Security"] == "open"


def test_a_void_request_keeps_approvals_too_and_a_withdrawn_one_does_not(people: dict[str, User]) -> None:
    request = submitted()
    decide(request, "security")
    Project.objects.update(summary="Something else entirely.")
    assert decide(request, "lead").state == "void"
    again = _again("users")
    assert _asked(again) == {"CoE lead": "open", "Security": "done", "Sponsor": "waiting"}
    approvals.withdraw(request_id=again.pk, actor=people["domain"])
    assert _asked(_again("users"))["Security"] == "open"
