"""What decisions amount to: steps that open and end, requests that come to their end."""

from django.db import transaction
from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.errors import NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from governance import permissions
from governance.events import ApprovalClosed
from governance.models import (
    APPROVAL_LIFECYCLE,
    STEP_LIFECYCLE,
    ApprovalRequest,
    ApprovalState,
    StepState,
)
from governance.policies import outcomes
from governance.services import conditions, consequences
from governance.services.approvals import clocks
from projects.models import Project
from projects.services import projects


def locked(request_id: int, actor: User | None) -> ApprovalRequest:
    """The request with its row locked, if the person may see it; ``None`` is the portal itself. Raises NotFound."""
    request = ApprovalRequest.objects.filter(pk=request_id).first()
    if request is not None:
        # The project's row comes first, in the same order as when the request was made: no two locks can cross.
        Project.objects.select_for_update().get(pk=request.project_id)
        if actor is not None:
            request = ApprovalRequest.objects.visible_to(actor).filter(pk=request_id).first()
    if request is None:
        raise NotFound("There is no such approval request that you may see.")
    return ApprovalRequest.objects.select_for_update(of=("self",)).select_related("project").get(pk=request.pk)


def settle(request: ApprovalRequest, actor: User) -> None:
    """Move steps and request to where the decisions have brought them."""
    steps = list(request.steps.all())
    result = outcomes.outcome(
        [outcomes.StepState(row.position, row.needed, row.order, row.fields_digest) for row in steps],
        _votes(request),
        digest=request.digest,
        excluded=request.excluded,
        distinct=request.distinct_people,
    )
    for step in steps:
        if step.position in result.done and step.state in (StepState.WAITING, StepState.OPEN):
            STEP_LIFECYCLE.change(step, StepState.DONE)
        elif step.position in result.open and step.state == StepState.WAITING:
            step.request = request
            clocks.open_step(step)
    if result.state != ApprovalState.OPEN:
        close(request, result.state, actor=actor)
    request.version += 1
    request.save(update_fields=["version"])
    tell_waiting(request.project)


def _votes(request: ApprovalRequest) -> list[outcomes.Vote]:
    return [
        outcomes.Vote(row.actor_id, row.step.position, row.verdict, row.digest, row.on_behalf_of_id, row.fields_digest)
        for row in request.decisions.select_related("step")
    ]


def close(request: ApprovalRequest, state: str, *, actor: User | None, comment: str = "") -> None:
    """End a request and do what its end means for its project, in the same transaction."""
    for step in request.steps.filter(state__in=[StepState.WAITING, StepState.OPEN]):
        STEP_LIFECYCLE.change(step, StepState.CLOSED)
    APPROVAL_LIFECYCLE.move(
        request, state, actor=actor, action=f"approval.{state}", comment=comment, closed_at=timezone.now()
    )
    if state != ApprovalState.APPROVED:
        conditions.lapse(request)
    outbox.publish(ApprovalClosed(request.pk, request.subject, request.action, request.digest, str(state)))
    consequences.of(request, actor or request.requester)
    tell_waiting(request.project)


def tell_waiting(project: Project) -> None:
    """Keep on the project's row who decides next, for lists: the gate that is asked for, else the newest request."""
    rows = list(ApprovalRequest.objects.filter(project=project, state=ApprovalState.OPEN).order_by("-pk"))
    gates = [row for row in rows if row.action.startswith(consequences.ADVANCE)]
    first = next(iter([*gates, *rows]), None)
    projects.set_waiting_on(project, permissions.waiting_words(first) if first else "")


def void_open(project: Project, *, actor: User, comment: str) -> None:
    """Nothing that was asked for a project matters any more: it ends. Call with the project's row locked."""
    for request in ApprovalRequest.objects.select_for_update().filter(project=project, state=ApprovalState.OPEN):
        request.project = project
        close(request, ApprovalState.VOID, actor=actor, comment=comment)


@transaction.atomic
def withdraw(*, request_id: int, actor: User) -> ApprovalRequest:
    """Take a request back; the project becomes editable again.

    Raises NotFound, NotAllowed (only the requester or a CoE lead), StaleState (it is decided already).
    """
    request = locked(request_id, actor)
    if actor.pk != request.requester_id and not actor.is_lead:
        raise NotAllowed(f"Only {request.requester}, who asked, or a CoE lead can withdraw {request.key}.")
    if not request.is_open:
        raise StaleState(f"{request.key} is {request.get_state_display().lower()} already.")
    close(request, ApprovalState.WITHDRAWN, actor=actor)
    return request
