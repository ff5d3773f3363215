"""What we build and why."""

from projects.models.checklist import (
    CRITERION_LIFECYCLE,
    ChecklistVersion,
    Criterion,
    CriterionStatus,
)
from projects.models.evidence import LIVE_KINDS, Evidence, EvidenceKind
from projects.models.project import (
    STAGE_LIFECYCLE,
    BusinessUnit,
    DataClassification,
    Health,
    Project,
    Revision,
    RiskTier,
    Stage,
    SuccessMetric,
)
from projects.models.team import Member, ProjectRole, Responsibility, ResponsibilityKind, WorkArea

__all__ = [
    "CRITERION_LIFECYCLE",
    "LIVE_KINDS",
    "STAGE_LIFECYCLE",
    "BusinessUnit",
    "ChecklistVersion",
    "Criterion",
    "CriterionStatus",
    "DataClassification",
    "Evidence",
    "EvidenceKind",
    "Health",
    "Member",
    "Project",
    "ProjectRole",
    "Responsibility",
    "ResponsibilityKind",
    "Revision",
    "RiskTier",
    "Stage",
    "SuccessMetric",
    "WorkArea",
]
