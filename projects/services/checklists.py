"""Checklist versions: what governance hands down when a policy is published."""

from typing import Any

from django.db import transaction

from projects.checklists import Demands, demands_of
from projects.models import ChecklistVersion


@transaction.atomic
def publish_version(*, policy_version: str, criteria: list[dict[str, Any]]) -> ChecklistVersion:
    """Make these criteria the ones that new projects get. Publishing the same version twice changes nothing."""
    known = ChecklistVersion.objects.filter(policy_version=policy_version).first()
    if known is not None:
        return known
    ChecklistVersion.objects.filter(is_current=True).update(is_current=False)
    return ChecklistVersion.objects.create(policy_version=policy_version, criteria=criteria, is_current=True)


def demands(policy_version: str) -> dict[str, Demands]:
    """What the policy asks of each criterion besides its answer, by code; nothing for a version that is not known."""
    rows = ChecklistVersion.objects.filter(policy_version=policy_version).values_list("criteria", flat=True)
    return {item["code"]: demands_of(item) for criteria in rows for item in criteria}
