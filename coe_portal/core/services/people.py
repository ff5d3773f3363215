"""What people change about themselves."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
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


@transaction.atomic
def remove_second_factor(*, username: str, actor: User) -> User:
    """Take away the lost phone, keys and recovery codes of a person, who then signs in with the password alone.

    Raises NotAllowed unless a CoE lead asks, NotFound, and StaleState when there is nothing to take away.
    """
    if not actor.is_lead:
        raise NotAllowed("Only CoE leads take a second factor away.")
    person = User.objects.select_for_update().filter(username=username).first()
    if person is None:
        raise NotFound(f"There is nobody with the username {username[:64]}.")
    factors = Authenticator.objects.filter(user=person)
    kinds = sorted(factors.values_list("type", flat=True))
    if not kinds:
        raise StaleState(f"{person} has no second factor.")
    factors.delete()
    audit.record(actor=actor, action="user.second_factor_removed", subject=person, before={"factors": kinds})
    return person
