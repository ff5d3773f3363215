"""Who decides for me, and for whom I decide."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.sessions import signed_in
from governance.forms import DelegationForm
from governance.models import Delegation
from governance.services import delegations


@require_http_methods(["GET", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """My delegations, given and received; POST gives one."""
    user = signed_in(request)
    form = DelegationForm(request.POST or None, giver=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = delegations.delegate(actor=user, **form.cleaned_data)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{made.delegate} decides for you until {made.ends_on:%d %B %Y}.")
            return redirect(request, reverse("governance:delegations"))
    rows = Delegation.objects.of(user).for_list()
    context = {
        "form": form,
        "given": [row for row in rows if row.principal_id == user.pk],
        "held": [row for row in rows if row.delegate_id == user.pk],
    }
    return render(request, "governance/delegations.html", context, status=422 if form.errors else 200)


@require_POST
def end(request: HttpRequest, delegation_id: str) -> HttpResponse:
    """End one before its last day."""
    found = delegations.end(delegation_id=delegation_id, actor=signed_in(request))
    messages.success(request, f"{found.delegate} no longer decides for {found.principal}.")
    return redirect(request, reverse("governance:delegations"))
