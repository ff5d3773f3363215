"""What people change about themselves, and what a CoE lead does for them."""

from datetime import date

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound
from coe_portal.core.events import PersonActivityChanged
from coe_portal.core.models import User, UserKind
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


def stand_in(*, person: User, first: date, last: date) -> None:
    """Widen the days on which a person may decide for somebody else, so that on other days nobody is looked up for it.

    Call inside the transaction that lets them stand in, with the person's row locked.
    """
    if person.stands_in_from and person.stands_in_until and person.stands_in_until >= timezone.localdate():
        first, last = min(first, person.stands_in_from), max(last, person.stands_in_until)
    person.stands_in_from, person.stands_in_until = first, last
    person.save(update_fields=["stands_in_from", "stands_in_until"])


def tell_activity(*, person: User) -> None:
    """Tell the apps above that an account was switched off or on. Call inside the transaction that does it."""
    outbox.publish(PersonActivityChanged(person.username, person.is_active, timezone.now().isoformat()))


@transaction.atomic
def set_password(*, user_id: int, password: str, actor: User) -> User:
    """Give a person a new password; their sessions end.

    Raises NotAllowed (only CoE leads), NotFound, InvalidInput (a service account has tokens and no password).
    """
    person = _person_for_lead(user_id, actor, "set passwords")
    if person.kind == UserKind.SERVICE:
        raise InvalidInput({"password": ["A service account has API tokens and no password."]})
    person.set_password(password)
    person.save(update_fields=["password"])
    audit.record(actor=actor, action="user.password_set", subject=person)
    return person


@transaction.atomic
def remove_second_factors(*, user_id: int, actor: User) -> int:
    """Let a person who lost their second factor sign in with the password alone and set up a new one.

    Returns how many factors were removed. Raises NotAllowed (only CoE leads), NotFound.
    """
    person = _person_for_lead(user_id, actor, "remove second factors")
    factors = Authenticator.objects.filter(user=person)
    kinds = sorted(factors.values_list("type", flat=True))
    if kinds:
        factors.delete()
        audit.record(actor=actor, action="user.second_factors_removed", subject=person, before={"factors": kinds})
    return len(kinds)


def _person_for_lead(user_id: int, actor: User, what: str) -> User:
    if not actor.is_lead:
        raise NotAllowed(f"Only CoE leads {what}.")
    person = User.objects.select_for_update().filter(pk=user_id).first()
    if person is None:
        raise NotFound("There is no such person.")
    return person
