"""One reviewer's scores of an intake."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import User
from governance.models import PolicyVersion, Review
from governance.policies import scoring
from governance.services.qualification import weights
from projects import permissions
from projects.models import Project, Reviewer, Stage

MAX_COMMENT = 4000


def refusal(user: User, project: Project) -> str:
    """Why the person may not score this intake; empty when they may."""
    asked = user.is_lead or Reviewer.objects.filter(project=project, user=user).exists()
    return why_not(user, permissions.takes_part(user, project), asked)


def why_not(user: User, taking_part: bool, is_asked: bool) -> str:
    """The same from what is known already."""
    if taking_part:
        return "You take part in this project, so somebody else reviews it."
    if user.is_lead or is_asked:
        return ""
    return "Only CoE leads and the reviewers they invite score an intake."


def is_awaited(user: User, project: Project) -> bool:
    """Whether the person was asked to score what the project says now and has not."""
    given = Review.objects.filter(project=project, reviewer=user, revision=project.revision)
    asked = Reviewer.objects.filter(~Exists(given), project=project, user=user)
    return project.stage == Stage.QUALIFICATION and asked.exists()


def awaited(project: Project) -> list[Reviewer]:
    """Everybody who was asked to score what the project says now, may do so and has not."""
    if project.stage != Stage.QUALIFICATION:
        return []
    given = Review.objects.filter(project=project, reviewer=OuterRef("user"), revision=project.revision)
    rows = Reviewer.objects.filter(~Exists(given), project=project).select_related("user")
    return [row for row in rows if not permissions.takes_part(row.user, project)]


@transaction.atomic
def give_review(*, project_key: str, scores: Mapping[str, Any], comment: str = "", actor: User) -> Review:
    """Score the revision that was submitted; giving scores again replaces one's own.

    Args:
        scores: a whole number from 1 to 5 for each dimension.

    Raises:
        NotFound, NotAllowed: the person takes part, or is neither CoE lead nor invited.
        InvalidInput: a dimension is missing, unknown or out of range.
        StaleState: the intake is not in qualification.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    reason = refusal(actor, project)
    if reason:
        raise NotAllowed(reason)
    _check(project, scores, comment)
    weights.current()
    known = Review.objects.filter(project=project, reviewer=actor, revision=project.revision).first()
    before = {"scores": known.scores} if known else None
    review = known or Review(project=project, reviewer=actor, revision=project.revision)
    review.scores = {name: scores[name] for name in scoring.DIMENSIONS}
    review.comment, review.given_at, review.policy_version = comment.strip(), timezone.now(), _policy()
    review.save()
    after = {"scores": review.scores, "revision": review.revision}
    audit.record(actor=actor, action="review.given", subject=review, before=before, after=after, comment=review.comment)
    return review


def _check(project: Project, scores: Mapping[str, Any], comment: str) -> None:
    if project.stage != Stage.QUALIFICATION:
        stage = project.get_stage_display().lower()
        raise StaleState(f"{project.key} is in {stage}; reviewers score what was submitted for qualification.")
    errors = scoring.problems_of_scores(scores)
    if len(comment) > MAX_COMMENT or "\x00" in comment:
        errors["comment"] = [f"Write plain text of at most {MAX_COMMENT} characters."]
    if errors:
        raise InvalidInput(errors)


def _policy() -> str:
    return PolicyVersion.objects.for_new_projects().only("name", "number").get().label
