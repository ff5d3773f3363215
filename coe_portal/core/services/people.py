"""What people change about themselves."""

from django.db import transaction

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from coe_portal.core.models.user import Theme


@transaction.atomic
def set_preferences(*, theme: str, shortcuts: bool, actor: User) -> User:
    """Keep how the pages look and whether single-key shortcuts work. Raises InvalidInput for an unknown theme."""
    if theme not in Theme.values:
        raise InvalidInput({"theme": [f"Choose one of {', '.join(Theme.values)}."]})
    before = {"theme": actor.theme, "shortcuts": actor.shortcuts}
    after = {"theme": theme, "shortcuts": shortcuts}
    if before != after:
        User.objects.filter(pk=actor.pk).update(**after)
        actor.theme, actor.shortcuts = theme, shortcuts
        audit.record(actor=actor, action="user.preferences", subject=actor, before=before, after=after)
    return actor
