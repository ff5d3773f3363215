"""Checklist versions: what governance hands down when a policy is published."""

from typing import Any

from django.db import transaction

from projects.checklists import Demands, demands_of
from projects.models import ChecklistVersion


@transaction.atomic
def publish_version(
    *,
    policy_version: str,
    criteria: list[dict[str, Any]],
    team: dict[str, Any] | None = None,
    intake: dict[str, Any] | None = None,
    for_new_projects: bool = True,
) -> ChecklistVersion:
    """Keep the criteria of a policy version; new projects get them unless they are only for projects that move to them.

    Publishing the same version twice changes nothing.

    Args:
        team: ``most_areas`` of one person, and ``blocks``: titles of the gates that wait for each code of gap.
        intake: how ideas are looked at first: ``{concept, concept_questions, explain_similar_from}``.
    """
    known = ChecklistVersion.objects.filter(policy_version=policy_version).first()
    if known is not None:
        return known
    if for_new_projects:
        ChecklistVersion.objects.filter(is_current=True).update(is_current=False)
    return ChecklistVersion.objects.create(
        policy_version=policy_version,
        criteria=criteria,
        team=team or {},
        intake=intake or {},
        is_current=for_new_projects,
    )


def demands(policy_version: str) -> dict[str, Demands]:
    """What the policy asks of each criterion besides its answer, by code; nothing for a version that is not known."""
    rows = ChecklistVersion.objects.filter(policy_version=policy_version).values_list("criteria", flat=True)
    return {item["code"]: demands_of(item) for criteria in rows for item in criteria}
