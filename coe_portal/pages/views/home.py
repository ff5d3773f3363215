"""Where each role starts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in


def home(request: HttpRequest) -> HttpResponse:
    """Send a person to the page that their role works in."""
    for name in _starts(signed_in(request)):
        try:
            return redirect(reverse(name))
        except NoReverseMatch:
            continue
    return redirect("pages:me")


def _starts(user: User) -> list[str]:
    if user.is_executive:
        return ["pages:portfolio"]
    if user.is_lead:
        return ["projects:intake_list"]
    if user.is_auditor:
        return ["pages:audit"]
    if user.approver_groups:
        return ["governance:inbox"]
    return ["projects:list", "pages:portfolio"]
