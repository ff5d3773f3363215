"""Qualification: reviewers score, a CoE lead decides, a deferral comes back, weights are versioned."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from coe_portal.core.errors import DomainError, GateClosed, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import AuditEntry, User
from governance.models import ApprovalRequest, IntakeDecision, Review, ScoringVersion
from governance.policies import scoring
from governance.services import delegations, intakes, qualification
from governance.services.qualification import Wish, summary, weights
from projects.models import Project, Stage
from projects.services import checklist, field_questions, reviewers
from projects.services.field_questions import Asked
from tests.factories import ANSWERS, complete_intake, organisation, person
from tests.governance.requests import decide, submitted

pytestmark = pytest.mark.django_db
WHY = "It is worth it and the data is there."
GOOD = {"value": 5, "feasibility": 4, "data_readiness": 4, "risk": 3}


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return organisation()


def review(key: str, who: str = "lead", **scores: Any) -> Review:
    return qualification.give_review(project_key=key, scores=GOOD | scores, actor=person(who))


def settle(key: str, outcome: str, who: str = "lead", **more: Any) -> IntakeDecision:
    found = qualification.decide_intake(
        project_key=key, wish=Wish(outcome, more.pop("reason", WHY), **more), actor=person(who)
    )
    assert found is not None
    return found


def _stage(project: Project) -> str:
    return Project.objects.get(pk=project.pk).stage


def test_funding_is_the_leads_approval_and_asks_the_next_step(people: dict[str, User]) -> None:
    asked = submitted()
    review(asked.project.key)
    decision = settle(asked.project.key, "fund")
    asked.refresh_from_db()
    assert (decision.request, decision.score, decision.reviews) == (asked, Decimal("4.20"), 1)
    given = asked.decisions.get()
    assert (given.verdict, given.comment, given.actor) == ("approve", WHY, people["lead"])
    assert asked.state == "open" and "Sponsor" in Project.objects.get(pk=asked.project_id).waiting_on
    assert decide(asked, "sponsor").state == "approved" and _stage(asked.project) == Stage.POC


def test_declining_ends_the_project_with_the_reason(people: dict[str, User]) -> None:
    asked = submitted()
    settle(asked.project.key, "decline", reason="A rule table is enough.")
    asked.refresh_from_db()
    assert asked.state == "rejected" and _stage(asked.project) == Stage.DECLINED
    told = AuditEntry.objects.get(action="intake.decided")
    assert (told.comment, told.after and told.after["outcome"]) == ("A rule table is enough.", "decline")


def test_a_deferral_comes_back_on_its_day_and_is_asked_anew(people: dict[str, User]) -> None:
    asked = submitted()
    day = timezone.localdate() + timedelta(days=30)
    settle(asked.project.key, "defer", defer_until=day)
    asked.refresh_from_db()
    project = Project.objects.get(pk=asked.project_id)
    assert (asked.state, project.stage) == ("withdrawn", Stage.DEFERRED) and f"{day:%d %B %Y}" in project.waiting_on
    assert qualification.return_due() == 0
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        assert (qualification.return_due(), qualification.return_due()) == (1, 0)
    project.refresh_from_db()
    assert (project.stage, project.waiting_on) == (Stage.INTAKE, "")
    moved = AuditEntry.objects.filter(action="project.stage_moved").latest("id")
    assert moved.actor is None and "deferred until" in moved.comment
    again = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    assert again.pk != asked.pk and again.state == "open"


def test_questions_stand_at_their_fields_until_they_are_answered_or_changed(people: dict[str, User]) -> None:
    asked = submitted()
    questions = [Asked("value", "Who agreed on it?", "likely"), Asked("data", "Where are the photos?")]
    settle(asked.project.key, "request_changes", questions=questions)
    project = Project.objects.get(pk=asked.project_id)
    assert project.stage == Stage.INTAKE and project.field_questions.count() == 2
    with pytest.raises(GateClosed) as closed:
        intakes.submit(project_key=project.key, actor=people["domain"])
    assert [item.message for item in closed.value.missing] == [
        "Marta Veiga asks about “Business value: Most likely, a year”: Who agreed on it?",
        "Marta Veiga asks about “Right data, labelled”: Where are the photos?",
    ]
    whole = project.field_questions.get(code="data")
    field_questions.answer(
        project_key=project.key, question_id=whole.pk, text="In the claims archive.", actor=people["domain"]
    )
    changed = ANSWERS["value"] | {"likely": 900000}
    checklist.answer(project_key=project.key, code="value", answer=changed, actor=people["domain"])
    again = intakes.submit(project_key=project.key, actor=people["domain"]).approval
    assert again.revision == 2
    replies = summary.of(summary.find(people["lead"], project.key), people["lead"]).replies
    assert (replies[0].before, replies[0].now, replies[0].changed) == ("1,100,000", "900,000", True)
    assert [reply.question.answer for reply in replies] == ["", "In the claims archive."]
    assert all(reply.question.answered_by == people["domain"] for reply in replies)


@pytest.mark.parametrize("who", ["domain", "scientist", "sponsor", "security", "auditor"])
def test_only_a_lead_who_takes_no_part_decides(people: dict[str, User], who: str) -> None:
    asked = submitted(data={"classification": "confidential"})
    with pytest.raises(NotAllowed):
        settle(asked.project.key, "fund", who)
    assert ApprovalRequest.objects.get(pk=asked.pk).decisions.count() == 0 and not IntakeDecision.objects.exists()


def test_a_lead_who_proposed_it_never_decides_it(people: dict[str, User]) -> None:
    person("second", site_roles=["coe_lead"], display_name="Ana Prior")
    project = complete_intake(owner="lead")
    asked = intakes.submit(project_key=project.key, actor=people["lead"]).approval
    with pytest.raises(NotAllowed, match="another CoE lead decides"):
        settle(project.key, "fund", "lead")
    assert settle(project.key, "fund", "second").request == asked


def test_strangers_do_not_even_know_of_it(people: dict[str, User]) -> None:
    with pytest.raises(NotFound):
        settle(submitted().project.key, "fund", "stranger")


def test_a_delegate_decides_for_the_lead_and_is_named(people: dict[str, User]) -> None:
    today = timezone.localdate()
    asked = submitted()
    with pytest.raises(NotAllowed, match="Only CoE leads"):
        settle(asked.project.key, "fund", "security")
    delegations.delegate(to="security", starts_on=today, ends_on=today, scope="all", actor=people["lead"])
    decision = settle(asked.project.key, "fund", "security")
    assert (decision.decided_by, decision.on_behalf_of) == (people["security"], people["lead"])
    assert asked.decisions.get().on_behalf_of == people["lead"]


def test_deciding_twice_is_refused(people: dict[str, User]) -> None:
    asked = submitted()
    settle(asked.project.key, "fund")
    with pytest.raises(StaleState, match="waits for Sponsor"):
        settle(asked.project.key, "fund")
    assert IntakeDecision.objects.count() == 1


@pytest.mark.parametrize(
    ("outcome", "more", "named"),
    [
        ("fund", {"reason": " "}, "reason"),
        ("maybe", {}, "outcome"),
        ("defer", {}, "defer_until"),
        ("defer", {"defer_until": timezone.localdate()}, "defer_until"),
        ("fund", {"defer_until": timezone.localdate() + timedelta(days=3)}, "defer_until"),
        ("fund", {"questions": [Asked("value", "Why?")]}, "questions"),
        ("request_changes", {"questions": [Asked("value", "Why?", "nothing")]}, "questions"),
        ("request_changes", {"questions": [Asked("value", " ")]}, "questions"),
        ("request_changes", {"questions": [Asked("value", "Why?")] * 21}, "questions"),
    ],
)
def test_nonsense_is_named_and_changes_nothing(
    people: dict[str, User], outcome: str, more: dict[str, Any], named: str
) -> None:
    asked = submitted()
    with pytest.raises(InvalidInput) as error:
        settle(asked.project.key, outcome, **more)
    assert named in error.value.errors
    assert _stage(asked.project) == Stage.QUALIFICATION and not IntakeDecision.objects.exists()


def test_nothing_is_decided_that_nobody_submitted(people: dict[str, User]) -> None:
    project = complete_intake()
    with pytest.raises(StaleState, match="being written"):
        settle(project.key, "decline")
    asked = submitted("Another idea")
    with pytest.raises(StaleState, match="no concept"):
        settle(asked.project.key, "invite")


def test_reviewers_are_leads_and_whom_they_invite(people: dict[str, User]) -> None:
    asked = submitted()
    key = asked.project.key
    with pytest.raises(NotFound):
        review(key, "dataengineer")
    reviewers.invite(project_key=key, username="dataengineer", actor=people["lead"])
    assert review(key, "dataengineer").reviewer == people["dataengineer"]
    for who in ("domain", "scientist", "security", "auditor"):
        with pytest.raises(DomainError):
            review(key, who)
    reviewers.release(project_key=key, username="dataengineer", actor=people["lead"])
    assert not Project.objects.visible_to(people["dataengineer"]).exists() and Review.objects.count() == 1


@pytest.mark.parametrize("who", ["domain", "scientist", "auditor", "ghost"])
def test_nobody_who_takes_part_is_invited_to_judge(people: dict[str, User], who: str) -> None:
    with pytest.raises(InvalidInput):
        reviewers.invite(project_key=submitted().project.key, username=who, actor=people["lead"])


def test_scores_given_again_replace_ones_own_and_count_for_one_revision(people: dict[str, User]) -> None:
    asked = submitted()
    review(asked.project.key)
    assert review(asked.project.key, value=1).scores["value"] == 1 and Review.objects.count() == 1
    settle(asked.project.key, "request_changes")
    again = intakes.submit(project_key=asked.project.key, actor=people["domain"]).approval
    found = summary.of(summary.find(people["sponsor"], asked.project.key), people["sponsor"])
    assert again.revision == 2 and found.summary.count == 0


def test_others_scores_are_kept_back_until_ones_own_are_given(people: dict[str, User]) -> None:
    asked = submitted()
    key = asked.project.key
    reviewers.invite(project_key=key, username="dataengineer", actor=people["lead"])
    review(key, "dataengineer", data_readiness=1)
    before = summary.of(summary.find(people["lead"], key), people["lead"])
    assert (before.hidden, before.judged, before.summary.count) == (True, [], 0)
    review(key)
    after = summary.of(summary.find(people["lead"], key), people["lead"])
    assert (after.hidden, len(after.judged), after.summary.apart) == (False, 2, ("data_readiness",))
    assert summary.of(summary.find(people["auditor"], key), people["auditor"]).summary.count == 2


@pytest.mark.parametrize("scores", [{"value": 6}, {"value": "4"}, {"luck": 3}, {"risk": None}])
def test_scores_that_are_none_are_refused(people: dict[str, User], scores: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        review(submitted().project.key, **scores)
    assert not Review.objects.exists()


def test_weights_are_tried_before_they_are_saved_as_a_version(people: dict[str, User]) -> None:
    safe, bold = submitted("Careful idea").project, submitted("Bold undertaking").project
    review(safe.key, value=2, risk=5)
    review(bold.key, value=5, risk=1)
    later = {"value": 10, "feasibility": 20, "data_readiness": 20, "risk": 50}
    tried = qualification.ranked(people["lead"], later)
    assert [(row.project.key, row.shift.moved) for row in tried if row.shift] == [(safe.key, 1), (bold.key, -1)]
    assert not ScoringVersion.objects.exists() and weights.current().number == 0
    saved = qualification.save_weights(weights=later, reason="Trust was lost twice this year.", actor=people["lead"])
    assert (saved.number, weights.current().weights) == (1, later)
    assert [row.project.key for row in qualification.ranked(people["lead"])] == [safe.key, bold.key]
    entry = AuditEntry.objects.get(action="scoring.weights_saved")
    assert entry.before and entry.before["value"] == 35 and entry.comment == saved.reason


def test_who_sees_a_project_sees_its_place_and_no_other(people: dict[str, User]) -> None:
    asked = submitted()
    review(asked.project.key)
    assert [row.project.key for row in qualification.ranked(people["domain"])] == [asked.project.key]
    assert qualification.ranked(people["stranger"]) == []


def test_only_leads_save_weights_with_a_reason_that_make_a_hundred(people: dict[str, User]) -> None:
    even = dict.fromkeys(scoring.DIMENSIONS, 25)
    with pytest.raises(NotAllowed):
        qualification.save_weights(weights=even, reason="A long enough reason.", actor=people["sponsor"])
    for wrong, reason in ((even | {"risk": 1}, "A long enough reason."), (even, "short")):
        with pytest.raises(InvalidInput):
            qualification.save_weights(weights=wrong, reason=reason, actor=people["lead"])
    qualification.save_weights(weights=even, reason="Everything counts alike.", actor=people["lead"])
    with pytest.raises(StaleState):
        qualification.save_weights(weights=even, reason="Everything counts alike.", actor=people["lead"])


def test_a_deferral_is_ended_before_its_day_by_who_may_decide_and_does_not_come_back_twice(
    people: dict[str, User],
) -> None:
    asked = submitted()
    key, day = asked.project.key, timezone.localdate() + timedelta(days=60)
    settle(key, "defer", defer_until=day)
    for who in ("domain", "sponsor", "security"):
        with pytest.raises(NotAllowed):
            qualification.end_deferral(project_key=key, reason="Now.", actor=people[who])
    with pytest.raises(InvalidInput):
        qualification.end_deferral(project_key=key, reason=" ", actor=people["lead"])
    project = qualification.end_deferral(project_key=key, reason="The budget came early.", actor=people["lead"])
    assert (project.stage, project.waiting_on) == (Stage.INTAKE, "")
    assert IntakeDecision.objects.get().returned_at is not None
    entry = AuditEntry.objects.get(action="intake.deferral_ended")
    assert (entry.comment, entry.actor, entry.before) == (
        "The budget came early.", people["lead"], {"defer_until": day.isoformat()},
    )  # fmt: skip
    with pytest.raises(StaleState, match="only a deferral can be ended"):
        qualification.end_deferral(project_key=key, reason="Again.", actor=people["lead"])
    intakes.submit(project_key=key, actor=people["domain"])
    with time_machine.travel(timezone.now() + timedelta(days=61), tick=False):
        assert qualification.return_due() == 0
    assert _stage(project) == Stage.QUALIFICATION
