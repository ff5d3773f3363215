"""Checklist versions: what governance hands down when a policy is published."""

from typing import Any

from django.db import transaction

from projects.models import ChecklistVersion


@transaction.atomic
def publish_version(
    *, policy_version: str, criteria: list[dict[str, Any]], intake: dict[str, Any] | None = None
) -> ChecklistVersion:
    """Make these criteria the ones that new projects get. Publishing the same version twice changes nothing.

    Args:
        intake: how ideas are looked at first: ``{concept, concept_questions, explain_similar_from}``.
    """
    known = ChecklistVersion.objects.filter(policy_version=policy_version).first()
    if known is not None:
        return known
    ChecklistVersion.objects.filter(is_current=True).update(is_current=False)
    return ChecklistVersion.objects.create(
        policy_version=policy_version, criteria=criteria, intake=intake or {}, is_current=True
    )
