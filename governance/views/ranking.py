"""The ranking of intakes, and what other weights would change before anybody saves them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from coe_portal.core.errors import DomainError
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.sessions import signed_in
from governance.forms import WeightsForm
from governance.models import ScoringVersion
from governance.policies.scoring import DIMENSIONS
from governance.services import qualification
from governance.services.qualification import weights

SHOWN_VERSIONS = 10


@require_http_methods(["GET", "POST"])
def ranking(request: HttpRequest) -> HttpResponse:
    """Intakes by score. With weights in the address the ranks that these would give; POST saves them."""
    user, weighing = signed_in(request), weights.current()
    titles = {scale["code"]: scale["title"] for scale in weighing.scales}
    given = request.POST if request.method == "POST" else request.GET
    tried = any(name in given for name in DIMENSIONS)
    form = WeightsForm(given if tried else None, titles=titles, initial=dict(weighing.weights))
    reason, refusal = given.get("reason", ""), ""
    if request.method == "POST":
        try:
            saved = qualification.save_weights(weights=_numbers(request), reason=reason, actor=user)
        except DomainError as error:
            refusal = " ".join(text for texts in error.errors.values() for text in texts) or error.message
        else:
            messages.success(request, f"Saved as version {saved.number}. Every intake is ranked by it from now on.")
            return redirect(request, reverse("governance:ranking"))
    then = form.cleaned_data if tried and form.is_valid() else None
    context: dict[str, Any] = {
        "rows": qualification.ranked(user, then, weighing),
        "form": form,
        "weighing": weighing,
        "then": then if then and then != dict(weighing.weights) else None,
        "query": given.urlencode() if tried else "",
        "versions": ScoringVersion.objects.select_related("created_by")[:SHOWN_VERSIONS],
        "titles": titles,
        "reason": reason,
        "refusal": refusal,
        "reader": user,
    }
    status = 422 if refusal or (tried and form.errors) else 200
    if request.method == "POST":
        return render(request, "governance/ranking.html", context, status=status)
    return render_page(request, "governance/ranking.html", context, partial="rows", status=status)


def _numbers(request: HttpRequest) -> dict[str, Any]:
    return {name: weights.number_of(request.POST.get(name, "")) for name in DIMENSIONS}
