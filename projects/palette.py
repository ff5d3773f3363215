"""Projects in the command palette."""

from django.urls import reverse

from coe_portal.core.models import User
from coe_portal.core.search import MAX_HITS, Hit
from projects.filters import found_by
from projects.models import Project


def find_projects(user: User, words: str) -> list[Hit]:
    """Visible projects whose key, name or summary contain every word; the newest when nothing is typed."""
    rows = found_by(Project.objects.visible_to(user), words).order_by("-id")[:MAX_HITS]
    return [
        Hit(
            "Projects",
            project.name,
            f"{project.key}, {project.get_stage_display()}",
            reverse("projects:detail", args=[project.key]),
            "folders",
        )
        for project in rows
    ]
