"""What we build and why."""

from projects.models.checklist import (
    CRITERION_LIFECYCLE,
    ChecklistVersion,
    Criterion,
    CriterionStatus,
)
from projects.models.evidence import LIVE_KINDS, Evidence, EvidenceKind
from projects.models.lessons import Lesson, LessonKind, LessonsOwed
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
from projects.models.skills import Skill, SkillLevel
from projects.models.team import (
    HANDOVER_LIFECYCLE,
    Handover,
    HandoverReason,
    HandoverState,
    Member,
    ProjectRole,
    Responsibility,
    ResponsibilityKind,
    WorkArea,
)

__all__ = [
    "CRITERION_LIFECYCLE",
    "HANDOVER_LIFECYCLE",
    "LIVE_KINDS",
    "STAGE_LIFECYCLE",
    "BusinessUnit",
    "ChecklistVersion",
    "Criterion",
    "CriterionStatus",
    "DataClassification",
    "Evidence",
    "EvidenceKind",
    "Handover",
    "HandoverReason",
    "HandoverState",
    "Health",
    "Lesson",
    "LessonKind",
    "LessonsOwed",
    "Member",
    "Project",
    "ProjectRole",
    "Responsibility",
    "ResponsibilityKind",
    "Revision",
    "RiskTier",
    "Skill",
    "SkillLevel",
    "Stage",
    "SuccessMetric",
    "WorkArea",
]
