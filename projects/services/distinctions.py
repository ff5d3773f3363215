"""Why a project goes its own way although another is like it."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, Missing, NotFound
from coe_portal.core.models import User
from projects import permissions
from projects.keepable import unkeepable
from projects.models import Distinction, Project
from projects.services import concepts
from projects.similar import Candidate, similar_projects

SHORTEST, LONGEST = 20, 2000


@transaction.atomic
def explain(*, project_key: str, other_key: str, reason: str, actor: User) -> Distinction:
    """Say why a project does not join another that is like it. Saying it again replaces the reason.

    Raises:
        NotFound, NotAllowed, StaleState: the person may not, or the answers are fixed.
        InvalidInput: no such other project, or no real reason.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "answer", project)
    permissions.require_open_checklist(project)
    other = _other(project, other_key, actor)
    words = reason.strip()
    if not SHORTEST <= len(words) <= LONGEST or unkeepable({"reason": words}):
        raise InvalidInput({"reason": [f"Say in {SHORTEST} to {LONGEST:,} characters what is different."]})
    before = Distinction.objects.filter(project=project, other=other).values_list("reason", flat=True).first()
    values = {"reason": words, "given_by": actor, "given_at": timezone.now()}
    distinction, _ = Distinction.objects.update_or_create(project=project, other=other, defaults=values)
    audit.record(
        actor=actor,
        action="project.told_apart",
        subject=project,
        before={"reason": before} if before else None,
        after={"from": other.key},
        comment=words,
    )
    return distinction


def _other(project: Project, other_key: str, actor: User) -> Project:
    try:
        other = permissions.visible_project(actor, other_key)
    except NotFound as error:
        raise InvalidInput({"other": [error.message]}) from None
    if other.pk == project.pk:
        raise InvalidInput({"other": ["A project cannot be told apart from itself."]})
    return other


def unexplained(project: Project, found: Sequence[Candidate] | None = None) -> list[Candidate]:
    """Similar projects that the policy wants explained and nobody has; empty when the policy asks for nothing.

    Args:
        found: what is similar, when it is known; else what the owner sees: nobody explains what they cannot know of.
    """
    limit = concepts.rules_of(project)["explain_similar_from"]
    if limit is None:
        return []
    text = f"{project.name} {project.summary}"
    alike = similar_projects(project.owner, text, besides=project.pk) if found is None else found
    known = set(project.distinctions.values_list("other_id", flat=True))
    return [item for item in alike if item.score >= limit and item.project.pk not in known]


def missing(project: Project, found: Sequence[Candidate] | None = None) -> list[Missing]:
    """What still has to be explained before the full case is submitted."""
    fix = "Join it, or say beside it why this one is different."
    return [
        Missing("similar", f"{item.project.key} {item.project.name} is very similar.", fix)
        for item in unexplained(project, found)
    ]
