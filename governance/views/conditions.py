"""Conditions of approvals, as people mark them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from coe_portal.core.forms import text_of
from coe_portal.core.htmx import redirect
from coe_portal.core.sessions import signed_in
from governance.services import conditions


@require_POST
def meet(request: HttpRequest, condition_id: str) -> HttpResponse:
    """Say that a condition is met."""
    met = conditions.meet(condition_id=condition_id, note=text_of(request, "note"), actor=signed_in(request))
    messages.success(request, f"“{met.text}” is met.")
    return redirect(request, reverse("governance:approval", args=[met.request.key]) + "#conditions")
