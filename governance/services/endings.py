"""What follows when a project ends: the lessons that its policy asks for."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from coe_portal.core.errors import Missing
from governance.policies.closing import lesson_rule
from governance.services import policies
from projects.models import LessonsOwed, Project
from projects.services import lessons


@transaction.atomic
def owe_lessons(*, project_key: str, source: str, target: str) -> LessonsOwed | None:
    """Note what a project that moved from one stage to its end owes; None when that is nothing. Twice is once."""
    project = Project.objects.by_key(project_key).select_related("owner").select_for_update(of=("self",)).get()
    rule = lesson_rule(policies.policy_of(project.policy_version).document)
    if not rule.is_owed(source, target):
        return None
    due_on = timezone.localdate() + timedelta(days=rule.days)
    return lessons.owe(project, kinds=rule.kinds, due_on=due_on, actor=None)


def missing_lessons(project: Project, target: str) -> list[Missing]:
    """What a gate that leads to an end still needs."""
    rule = lesson_rule(policies.policy_of(project.policy_version).document)
    return lessons.missing(project, rule.kinds) if rule.is_owed(project.stage, target) else []
