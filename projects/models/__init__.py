"""What we build and why."""

from projects.models.checklist import (
    CRITERION_LIFECYCLE,
    ChecklistVersion,
    Criterion,
    CriterionStatus,
)
from projects.models.data_access import ACCESS_LIFECYCLE, AccessPattern, AccessStatus, DataAccess, EndReason
from projects.models.datasets import Dataset, Readiness
from projects.models.evidence import LIVE_KINDS, Evidence, EvidenceKind
from projects.models.intake import (
    CONCEPT_LIFECYCLE,
    JOIN_LIFECYCLE,
    Concept,
    ConceptState,
    Distinction,
    FieldQuestion,
    JoinRequest,
    JoinState,
    Reviewer,
)
from projects.models.lessons import Lesson, LessonKind, LessonsOwed
from projects.models.participation import Participation
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
    "ACCESS_LIFECYCLE",
    "CONCEPT_LIFECYCLE",
    "CRITERION_LIFECYCLE",
    "HANDOVER_LIFECYCLE",
    "JOIN_LIFECYCLE",
    "LIVE_KINDS",
    "STAGE_LIFECYCLE",
    "AccessPattern",
    "AccessStatus",
    "BusinessUnit",
    "ChecklistVersion",
    "Concept",
    "ConceptState",
    "Criterion",
    "CriterionStatus",
    "DataAccess",
    "DataClassification",
    "Dataset",
    "Distinction",
    "EndReason",
    "Evidence",
    "EvidenceKind",
    "FieldQuestion",
    "Handover",
    "HandoverReason",
    "HandoverState",
    "Health",
    "JoinRequest",
    "JoinState",
    "Lesson",
    "LessonKind",
    "LessonsOwed",
    "Member",
    "Participation",
    "Project",
    "ProjectRole",
    "Readiness",
    "Responsibility",
    "ResponsibilityKind",
    "Reviewer",
    "Revision",
    "RiskTier",
    "Skill",
    "SkillLevel",
    "Stage",
    "SuccessMetric",
    "WorkArea",
]
