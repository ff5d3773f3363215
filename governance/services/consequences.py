"""What an approval is about and what its end does, by kind of action. Each kind registers itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coe_portal.core.errors import GateClosed
from coe_portal.core.models import User
from governance.models import ApprovalRequest, ApprovalState
from governance.services import gate_demands, policies
from projects.models import Stage
from projects.services import checklist, projects, stages

ADVANCE = "advance:"


@dataclass(frozen=True)
class Kind:
    """A kind of action: what its subject says now, and what follows when a request ends, in the same transaction."""

    specification: Callable[[ApprovalRequest], dict[str, Any]]
    closed: Callable[[ApprovalRequest, User], None]


_kinds: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """Add a kind; ``name`` is what stands before the first colon of its actions. Called once by an app's ``ready``."""
    _kinds[name] = kind


def current_specification(request: ApprovalRequest) -> dict[str, Any]:
    """What the request's subject says now; its digest must still be the one that was asked for."""
    return _kind_of(request).specification(request)


def of(request: ApprovalRequest, actor: User) -> None:
    """Do what the request's end means for its subject."""
    _kind_of(request).closed(request, actor)


def _kind_of(request: ApprovalRequest) -> Kind:
    return _kinds[request.action.partition(":")[0]]


def _content(request: ApprovalRequest) -> dict[str, Any]:
    return projects.content_of(request.project)


def _move_project(request: ApprovalRequest, actor: User) -> None:
    """Move the project as the request's end demands: on, back to its team, or to its end."""
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
    policy = policies.policy_of(request.policy_version)
    gate = policy.gate_from(project.stage)
    if gate is None:
        return
    _require_still_open(request)
    checklist.accept_all(project, policy.asked_by(gate, project.risk_tier), actor=actor)
    stages.move_stage(project, gate.target, actor=actor, comment=f"{request.key} is approved.")


def _require_still_open(request: ApprovalRequest) -> None:
    """Raise GateClosed when something that the gate needs was lost while its approvals were given."""
    missing = gate_demands.missing_for_gate(request.project, request.project.stage, asked=request)
    if missing:
        sentence = f"{missing[0].message} It came up while {request.key} was asked, so nobody can approve it now."
        raise GateClosed(f"{sentence} Have it put right, or ask for changes.", missing)


register(ADVANCE.rstrip(":"), Kind(_content, _move_project))
