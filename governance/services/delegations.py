"""Deciding for somebody else: given for a time, ended early, never passed on."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from coe_portal.core.services import people
from governance.events import DelegationChanged
from governance.models import Delegation
from governance.policies.known_parts import PARTS
from projects.models import BusinessUnit

LONGEST = timedelta(days=366)


@transaction.atomic
def delegate(*, to: str, starts_on: date, ends_on: date, scope: str = "all", actor: User) -> Delegation:
    """Let the colleague ``to`` decide for ``actor`` from ``starts_on`` to ``ends_on``, both included.

    Args:
        scope: ``all``, ``action:<action or its beginning before a colon>``, or ``business_unit:<id>``.

    Raises:
        InvalidInput: a field cannot be used.
        StaleState: another delegation of the person covers some of the same at the same time.
    """
    pair = User.objects.select_for_update(no_key=True).filter(Q(pk=actor.pk) | Q(username=to)).order_by("pk")
    actor = next(person for person in list(pair) if person.pk == actor.pk)  # one at a time, so that no two can overlap
    errors: dict[str, list[str]] = {}
    person = _colleague(to, actor, errors)
    action, unit = _scope(scope, errors)
    _check_days(starts_on, ends_on, errors)
    if errors or person is None:
        raise InvalidInput(errors)
    wanted = Delegation(
        principal=actor, delegate=person, starts_on=starts_on, ends_on=ends_on, action=action, business_unit=unit
    )
    _refuse_overlap(wanted)
    wanted.save(force_insert=True)
    people.stand_in(person=person, first=starts_on, last=ends_on)
    after = {"to": person, "starts_on": starts_on, "ends_on": ends_on, "scope": wanted.scope}
    audit.record(actor=actor, action="delegation.given", subject=wanted, after=after)
    outbox.publish(DelegationChanged(wanted.pk, "given", actor.username))
    return wanted


def _colleague(username: str, actor: User, errors: dict[str, list[str]]) -> User | None:
    person = User.objects.people().filter(username=username).first()
    if person is None:
        errors["to"] = [f"There is no colleague with the username “{username[:64]}”."]
    elif person.pk == actor.pk:
        errors["to"] = ["Choose somebody else: you decide for yourself already."]
    elif person.is_auditor:
        errors["to"] = [f"{person} is an auditor, who reads everything and decides nothing."]
    return person


def _scope(scope: str, errors: dict[str, list[str]]) -> tuple[str, BusinessUnit | None]:
    kind, _, value = scope.partition(":")
    unit = BusinessUnit.objects.filter(pk=value[:26]).first() if kind == "business_unit" else None
    if kind == "action" and 0 < len(value) <= 60 and value.partition(":")[0] in PARTS:
        return value, None
    if scope != "all" and unit is None:
        names = ", ".join(f"action:{name}" for name in PARTS)
        errors["scope"] = [f"Choose all, business_unit:<id>, or what is asked for: {names}."]
    return "", unit


def _check_days(starts_on: date, ends_on: date, errors: dict[str, list[str]]) -> None:
    if ends_on < starts_on:
        errors["ends_on"] = ["The last day cannot be before the first."]
    elif ends_on < timezone.localdate():
        errors["ends_on"] = ["This is over already; choose a day that is still to come."]
    elif ends_on - starts_on > LONGEST:
        errors["ends_on"] = ["Delegate for a year at most; a longer absence needs a change of roles."]


def _refuse_overlap(wanted: Delegation) -> None:
    days = {"starts_on__lte": wanted.ends_on, "ends_on__gte": wanted.starts_on}
    for other in Delegation.objects.for_list().filter(principal=wanted.principal, ended_at=None, **days):
        if _overlap(wanted, other):
            raise StaleState(
                f"{other.delegate} already decides for you from {other.starts_on:%d %B} to {other.ends_on:%d %B %Y} "
                f"({other.scope_words}). End that one first, or choose other days.",
                code="overlapping_delegation",
            )


def _overlap(one: Delegation, other: Delegation) -> bool:
    """Whether some request could be covered by both."""
    if one.action and other.action:
        first, second = f"{one.action}:", f"{other.action}:"
        return first.startswith(second) or second.startswith(first)
    if one.business_unit_id and other.business_unit_id:
        return bool(one.business_unit_id == other.business_unit_id)
    return True


@transaction.atomic
def end(*, delegation_id: str, actor: User) -> Delegation:
    """End a delegation before its last day. Its giver, its holder and CoE leads may.

    Raises NotFound, NotAllowed, and StaleState when it is over.
    """
    found = Delegation.objects.select_for_update(of=("self",)).filter(pk=delegation_id[:26]).first()
    if found is None or (actor.pk not in (found.principal_id, found.delegate_id) and not actor.reads_everything):
        raise NotFound("There is no such delegation that you may see.")
    if actor.pk not in (found.principal_id, found.delegate_id) and not actor.is_lead:
        raise NotAllowed(f"Only {found.principal}, {found.delegate} or a CoE lead can end this.")
    if found.state == "ended":
        raise StaleState("This delegation is over already.")
    found.ended_at = timezone.now()
    found.save(update_fields=["ended_at"])
    audit.record(
        actor=actor, action="delegation.ended", subject=found, before={"ends_on": found.ends_on}, after={"ended": True}
    )
    outbox.publish(DelegationChanged(found.pk, "ended", actor.username))
    return found
