"""What stands open on a project's page of findings and conditions, as tasks in the inbox of who sees to it."""

from django.urls import reverse

from coe_portal.core.inbox import Task
from governance.models import Condition, Finding

MAX_TASKS = 20


def task(row: Finding | Condition, *, title: str, what_to_do: str, kind: str, icon: str) -> Task:
    """The task for a row that was read with its project and unit."""
    return Task(
        title=title,
        why=f"{'Overdue. ' if row.is_overdue else ''}{what_to_do}",
        url=reverse("governance:project_findings", args=[row.project.key]),
        button=f"Open the {kind.lower()}",
        place=f"{row.project.key}, {row.project.business_unit}",
        kind=kind,
        icon=icon,
        due_on=row.due_on,
    )
