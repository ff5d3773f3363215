"""Questions of approvers and the requester's answers, on the page of the request."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from coe_portal.core.forms import text_of
from coe_portal.core.htmx import redirect
from coe_portal.core.sessions import signed_in
from governance.services import approvals
from governance.views.inbox import find_request


@require_POST
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Ask the requester; the clock stands still."""
    user = signed_in(request)
    found = find_request(user, key)
    approvals.ask(request_id=found.pk, text=text_of(request, "text"), actor=user)
    messages.success(request, f"{found.requester} is asked. The clock stands still until they answer.")
    return redirect(request, reverse("governance:approval", args=[found.key]))


@require_POST
def answer(request: HttpRequest, key: str, question_id: int) -> HttpResponse:
    """Answer an approver's question."""
    user = signed_in(request)
    found = find_request(user, key)
    approvals.answer(request_id=found.pk, question_id=question_id, text=text_of(request, "text"), actor=user)
    messages.success(request, "Your answer is recorded.")
    return redirect(request, reverse("governance:approval", args=[found.key]))
