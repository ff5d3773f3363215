"""What the end of an approval request does to its project, in the same transaction."""

from typing import Any

from coe_portal.core.models import User
from governance.models import ApprovalRequest, ApprovalState
from governance.services import policies
from projects.models import Stage
from projects.services import checklist, projects, stages

ADVANCE = "advance:"


def current_specification(request: ApprovalRequest) -> dict[str, Any]:
    """What the request's subject says now; its digest must still be the one that was asked for."""
    return projects.content_of(request.project)


def of(request: ApprovalRequest, actor: User) -> None:
    """Move the project as the request's end demands: on, back to its team, or to its end."""
    if not request.action.startswith(ADVANCE):
        return
    if request.state == ApprovalState.APPROVED:
        _advance(request, actor)
    elif request.project.stage == Stage.QUALIFICATION:
        rejected = request.state == ApprovalState.REJECTED
        target = Stage.DECLINED if rejected else Stage.INTAKE
        stages.move_stage(
            request.project, target, actor=actor, comment=f"{request.key} is {request.get_state_display().lower()}."
        )


def _advance(request: ApprovalRequest, actor: User) -> None:
    project = request.project
    gate = policies.policy_of(request.policy_version).gate_from(project.stage)
    if gate is None:
        return
    checklist.accept_all(project, list(gate.criteria), actor=actor)
    stages.move_stage(project, gate.target, actor=actor, comment=f"{request.key} is approved.")
