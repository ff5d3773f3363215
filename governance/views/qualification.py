"""Qualification of one intake: what it says, what reviewers say of it, and the decision."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core.errors import DomainError, InvalidInput
from coe_portal.core.forms import apply_domain_error, text_of
from coe_portal.core.htmx import redirect, render_page
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from governance.forms import IntakeDecisionForm, ReviewerForm
from governance.models import IntakeDecision, IntakeOutcome
from governance.policies.scoring import DIMENSIONS
from governance.services import qualification
from governance.services.qualification import Wish, summary
from projects.models import Stage
from projects.services import reviewers
from projects.services.field_questions import Asked

PREFIX = "ask-"
CHIPS = {
    IntakeOutcome.INVITE: "ok",
    IntakeOutcome.FUND: "ok",
    IntakeOutcome.DEFER: "warn",
    IntakeOutcome.DECLINE: "bad",
    IntakeOutcome.REQUEST_CHANGES: "warn",
}


@require_GET
def page(request: HttpRequest, key: str) -> HttpResponse:
    """The case with its scores; looking decides nothing."""
    return _page(request, signed_in(request), key)


def _page(
    request: HttpRequest,
    user: User,
    key: str,
    form: IntakeDecisionForm | None = None,
    refused: DomainError | None = None,
    deferral_error: str = "",
    status: int = 200,
) -> HttpResponse:
    project = summary.find(user, key)
    found = summary.of(project, user)
    asked = summary.request_of(project)
    context = {
        "project": project,
        "found": found,
        "parts": _case(found, _typed(request.POST)),
        "scales": [(scale, _chosen(scale, request.POST if refused else None)) for scale in found.scales],
        "asked": asked,
        "decide_refusal": summary.decide_refusal(user, found, asked),
        "form": form or IntakeDecisionForm(concept=found.waits_for_concept),
        "refused": refused,
        "deferral": qualification.open_deferral(project),
        "end_refusal": summary.part_refusal(user, found, asked) if project.stage == Stage.DEFERRED else "",
        "deferral_error": deferral_error,
        "deferral_reason": text_of(request, "reason"),
        "comment": request.POST.get("comment", found.own.comment if found.own else ""),
    }
    return render(request, "governance/qualification.html", context, status=status)


def _case(found: summary.Qualification, typed: dict[str, str]) -> list[dict[str, Any]]:
    """Every question of the checklist with its fields, and beside each the place to ask about it."""
    return [
        {
            "item": part.criterion,
            "place": f"{PREFIX}{part.criterion.code}.",
            "typed": typed.get(f"{part.criterion.code}.", ""),
            "lines": [
                (
                    line,
                    f"{PREFIX}{part.criterion.code}.{line.field}",
                    typed.get(f"{part.criterion.code}.{line.field}", ""),
                )
                for line in part.lines
            ],
        }
        for part in summary.parts_of(found)
    ]


def _chosen(scale: summary.Scale, posted: QueryDict | None) -> list[tuple[int, str, bool]]:
    """The five anchors of a scale: number, words, whether it is chosen."""
    chosen = str(scale.own) if posted is None else posted.get(scale.code, "")
    return [(number, words, str(number) == chosen) for number, words in enumerate(scale.anchors, 1)]


def _typed(posted: QueryDict) -> dict[str, str]:
    """Questions that were typed beside fields: ``code.field`` (or ``code.``) → text."""
    return {name.removeprefix(PREFIX): str(text) for name, text in posted.items() if name.startswith(PREFIX)}


@require_GET
def around(request: HttpRequest, key: str) -> HttpResponse:
    """Reviewers, earlier decisions and similar work, as a panel or on its own."""
    user = signed_in(request)
    project = summary.find(user, key)
    found = summary.around(project)
    context = {
        "project": project,
        "found": found,
        "decisions": [(row, CHIPS[IntakeOutcome(row.outcome)]) for row in found.decisions],
        "may_invite": user.is_lead and project.stage in (Stage.INTAKE, Stage.QUALIFICATION, Stage.DEFERRED),
        "invite": ReviewerForm(auto_id="invite-%s"),
    }
    return render_page(request, "governance/qualification_around.html", context, partial="panel")


@require_POST
def review(request: HttpRequest, key: str) -> HttpResponse:
    """Keep my scores."""
    user = signed_in(request)
    scores = {name: _number(request.POST.get(name, "")) for name in DIMENSIONS}
    try:
        qualification.give_review(project_key=key, scores=scores, comment=request.POST.get("comment", ""), actor=user)
    except DomainError as error:
        if not error.errors:
            raise
        return _page(request, user, key, refused=error, status=422)
    messages.success(request, "Your scores are kept. You may change them until it is decided.")
    return _back(request, key)


def _number(text: str) -> Any:
    return int(text) if text in ("1", "2", "3", "4", "5") else text


@require_POST
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """Record the CoE lead's decision with the questions that stand beside fields."""
    user = signed_in(request)
    project = summary.find(user, key)
    form = IntakeDecisionForm(request.POST, concept=project.stage == Stage.INTAKE)
    if not form.is_valid():
        return _page(request, user, key, form, status=422)
    wish = Wish(questions=_questions(request.POST), **form.cleaned_data)
    try:
        decision = qualification.decide_intake(project_key=key, wish=wish, actor=user)
    except DomainError as error:
        apply_domain_error(form, error)
        return _page(request, user, key, form, status=error.status if error.status in (403, 409) else 422)
    _say(request, decision)
    return _back(request, key)


def _questions(posted: QueryDict) -> list[Asked]:
    typed = {place: text for place, text in _typed(posted).items() if text.strip()}
    places = ((*place.partition(".")[::2], text) for place, text in typed.items())
    return [Asked(code, text, field) for code, field, text in places]


def _say(request: HttpRequest, decision: IntakeDecision | None) -> None:
    if decision is None:
        messages.warning(request, "What was asked for had changed, so the request is void and nothing was decided.")
    else:
        messages.success(request, f"{decision.get_outcome_display()}. Your decision and its reason are recorded.")


@require_POST
def end_deferral(request: HttpRequest, key: str) -> HttpResponse:
    """Bring a deferred intake back before its day."""
    user, reason = signed_in(request), text_of(request, "reason")
    try:
        done = qualification.end_deferral(project_key=key, reason=reason, actor=user)
    except InvalidInput as error:
        return _page(request, user, key, deferral_error=" ".join(error.errors["reason"]), status=422)
    messages.success(request, f"{done.key} is back. {done.owner} is told and may submit it again.")
    return _back(request, key)


@require_POST
def invite(request: HttpRequest, key: str) -> HttpResponse:
    """Ask a colleague to score this intake."""
    username = str(ReviewerForm().fields["user"].to_python(text_of(request, "user")))
    asked = reviewers.invite(project_key=key, username=username, actor=signed_in(request))
    messages.success(request, f"{asked.user} may read this intake and is asked to score it.")
    return _back(request, key)


@require_POST
def release(request: HttpRequest, key: str, reviewer: str) -> HttpResponse:
    """Take an invitation back."""
    reviewers.release(project_key=key, username=reviewer, actor=signed_in(request))
    messages.success(request, "The invitation is taken back; a review that was given stays.")
    return _back(request, key)


def _back(request: HttpRequest, key: str) -> HttpResponse:
    return redirect(request, reverse("governance:qualification", args=[key]))
