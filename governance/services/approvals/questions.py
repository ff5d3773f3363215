"""Questions of approvers to the requester: while one is open, the clock stands still."""

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from governance import permissions
from governance.events import QuestionAnswered, QuestionAsked
from governance.models import ApprovalQuestion, ApprovalRequest
from governance.models.questions import MAX_TEXT
from governance.services.approvals import clocks, closing


@transaction.atomic
def ask(*, request_id: int, text: str, actor: User) -> ApprovalQuestion:
    """Ask the requester something; their answer starts the clock again.

    Raises NotFound, NotAllowed and StaleState as for a decision, InvalidInput for an empty or very long text.
    """
    request = closing.locked(request_id, actor)
    words = _checked(text)
    seat = permissions.require_seat(request, actor)
    question = ApprovalQuestion.objects.create(
        request=request, step=seat.step, asked_by=actor, on_behalf_of=seat.on_behalf_of, text=words
    )
    audit.record(
        actor=actor,
        on_behalf_of=seat.on_behalf_of,
        action="approval.question_asked",
        subject=request,
        after={"question": question.pk, "step": seat.step.name},
        comment=words,
    )
    outbox.publish(QuestionAsked(request.pk, question.pk))
    if request.paused_at is None:
        request.paused_at = question.asked_at
    _keep(request)
    return question


@transaction.atomic
def answer(*, request_id: int, question_id: int, text: str, actor: User) -> ApprovalQuestion:
    """Answer a question; when it was the last open one, the clock goes on.

    Raises:
        NotFound: no such question for this person.
        NotAllowed: only the requester and the project's owner answer.
        StaleState: it is answered, or the request is closed.
    """
    request = closing.locked(request_id, actor)
    question = request.questions.filter(pk=question_id).first()
    if question is None:
        raise NotFound(f"{request.key} has no such question.")
    if actor.pk not in (request.requester_id, request.project.owner_id):
        raise NotAllowed(f"Only {request.requester}, who asked for it, and the project's owner answer.")
    if not request.is_open or question.answered_at:
        raise StaleState("The question is answered already." if question.answered_at else f"{request.key} is closed.")
    question.answer, question.answered_by, question.answered_at = _checked(text), actor, timezone.now()
    question.save(update_fields=["answer", "answered_by", "answered_at"])
    after = {"question": question.pk}
    audit.record(
        actor=actor, action="approval.question_answered", subject=request, after=after, comment=question.answer
    )
    outbox.publish(QuestionAnswered(request.pk, question.pk))
    if not request.questions.filter(answered_at=None).exists():
        clocks.resume(request)
    _keep(request)
    return question


def _keep(request: ApprovalRequest) -> None:
    request.version += 1
    request.save(update_fields=["version", "paused_at"])
    closing.tell_waiting(request.project)


def _checked(text: str) -> str:
    words = text.strip()
    if not words or len(words) > MAX_TEXT:
        raise InvalidInput({"text": ["Write a sentence." if not words else f"At most {MAX_TEXT} characters."]})
    return words
