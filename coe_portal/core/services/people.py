"""What people change about themselves."""

from django.db import transaction

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import User
from coe_portal.core.models.user import MailMode, Theme


@transaction.atomic
def set_preferences(*, theme: str, shortcuts: bool, mail: str = "", actor: User) -> User:
    """Keep how the pages look, whether single-key shortcuts work, and when mail comes (empty leaves that as it is).

    Raises InvalidInput for an unknown theme or way of mail.
    """
    if theme not in Theme.values:
        raise InvalidInput({"theme": [f"Choose one of {', '.join(Theme.values)}."]})
    if mail not in ("", *MailMode.values):
        raise InvalidInput({"mail": [f"Choose one of {', '.join(MailMode.values)}."]})
    before = {"theme": actor.theme, "shortcuts": actor.shortcuts, "mail": actor.mail}
    after = {"theme": theme, "shortcuts": shortcuts, "mail": mail or actor.mail}
    if before != after:
        User.objects.filter(pk=actor.pk).update(**after)
        actor.theme, actor.shortcuts, actor.mail = theme, shortcuts, mail or actor.mail
        audit.record(actor=actor, action="user.preferences", subject=actor, before=before, after=after)
    return actor
