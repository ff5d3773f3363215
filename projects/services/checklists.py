"""Checklist versions: what governance hands down when a policy is published."""

from typing import Any

from django.db import transaction

from projects.models import ChecklistVersion


@transaction.atomic
def publish_version(
    *, policy_version: str, criteria: list[dict[str, Any]], team: dict[str, Any] | None = None
) -> ChecklistVersion:
    """Make these criteria the ones that new projects get. Publishing the same version twice changes nothing.

    Args:
        team: ``most_areas`` of one person, and ``blocks``: titles of the gates that wait for each code of gap.
    """
    known = ChecklistVersion.objects.filter(policy_version=policy_version).first()
    if known is not None:
        return known
    ChecklistVersion.objects.filter(is_current=True).update(is_current=False)
    return ChecklistVersion.objects.create(
        policy_version=policy_version, criteria=criteria, team=team or {}, is_current=True
    )
