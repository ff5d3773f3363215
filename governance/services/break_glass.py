"""Breaking the glass: two people open one gate for some hours, and a finding stays behind."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, StaleState
from coe_portal.core.models import User
from governance.models import ApprovalRequest, ApprovalState, BreakGlass, Severity
from governance.models.break_glass import MAX_HOURS
from governance.policies.rules import Facts
from governance.policies.schema import ACTIONS, ENVIRONMENT_KINDS
from governance.services import approvals, consequences, findings, policies
from projects import permissions
from projects.models import Project

FINDING_DAYS = timedelta(days=7)
MIN_REASON, MAX_REASON = 20, 2000


@transaction.atomic
def ask(
    *, project_key: str, action: str, environment_kind: str = "", hours: int, reason: str, actor: User
) -> ApprovalRequest:
    """Ask to open the gate of one action in one kind of environment for some hours.

    Raises:
        NotFound, NotAllowed: only the team and CoE leads ask.
        InvalidInput: unknown action or environment, too many hours, or no real reason.
        StaleState: it is asked for already, or the project has ended.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if not (actor.is_lead or permissions.takes_part(actor, project)):
        raise NotAllowed(f"Only the team of {project.key} and CoE leads ask to break the glass.")
    _check(action, environment_kind, hours, reason)
    name = f"break_glass:{action}" + (f":{environment_kind}" if environment_kind else "")
    if not project.is_open:
        raise StaleState(f"{project.key} is {project.get_stage_display().lower()}; it is kept as it ended.")
    if ApprovalRequest.objects.filter(subject=project.ref, action=name, state=ApprovalState.OPEN).exists():
        raise StaleState("This is asked for already. Look for it among the project's decisions.")
    glass = BreakGlass.objects.create(
        project=project,
        action=action,
        environment_kind=environment_kind,
        hours=hours,
        reason=reason.strip(),
        requested_by=actor,
    )
    return _request(project, glass, name, environment_kind, actor)


def _request(project: Project, glass: BreakGlass, name: str, environment_kind: str, actor: User) -> ApprovalRequest:
    question = approvals.Question(
        subject=project.ref,
        action=name,
        title=f"Break the glass: {glass.place} for {glass.hours} hours in {project.name}",
        specification=_said(glass),
        revision=project.revision,
        distinct_people=True,
    )
    facts = Facts(None, project.risk_tier, project.data_classification, environment_kind)
    policy = policies.policy_of(project.policy_version)
    # The row is linked after the request is made; nobody can decide in between, the project's row is locked.
    request = approvals.request_approval(project, question, policy, facts, actor=actor)
    glass.request = request
    glass.save(update_fields=["request"])
    return request


def _check(action: str, environment_kind: str, hours: int, reason: str) -> None:
    errors: dict[str, list[str]] = {}
    if action not in ACTIONS:
        errors["action"] = [f"Choose one of {', '.join(ACTIONS)}."]
    if environment_kind and environment_kind not in ENVIRONMENT_KINDS:
        errors["environment"] = [f"Choose one of {', '.join(ENVIRONMENT_KINDS)}."]
    if not 1 <= hours <= MAX_HOURS:
        errors["hours"] = [f"Between 1 and {MAX_HOURS} hours."]
    if not MIN_REASON <= len(reason.strip()) <= MAX_REASON:
        errors["reason"] = [f"Say in {MIN_REASON} to {MAX_REASON:,} characters why waiting would be worse."]
    if errors:
        raise InvalidInput(errors)


def _said(glass: BreakGlass) -> dict[str, Any]:
    return {
        "key": glass.project.key,
        "action": glass.action,
        "environment": glass.environment_kind,
        "hours": glass.hours,
        "reason": glass.reason,
        "asked_by": glass.requested_by.username,
    }


def open_in(project: Project) -> list[BreakGlass]:
    """The broken glasses that hold gates of the project open now, the longest first."""
    rows = BreakGlass.objects.open_now().filter(project=project)
    return list(rows.select_related("request").order_by("-closes_at"))


def _specification(request: ApprovalRequest) -> dict[str, Any]:
    return _said(BreakGlass.objects.select_related("project", "requested_by").get(request=request))


def _closed(request: ApprovalRequest, actor: User) -> None:
    if request.state != ApprovalState.APPROVED:
        return
    glass = BreakGlass.objects.select_related("project__owner", "requested_by").get(request=request)
    now = timezone.now()
    people = ", ".join(str(decision.who) for decision in request.decisions.select_related("actor", "on_behalf_of"))
    trouble = findings.Trouble(
        source="break_glass",
        subject=request.ref,
        title=f"The glass was broken for {glass.place}",
        detail=f"{glass.requested_by} asked, {people} agreed, for {glass.hours} hours: {glass.reason}",
        severity=Severity.HIGH,
        owner=glass.project.owner,
        due_on=timezone.localdate() + FINDING_DAYS,
    )
    glass.finding = findings.raise_finding(glass.project, trouble, actor=glass.requested_by)
    glass.opened_at, glass.closes_at = now, now + timedelta(hours=glass.hours)
    glass.save(update_fields=["finding", "opened_at", "closes_at"])
    after = {"action": glass.action, "environment": glass.environment_kind, "closes_at": glass.closes_at}
    audit.record(actor=actor, action="break_glass.opened", subject=glass, after=after, comment=glass.reason)


consequences.register("break_glass", consequences.Kind(_specification, _closed))
