"""What governance does when something happens: people are told. Handlers touch the database only."""

from datetime import datetime

from django.urls import reverse

from coe_portal.core.models import User
from coe_portal.core.outbox import subscribe
from governance.events import (
    ApprovalClosed,
    DataAccessEnding,
    FindingAssigned,
    IntakeDecided,
    PocClockRang,
    ProjectMovedToPolicy,
    QuestionAnswered,
    QuestionAsked,
    StepEscalated,
    StepOpened,
    StepReminded,
    StepRerouted,
)
from governance.models import ApprovalQuestion, ApprovalRequest, ApprovalStep, StepState, Telling
from governance.services import data_access, endings, notices, notifications, poc_alarms, risk
from governance.services.approvals import rerouting
from projects.events import (
    AccountableChanged,
    ChecklistAnswered,
    CriterionReopened,
    DataAccessEnded,
    DataAccessGranted,
    DatasetClassRaised,
    LessonsFellDue,
    ProjectStageMoved,
    ReviewerInvited,
)
from projects.models import Criterion, CriterionStatus, DataAccess, Project, Stage
from projects.services import named_data


def _ask(event: StepOpened | StepReminded | StepEscalated | StepRerouted, telling: Telling) -> None:
    step = ApprovalStep.objects.select_related("request").get(pk=event.step_id)
    notifications.tell(event.key, step.request, telling, notifications.deciders(step))


@subscribe(StepOpened)
def step_opened(event: StepOpened) -> None:
    _ask(event, Telling.ASKED)


@subscribe(StepReminded)
def step_reminded(event: StepReminded) -> None:
    _ask(event, Telling.REMINDED)


@subscribe(StepEscalated)
def step_escalated(event: StepEscalated) -> None:
    _ask(event, Telling.ESCALATED)


@subscribe(AccountableChanged)
def accountable_changed(event: AccountableChanged) -> None:
    rerouting.follow_accountable(project_key=event.project_key, work_area=event.work_area)


@subscribe(StepRerouted)
def step_rerouted(event: StepRerouted) -> None:
    if ApprovalStep.objects.filter(pk=event.step_id, state=StepState.OPEN).exists():
        _ask(event, Telling.ASKED)


@subscribe(QuestionAsked)
def question_asked(event: QuestionAsked) -> None:
    request = ApprovalRequest.objects.select_related("requester", "project__owner").get(pk=event.request_id)
    notifications.tell(event.key, request, Telling.QUESTION, {request.requester, request.project.owner})


@subscribe(QuestionAnswered)
def question_answered(event: QuestionAnswered) -> None:
    question = ApprovalQuestion.objects.select_related("request", "asked_by").get(pk=event.question_id)
    notifications.tell(event.key, question.request, Telling.ANSWERED, [question.asked_by])


@subscribe(ApprovalClosed)
def approval_closed(event: ApprovalClosed) -> None:
    request = ApprovalRequest.objects.select_related("requester", "project__owner").get(pk=event.request_id)
    if not notices.closed_by_intake_decision(request):
        notifications.tell(event.key, request, Telling.CLOSED, {request.requester, request.project.owner})


@subscribe(ProjectStageMoved)
def project_ended(event: ProjectStageMoved) -> None:
    endings.owe_lessons(project_key=event.project_key, source=event.source, target=event.target)


@subscribe(CriterionReopened)
def criterion_reopened(event: CriterionReopened) -> None:
    """Write to who answers it, and to the project's owner."""
    rows = Criterion.objects.select_related("owner", "project__owner").filter(code=event.code)
    criterion = rows.get(project=Project.objects.by_key(event.project_key).get())
    what = "has expired" if event.status == CriterionStatus.EXPIRED else "counts again: its waiver has ended"
    title = f"{event.project_key}: “{criterion.short}” {what}"
    link = reverse("projects:criterion", args=[event.project_key, event.code])
    notice = notifications.Notice(title, "Look at it again, then confirm or change the answer.", link)
    people = {person for person in (criterion.owner, criterion.project.owner) if person}
    notifications.tell_of(event.key, notice, people)


@subscribe(PocClockRang)
def poc_clock_rang(event: PocClockRang) -> None:
    poc_alarms.tell(event.alarm_id)


@subscribe(ChecklistAnswered)
def checklist_answered(event: ChecklistAnswered) -> None:
    risk.reopen_if_changed(project_key=event.project_key)


@subscribe(DatasetClassRaised)
def dataset_class_raised(event: DatasetClassRaised) -> None:
    """Projects that name the data set follow its class, and whoever answers for them is told."""
    by = User.objects.filter(pk=event.actor_id).first()
    for criterion in named_data.follow_class(dataset_id=event.dataset_id, changed_by=by):
        project = criterion.project
        title = f"{project.key}: the class of its data is {project.get_data_classification_display().lower()} now"
        why = "The register gave a data set that it names a stricter class. Open requests are asked again."
        link = reverse("projects:criterion", args=[project.key, criterion.code])
        key = f"{event.key}:{project.key}"
        notifications.tell_of(key, notifications.Notice(title, why, link), {project.owner})


@subscribe(ProjectStageMoved)
def stage_moved(event: ProjectStageMoved) -> None:
    data_access.grant_waiting(event.project_key)
    data_access.end_with_project(event.project_key)
    if (event.source, event.target) == (Stage.DEFERRED, Stage.INTAKE):
        notices.came_back(event.key, project_key=event.project_key)
    if event.target == Stage.QUALIFICATION:
        notices.ready_to_review(event.key, project_key=event.project_key, submitted_at=datetime.fromisoformat(event.at))


@subscribe(DataAccessEnding)
def data_access_ending(event: DataAccessEnding) -> None:
    access = DataAccess.objects.for_list().get(pk=event.access_id)
    request = data_access.request_of(access)
    if request is not None:
        notifications.tell(event.key, request, Telling.ENDING, {access.requested_by, access.project.owner})


@subscribe(DataAccessGranted)
def data_access_granted(event: DataAccessGranted) -> None:
    notices.access_granted(event.key, access_id=event.access_id)


@subscribe(DataAccessEnded)
def data_access_ended(event: DataAccessEnded) -> None:
    notices.access_ended(event.key, access_id=event.access_id, by=event.by)


@subscribe(FindingAssigned)
def finding_assigned(event: FindingAssigned) -> None:
    notices.finding_assigned(event.key, finding_id=event.finding_id, owner=event.owner, by=event.by)


@subscribe(ReviewerInvited)
def reviewer_invited(event: ReviewerInvited) -> None:
    notices.reviewer_invited(event.key, project_key=event.project_key, username=event.username)


@subscribe(IntakeDecided)
def intake_decided(event: IntakeDecided) -> None:
    notices.intake_decided(event.key, decision_id=event.decision_id)


@subscribe(LessonsFellDue)
def lessons_fell_due(event: LessonsFellDue) -> None:
    notices.lessons_owed(event.key, project_key=event.project_key)


@subscribe(ProjectMovedToPolicy)
def project_moved_to_policy(event: ProjectMovedToPolicy) -> None:
    notices.moved_to_policy(event.key, move_id=event.move)
