"""Checklist versions: what governance hands down when a policy is published."""

from typing import Any

from django.db import transaction

from projects.models import ChecklistVersion


@transaction.atomic
def publish_version(
    *,
    policy_version: str,
    criteria: list[dict[str, Any]],
    team: dict[str, Any] | None = None,
    for_new_projects: bool = True,
) -> ChecklistVersion:
    """Keep the criteria of a policy version; new projects get them unless they are only for projects that move to them.

    Publishing the same version twice changes nothing.

    Args:
        team: ``most_areas`` of one person, and ``blocks``: titles of the gates that wait for each code of gap.
    """
    known = ChecklistVersion.objects.filter(policy_version=policy_version).first()
    if known is not None:
        return known
    if for_new_projects:
        ChecklistVersion.objects.filter(is_current=True).update(is_current=False)
    return ChecklistVersion.objects.create(
        policy_version=policy_version, criteria=criteria, team=team or {}, is_current=for_new_projects
    )
