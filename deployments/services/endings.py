"""What follows for runs when their project ends."""

from django.db import transaction

from coe_portal.core.models import User
from deployments.models import Run
from deployments.models.runs import RunQuerySet
from deployments.services import runs
from projects.models import Project, Stage
from projects.models.project import ENDED


@transaction.atomic
def stop_runs(*, project_key: str, target: str, decided_by: User | None) -> int:
    """Ask every run of a project that ended to stop, as the portal for who decided it. Twice is once.

    Returns:
        How many runs were asked.
    """
    project = Project.objects.by_key(project_key).first()
    if project is None or target not in ENDED or project.stage not in ENDED:
        return 0
    told = f"{project.key} ended: {Stage(target).label.lower()}."
    rows = going_on(project).select_related("project", "environment").select_for_update(of=("self",)).order_by("pk")
    asked = list(rows.defer("template_version__package"))
    for run in asked:
        runs.ask_to_stop(run, actor=None, on_behalf_of=decided_by, comment=told)
    return len(asked)


def going_on(project: Project) -> RunQuerySet:
    """Runs of the project that have not ended and were not asked to stop."""
    return Run.objects.open().filter(project=project, stop_requested_at=None)
