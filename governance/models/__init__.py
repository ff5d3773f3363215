"""Who must agree: policies, approval requests, their steps and decisions."""

from governance.models.approvals import (
    APPROVAL_LIFECYCLE,
    STEP_LIFECYCLE,
    ApprovalRequest,
    ApprovalState,
    ApprovalStep,
    Decision,
    HolderKind,
    StepState,
    Verdict,
)
from governance.models.policy import POLICY_LIFECYCLE, PolicyStatus, PolicyVersion

__all__ = [
    "APPROVAL_LIFECYCLE",
    "POLICY_LIFECYCLE",
    "STEP_LIFECYCLE",
    "ApprovalRequest",
    "ApprovalState",
    "ApprovalStep",
    "Decision",
    "HolderKind",
    "PolicyStatus",
    "PolicyVersion",
    "StepState",
    "Verdict",
]
