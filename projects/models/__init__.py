"""What we build and why."""

from projects.models.checklist import (
    CRITERION_LIFECYCLE,
    ChecklistVersion,
    Criterion,
    CriterionStatus,
    Evidence,
    EvidenceKind,
)
from projects.models.data_access import ACCESS_LIFECYCLE, AccessPattern, AccessStatus, DataAccess, EndReason
from projects.models.datasets import Dataset, Readiness
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
    "ACCESS_LIFECYCLE",
    "CRITERION_LIFECYCLE",
    "STAGE_LIFECYCLE",
    "AccessPattern",
    "AccessStatus",
    "BusinessUnit",
    "ChecklistVersion",
    "Criterion",
    "CriterionStatus",
    "DataAccess",
    "DataClassification",
    "Dataset",
    "EndReason",
    "Evidence",
    "EvidenceKind",
    "Health",
    "Member",
    "Project",
    "ProjectRole",
    "Readiness",
    "Responsibility",
    "ResponsibilityKind",
    "Revision",
    "RiskTier",
    "Stage",
    "SuccessMetric",
    "WorkArea",
]
