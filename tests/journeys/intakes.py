"""What qualification leaves behind, for everybody to look at."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from coe_portal.core.models import User
from governance.models import ApprovalRequest
from governance.policies import scoring
from governance.services import intakes, qualification
from governance.services.qualification import Wish
from projects.models import Project
from projects.services import concepts, field_questions, joining, reviewers
from projects.services.field_questions import Asked
from tests.factories import complete_intake


def of_intakes(project: Project, asked: ApprovalRequest, people: dict[str, User]) -> dict[str, Any]:
    """What qualification leaves behind: a review, a reviewer, a question at a field, a concept, a wish to join."""
    scores = dict.fromkeys(scoring.DIMENSIONS, 4)
    qualification.give_review(project_key=asked.project.key, scores=scores, actor=people["lead"])
    reviewers.invite(project_key=asked.project.key, username="dataengineer", actor=people["lead"])
    field_questions.ask_all(project, [Asked("value", "Who agreed on it?", "likely")], actor=people["lead"])
    idea = complete_intake("Spare parts from photos")
    concepts.submit_concept(project_key=idea.key, actor=people["domain"])
    aside = intakes.submit(project_key=complete_intake("Tyre wear").key, actor=people["domain"]).approval.project
    later = Wish("defer", "After the budget round.", defer_until=timezone.localdate() + timedelta(days=40))
    qualification.decide_intake(project_key=aside.key, wish=later, actor=people["lead"])
    wish = joining.ask(project_key=project.key, message="We label too.", actor=people["devops"])
    return {
        "asked_id": project.field_questions.get().pk,
        "reviewer": "dataengineer",
        "join_id": wish.pk,
        "idea": idea.key,
        "deferred": aside.key,
    }
