"""API tokens: made, shown once, revoked."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound
from coe_portal.core.models import ApiToken, Scope, User

MAX_DAYS = 365


@transaction.atomic
def create_token(*, user: User, scopes: list[str], days: int, name: str, actor: User | None) -> tuple[ApiToken, str]:
    """Make a token for ``user`` and return the row and the token, which cannot be shown again.

    Raises:
        InvalidInput: an unknown scope, no scope, or more than a year.
        NotAllowed: the actor is neither the user nor a CoE lead.
    """
    if actor is not None and actor != user and not actor.is_lead:
        raise NotAllowed("Only the person themselves or a CoE lead can make a token for an account.")
    errors: dict[str, list[str]] = {}
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        errors["scopes"] = [
            f"Choose from {', '.join(Scope.values)}" + (f", not {', '.join(unknown)}." if unknown else ".")
        ]
    if not 1 <= days <= MAX_DAYS:
        errors["days"] = [f"A token lasts 1 to {MAX_DAYS} days."]
    if errors:
        raise InvalidInput(errors)
    row, token = ApiToken.make(
        user_id=user.pk, scopes=sorted(set(scopes)), name=name, expires_at=timezone.now() + timedelta(days=days)
    )
    row.save(force_insert=True)
    audit.record(
        actor=actor, action="token.created", subject=row, after={"scopes": row.scopes, "expires_at": row.expires_at}
    )
    return row, token


@transaction.atomic
def revoke_token(*, token_id: str, actor: User) -> ApiToken:
    """End a token now. Twice is harmless. Raises NotFound for a token that is not the actor's to know."""
    row = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    if row is None or (row.user_id != actor.pk and not actor.is_lead):
        raise NotFound("There is no such token of yours.")
    if row.revoked_at is None:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        audit.record(actor=actor, action="token.revoked", subject=row)
    return row


def refuse_wider_scopes(scopes: list[str], *, held: list[str] | None) -> None:
    """A token may only make tokens that can do less. ``held=None`` is a browser session, which has every scope."""
    wider = [] if held is None else sorted(set(scopes) - set(held))
    if wider:
        raise NotAllowed(f"This token lacks {', '.join(wider)}, so it cannot give it to another.")
