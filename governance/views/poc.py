"""The clock of a proof of concept and the decision how it goes on."""

from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from governance.forms import PocDecisionForm
from governance.models import PocChoice, PocDecision
from governance.policies.poc_clock import OVER, RUNNING, WARNING, Hand
from governance.services import poc_clock, poc_decisions, spending
from projects.models import Project, Stage
from projects.permissions import visible_project

CHIPS = {RUNNING: ("ok", "Running"), WARNING: ("warn", "Nearly used"), OVER: ("bad", "Used up")}
BARS = {RUNNING: "", WARNING: "warn", OVER: "bad"}


@require_GET
def clock_panel(request: HttpRequest, key: str) -> HttpResponse:
    """The card of the project's page, or a page of its own."""
    project = _with_criteria(visible_project(signed_in(request), key))
    context = {"project": project} | clock_context(project)
    return render_page(request, "governance/poc_clock.html", context, partial="panel")


def _with_criteria(project: Project) -> Project:
    """Read the checklist once, for the head of the page and for what stands below."""
    prefetch_related_objects([project], "criteria")
    return project


def clock_context(project: Project) -> dict[str, Any]:
    """Time and money used, what was reached, when to stop, and what was decided."""
    spent = spending.spent_by([project.pk])[project.pk]
    reading = poc_clock.reading_of(project, spent.total)
    decisions = list(PocDecision.objects.for_list().filter(project=project))
    in_force = [each for each in decisions if each.in_force_at]
    feasible = next((item.answer or {} for item in project.criteria.all() if item.code == "feasible"), {})
    return {
        "reading": reading,
        "spent": spent,
        "chip": CHIPS[reading.level],
        "bars": {hand.kind: _bar(hand) for hand in reading.hands},
        "reached": spending.achievement_of(project),
        "kill_criteria": feasible.get("kill_criteria", ""),
        "decisions": decisions,
        "extensions": sum(each.decision == PocChoice.EXTEND for each in in_force),
        "holding": next((each for each in in_force[:1] if _holds(each)), None),
    }


def _holds(decision: PocDecision) -> bool:
    return decision.holds_until is not None and decision.holds_until >= timezone.localdate()


def _bar(hand: Hand) -> tuple[int, str]:
    """How long the bar is, at most 100, and its colour."""
    return min(hand.percent or 0, 100), BARS[hand.level]


@require_http_methods(["GET", "POST"])
def decision_page(request: HttpRequest, key: str) -> HttpResponse:
    """What is known beside the decision; POST records it."""
    user = signed_in(request)
    project = _with_criteria(visible_project(user, key))
    questions = [(item.code, item.short) for item in project.criteria.all()]
    form = PocDecisionForm(request.POST or None, questions=questions, currency=project.currency)
    if request.method == "POST" and form.is_valid():
        try:
            decided = poc_decisions.decide(project_key=key, wish=poc_decisions.Wish(**form.cleaned_data), actor=user)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            apply_domain_error(form, error)
        else:
            return _decided(request, decided)
    context = {"project": project, "form": form, **_refusals(user, project), **clock_context(project)}
    return render(request, "governance/poc_decision.html", context, status=422 if form.errors else 200)


def _refusals(user: User, project: Project) -> dict[str, Any]:
    if project.stage != Stage.POC:
        stage = project.get_stage_display().lower()
        return {"refusal": f"{project.key} is in {stage}; only a proof of concept is decided on here.", "note": ""}
    deciding = poc_decisions.refusal(user, project, PocChoice.GO)
    if not deciding:
        return {"refusal": "", "note": "", "running": spending.running_of(project)}
    extending = poc_decisions.refusal(user, project, PocChoice.EXTEND)
    return {"refusal": extending, "note": "" if extending else f"{deciding} You may ask for an extension."}


def _decided(request: HttpRequest, decided: PocDecision) -> HttpResponse:
    if decided.request:
        messages.success(request, f"{decided.request.key} asks for the extension.")
        return redirect(request, reverse("governance:approval", args=[decided.request.key]))
    recorded = f"Recorded: {decided.get_decision_display().lower()}."
    if decided.decision == PocChoice.GO:
        messages.success(request, f"{recorded} Now the next gate can be asked for; what is missing stands below.")
        return redirect(request, reverse("governance:project_gate", args=[decided.project.key]))
    messages.success(request, recorded)
    return redirect(request, reverse("projects:detail", args=[decided.project.key]))
