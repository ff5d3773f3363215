"""What projects do when something happens to people. Handlers touch the database only."""

from coe_portal.core.events import PersonActivityChanged
from coe_portal.core.models import User
from coe_portal.core.outbox import subscribe
from projects.services import handovers


@subscribe(PersonActivityChanged)
def person_activity_changed(event: PersonActivityChanged) -> None:
    handovers.follow_activity(User.objects.get(username=event.username))
