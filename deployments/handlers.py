"""What runs on AWS does when something happens below. Handlers touch the database only; AWS is left to a task."""

from coe_portal.core import outbox
from coe_portal.core.models import User
from coe_portal.core.outbox import subscribe
from deployments.services import endings
from governance.events import CopyAttested
from projects.events import ProjectStageMoved


@subscribe(CopyAttested)
def copy_attested(event: CopyAttested) -> None:
    """Somebody says that a copy is destroyed: the row waits to be looked at, a worker is told."""
    del event
    outbox.wake("deployments.look_at_copies")


@subscribe(ProjectStageMoved)
def project_ended(event: ProjectStageMoved) -> None:
    """What still runs for an ended project is asked to stop; a run that slips in is refused before it goes to AWS."""
    by = User.objects.filter(pk=event.actor_id).first()
    endings.stop_runs(project_key=event.project_key, target=event.target, decided_by=by)
