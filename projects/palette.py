"""Projects and data sets in the command palette."""

from django.urls import reverse

from coe_portal.core.models import User
from coe_portal.core.search import MAX_HITS, Hit
from projects.filters import found_by
from projects.models import Dataset, Project


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


def find_datasets(user: User, words: str) -> list[Hit]:
    """Entries of the register that hold every word; none when nothing is typed."""
    del user  # everybody reads the register
    rows = Dataset.objects.in_use().found_by(words).order_by("name")[:MAX_HITS] if words.strip() else []
    return [
        Hit(
            "Data sets",
            row.name,
            f"{row.get_classification_display()}, {row.get_readiness_display().lower()}",
            reverse("projects:dataset", args=[row.pk]),
            "database",
        )
        for row in rows
    ]
