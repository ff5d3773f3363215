"""Waivers of one criterion: those that were asked for, and asking for one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from coe_portal.core.errors import DomainError, NotFound
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.sessions import signed_in
from governance.forms import WaiverForm
from governance.models import Waiver
from governance.services import waivers
from governance.services.dossier import chip_of
from projects.models.checklist import MET
from projects.permissions import visible_project


@require_http_methods(["GET", "POST"])
def panel(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """The card of the question's page, or a page of its own; POST asks for a waiver."""
    user = signed_in(request)
    project = visible_project(user, key)
    criterion = project.criteria.filter(code=code).first()
    if criterion is None:
        raise NotFound(f"{project.key} has no question “{code[:40]}”.")
    form = WaiverForm(request.POST or None, label_suffix="", auto_id="waiver-%s")
    if request.method == "POST" and form.is_valid():
        try:
            asked = waivers.ask(project_key=key, code=code, actor=user, **form.cleaned_data)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            apply_domain_error(form, error)
        else:
            messages.success(request, f"{asked.key} asks for the waiver.")
            return redirect(request, reverse("governance:approval", args=[asked.key]))
    rows = Waiver.objects.for_list().filter(criterion=criterion).exclude(request=None)
    context = {
        "project": project,
        "criterion": criterion,
        "form": form,
        "rows": [(row, *chip_of(row.request)) for row in rows if row.request],
        "can_ask": project.is_open and criterion.status not in MET and not waivers.refusal(user, project),
    }
    status = 422 if form.errors else 200
    return render_page(request, "governance/waivers.html", context, partial="panel", status=status)
