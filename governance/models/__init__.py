"""Who must agree: policies, approval requests, their steps and decisions, delegations."""

from governance.models.approvals import APPROVAL_LIFECYCLE, ApprovalRequest, ApprovalState
from governance.models.break_glass import BreakGlass
from governance.models.conditions import CONDITION_LIFECYCLE, Condition, ConditionState
from governance.models.delegations import Delegation
from governance.models.findings import FINDING_LIFECYCLE, Finding, FindingState, Severity
from governance.models.moves import PolicyMove
from governance.models.notifications import Notification, Telling
from governance.models.poc import ClockAlarm, PocChoice, PocDecision
from governance.models.policy import POLICY_LIFECYCLE, PolicyStatus, PolicyVersion
from governance.models.qualification import IntakeDecision, IntakeOutcome, Review, ScoringVersion
from governance.models.questions import ApprovalQuestion
from governance.models.risk import RiskAssessment
from governance.models.steps import (
    APPROVING,
    STEP_LIFECYCLE,
    AddedHolder,
    ApprovalStep,
    Decision,
    HolderKind,
    HolderOrigin,
    StepState,
    Verdict,
)
from governance.models.waivers import Waiver

__all__ = [
    "APPROVAL_LIFECYCLE",
    "APPROVING",
    "CONDITION_LIFECYCLE",
    "FINDING_LIFECYCLE",
    "POLICY_LIFECYCLE",
    "STEP_LIFECYCLE",
    "AddedHolder",
    "ApprovalQuestion",
    "ApprovalRequest",
    "ApprovalState",
    "ApprovalStep",
    "BreakGlass",
    "ClockAlarm",
    "Condition",
    "ConditionState",
    "Decision",
    "Delegation",
    "Finding",
    "FindingState",
    "HolderKind",
    "HolderOrigin",
    "IntakeDecision",
    "IntakeOutcome",
    "Notification",
    "PocChoice",
    "PocDecision",
    "PolicyMove",
    "PolicyStatus",
    "PolicyVersion",
    "Review",
    "RiskAssessment",
    "ScoringVersion",
    "Severity",
    "StepState",
    "Telling",
    "Verdict",
    "Waiver",
]
