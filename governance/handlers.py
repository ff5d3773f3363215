"""What governance does when something happens: people are told. Handlers touch the database only."""

from coe_portal.core.outbox import subscribe
from governance.events import (
    ApprovalClosed,
    PocClockRang,
    QuestionAnswered,
    QuestionAsked,
    StepEscalated,
    StepOpened,
    StepReminded,
)
from governance.models import ApprovalQuestion, ApprovalRequest, ApprovalStep, Telling
from governance.services import notifications, poc_alarms


def _ask(event: StepOpened | StepReminded | StepEscalated, telling: Telling) -> None:
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
    notifications.tell(event.key, request, Telling.CLOSED, {request.requester, request.project.owner})


@subscribe(PocClockRang)
def poc_clock_rang(event: PocClockRang) -> None:
    poc_alarms.tell(event.alarm_id)
