"""Who calls the API, and what the token allows."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from coe_portal.core import request_id
from coe_portal.core.models import ApiToken, Scope, User

if TYPE_CHECKING:  # REST framework reads this module while its own views load
    from rest_framework.views import APIView

LAST_USED_RESOLUTION = timedelta(minutes=1)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer coe_…``: a scoped, expiring token of a person or a service account."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed("Send the header as: Authorization: Bearer coe_…")
        digest = ApiToken.digest_of(words[1].decode("latin-1"))
        token = ApiToken.objects.usable().select_related("user").filter(digest=digest).first()
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked. Make a new one under Account.")
        self._note_use(token)
        request_id.acting(token.user_id)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"

    @staticmethod
    def _note_use(token: ApiToken) -> None:
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > LAST_USED_RESOLUTION:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


class BrowserSessionAuthentication(SessionAuthentication):
    """The session of a signed-in browser; CSRF is enforced. Anonymous callers get 401, not 403."""

    def authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"


class HasScope(BasePermission):
    """A token needs ``read`` to read and ``write`` to change, or what the view names for the action.

    A view may set ``required_scopes = {"decide": Scope.DECIDE}`` by action name. Sessions have every scope.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        needed = needed_scope(request, view)
        if needed not in request.auth.scopes:
            raise PermissionDenied(
                f"This token has the scopes {', '.join(request.auth.scopes)}, but this needs {needed}. "
                "Make a token with that scope."
            )
        return True


def person_of(request: Request) -> User:
    """The authenticated caller. ``HasScope`` lets nobody else reach a view."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def needed_scope(request: Request, view: "APIView") -> str:
    """The scope that a token needs for this request."""
    named: dict[str, Any] = getattr(view, "required_scopes", {})
    action = getattr(view, "action", None) or request.method.lower() if request.method else ""
    return str(named.get(action, Scope.READ if request.method in SAFE_METHODS else Scope.WRITE))
