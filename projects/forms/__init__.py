"""What people fill in, by what it is about."""

from projects.forms.answers import WORDS, AnswerForm
from projects.forms.checklist import EvidenceForm, PlanForm, VerdictForm, WithdrawForm
from projects.forms.datasets import DatasetForm
from projects.forms.intake import ConceptForm, JoinForm
from projects.forms.picks import DatasetsField
from projects.forms.projects import LessonForm, MemberForm, ProjectForm

__all__ = [
    "WORDS",
    "AnswerForm",
    "ConceptForm",
    "DatasetForm",
    "DatasetsField",
    "EvidenceForm",
    "JoinForm",
    "LessonForm",
    "MemberForm",
    "PlanForm",
    "ProjectForm",
    "VerdictForm",
    "WithdrawForm",
]
