"""The signed-in person, with the right type."""

from django.http import HttpRequest

from coe_portal.core.models import User


def signed_in(request: HttpRequest) -> User:
    """The person behind the request. Every page requires a session, so there always is one."""
    if not isinstance(request.user, User):
        raise TypeError("LoginRequiredMiddleware lets nobody in without an account")
    return request.user
