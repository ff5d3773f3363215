"""What stands at the top of every page of a project: name, journey, tabs."""

from collections.abc import Sized
from typing import Any

from django.utils import timezone

from projects import stages
from projects.models import Criterion, Project, Stage
from projects.models.checklist import MET
from projects.views.words import STAGE_CHIPS


def head_context(
    project: Project, tab: str, criteria: list[Criterion] | None = None, team: Sized | None = None
) -> dict[str, Any]:
    """The head's facts. ``tab`` is the page: overview, checklist, team, runs, decisions or history."""
    known = list(project.criteria.all()) if criteria is None else criteria
    timebox = stages.Timebox(project.poc_starts_on, project.poc_ends_on)
    return {
        "project": project,
        "tab": tab,
        "stage_chip": STAGE_CHIPS[Stage(project.stage)],
        "journey": stages.journey(project.stage, known, timebox, timezone.localdate()),
        "met": sum(criterion.status in MET for criterion in known),
        "total": len(known),
        "team_size": project.members.count() if team is None else len(team),
    }
