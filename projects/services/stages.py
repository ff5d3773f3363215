"""Moving a project from stage to stage. Only governance calls this: it knows the gates."""

from django.utils import timezone

from coe_portal.core import outbox
from coe_portal.core.models import User
from projects.events import ProjectStageMoved
from projects.models import STAGE_LIFECYCLE, Project


def move_stage(project: Project, to: str, *, actor: User | None, comment: str = "") -> None:
    """Move the project and tell the apps above. Call inside a transaction. Raises StaleState for an unlisted move."""
    source, now = project.stage, timezone.now()
    STAGE_LIFECYCLE.move(
        project,
        to,
        actor=actor,
        action="project.stage_moved",
        comment=comment,
        version=project.version + 1,
        updated_at=now,
    )
    decided_by = actor.pk if actor else None
    outbox.publish(ProjectStageMoved(project.key, source, to, project.revision, now.isoformat(), decided_by))
