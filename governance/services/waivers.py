"""Waivers: asked for with a reason and a last day, approved by those whom the policy names, ended by time."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from governance.models import ApprovalRequest, ApprovalState, Waiver
from governance.models.waivers import MAX_DAYS
from governance.policies.rules import Facts
from governance.services import approvals, consequences, policies
from projects import permissions
from projects.models import Criterion, CriterionStatus, Project
from projects.services import expiry

ACTION = "waive"
MIN_REASON, MAX_REASON = 20, 2000


def refusal(user: User, project: Project) -> str:
    """Why the person may not ask for a waiver; empty when they may."""
    if user.is_lead or permissions.takes_part(user, project):
        return ""
    return f"Only the team of {project.key} and CoE leads ask for a waiver."


@transaction.atomic
def ask(*, project_key: str, code: str, ends_on: date, reason: str, actor: User) -> ApprovalRequest:
    """Ask to let one criterion pass until a day.

    Raises:
        NotFound, NotAllowed: only the team and CoE leads ask.
        InvalidInput: the day is over or too far away, or there is no real reason.
        StaleState: it is met already, asked for already, or the project has ended.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if reason_not := refusal(actor, project):
        raise NotAllowed(reason_not)
    criterion = project.criteria.select_for_update().filter(code=code).first()
    if criterion is None:
        raise NotFound(f"{project.key} has no question “{code[:40]}”.")
    _check(ends_on, reason)
    _refuse(project, criterion)
    waiver = Waiver.objects.create(
        project=project, criterion=criterion, ends_on=ends_on, reason=reason.strip(), requested_by=actor
    )
    return _request(project, waiver, actor)


def _check(ends_on: date, reason: str) -> None:
    errors: dict[str, list[str]] = {}
    today = timezone.localdate()
    if not today <= ends_on <= today + timedelta(days=MAX_DAYS):
        errors["ends_on"] = [f"Choose a day from today on, at most {MAX_DAYS} days ahead: every waiver ends."]
    if not MIN_REASON <= len(reason.strip()) <= MAX_REASON:
        length = f"{MIN_REASON} to {MAX_REASON:,} characters"
        errors["reason"] = [f"Say in {length} why it can pass and what covers the risk."]
    if errors:
        raise InvalidInput(errors)


def _refuse(project: Project, criterion: Criterion) -> None:
    if not project.is_open:
        raise StaleState(f"{project.key} is {project.get_stage_display().lower()}; it is kept as it ended.")
    if criterion.status in (CriterionStatus.ACCEPTED, CriterionStatus.WAIVED):
        state = criterion.get_status_display().lower()
        raise StaleState(f"“{criterion.short}” is {state} already, so there is nothing to waive.")
    asked = ApprovalRequest.objects.filter(subject=criterion.ref, action=_action(criterion), state=ApprovalState.OPEN)
    if found := asked.first():
        raise StaleState(f"{found.key} asks for this already. Wait for the decision, or withdraw it.")


def _action(criterion: Criterion) -> str:
    return f"{ACTION}:{criterion.code}"


def _request(project: Project, waiver: Waiver, actor: User) -> ApprovalRequest:
    criterion = waiver.criterion
    criterion.project = project
    authors = {pk for pk in (criterion.owner_id, criterion.answered_by_id, project.owner_id) if pk}
    question = approvals.Question(
        subject=criterion.ref,
        action=_action(criterion),
        title=f"Waive “{criterion.short}” until {waiver.ends_on:%d %B %Y}: {project.name}",
        specification=_said(waiver),
        revision=project.revision,
        authors=authors,
    )
    facts = Facts(None, project.risk_tier, project.data_classification)
    policy = policies.policy_of(project.policy_version)
    request = approvals.request_approval(project, question, policy, facts, actor=actor)
    waiver.request = request
    waiver.save(update_fields=["request"])
    return request


def _said(waiver: Waiver) -> dict[str, Any]:
    return {
        "key": waiver.project.key,
        "question": waiver.criterion.question,
        "until": waiver.ends_on.isoformat(),
        "reason": waiver.reason,
        "asked_by": waiver.requested_by.username,
    }


def _specification(request: ApprovalRequest) -> dict[str, Any]:
    return _said(Waiver.objects.select_related("project", "criterion", "requested_by").get(request=request))


def _closed(request: ApprovalRequest, actor: User) -> None:
    if request.state != ApprovalState.APPROVED:
        return
    waiver = Waiver.objects.get(request=request)
    criterion = Criterion.objects.select_for_update().get(pk=waiver.criterion_id)
    criterion.project = request.project
    if waiver.ends_on >= timezone.localdate():
        expiry.waive(criterion, waiver.ends_on, actor=actor, comment=f"{request.key} is approved: {waiver.reason}")


consequences.register(ACTION, consequences.Kind(_specification, _closed))
