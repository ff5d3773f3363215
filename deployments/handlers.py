"""What runs on AWS does when something happens below. Handlers touch the database only; AWS is left to a task."""

from coe_portal.core import outbox
from coe_portal.core.outbox import subscribe
from governance.events import CopyAttested


@subscribe(CopyAttested)
def copy_attested(event: CopyAttested) -> None:
    """Somebody says that a copy is destroyed: the row waits to be looked at, a worker is told."""
    del event
    outbox.wake("deployments.look_at_copies")
