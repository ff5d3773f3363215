"""Findings: raised by what goes wrong, resolved by people with words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, Missing, NotAllowed, NotFound, StaleState
from coe_portal.core.inbox import Task
from coe_portal.core.models import User
from governance.events import FindingAssigned
from governance.models import FINDING_LIFECYCLE, Finding, FindingState, Severity
from governance.models.findings import FindingQuerySet
from governance.policies.closing import finding_rules, is_closed_by
from governance.services import finding_owners, open_points, policies
from projects import permissions
from projects.models import Project

MIN_TITLE, MAX_TITLE, MAX_RESOLUTION, MAX_ADDRESS = 5, 200, 4000, 500
REVIEW = "review"
URGENT = (Severity.HIGH, Severity.CRITICAL)
SOON, LATER = 7, 30  # days
AGAIN_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Trouble:
    """What was found: by which ``source``, about which ``subject`` (a reference), how bad, who mends it until when."""

    source: str
    title: str
    severity: Severity
    owner: User
    due_on: date
    detail: str = ""
    subject: str = ""


def raise_finding(project: Project, trouble: Trouble, *, actor: User | None) -> Finding:
    """Keep a finding. Call inside the transaction of what caused it; ``actor`` caused it, None is the portal."""
    finding = Finding.objects.create(
        project=project,
        source=trouble.source,
        subject=trouble.subject,
        title=trouble.title[:200],
        detail=trouble.detail,
        severity=trouble.severity,
        owner=trouble.owner,
        due_on=trouble.due_on,
        raised_by=actor,
    )
    after = {"severity": trouble.severity, "owner": trouble.owner, "due_on": trouble.due_on, "source": trouble.source}
    audit.record(actor=actor, action="finding.raised", subject=finding, after=after, comment=trouble.detail)
    by = actor.username if actor else ""
    outbox.publish(FindingAssigned(finding.pk, trouble.owner.username, by, finding.created_at.isoformat()))
    return finding


@dataclass(frozen=True)
class OpenFinding:
    """What a gate needs to know of an open finding."""

    title: str
    severity: str
    due_on: date
    owner: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "OpenFinding":
        """From the JSON that ``as_facts`` makes."""
        due_on = date.fromisoformat(str(said["due_on"]))
        return cls(said["title"], said["severity"], due_on, said["owner"] or said["username"])


def as_facts(rows: FindingQuerySet) -> Any:
    """The findings as values for a subquery, the first due first: a gate reads them along with its other facts."""
    said = {"title": "title", "severity": "severity", "due_on": "due_on"}
    facts = JSONObject(**said, owner="owner__display_name", username="owner__username")
    return rows.order_by("due_on", "id").values_list(facts, flat=True)


def open_in(project: Project) -> list[OpenFinding]:
    """The open findings of a project."""
    return [OpenFinding.of(said) for said in as_facts(Finding.objects.open().filter(project=project))]


def missing(project: Project, action: str) -> list[Missing]:
    """The open findings that close this action, as the project's policy says."""
    return closing(open_in(project), project, action)


def closing(rows: Iterable[OpenFinding], project: Project, action: str) -> list[Missing]:
    """Those of the project's open findings that close this action."""
    rules, today = finding_rules(policies.policy_of(project.policy_version).document), timezone.localdate()
    closed_by = (row for row in rows if is_closed_by(rules, action, row.severity, is_overdue=row.due_on < today))
    url = reverse("governance:project_findings", args=[project.key])
    return [
        Missing(
            "finding",
            f"The finding “{row.title}” of {row.severity} severity is "
            + (f"overdue since {row.due_on:%d %B %Y}." if row.due_on < today else "not resolved."),
            f"{row.owner} puts it right; say there how it was resolved.",
            url,
        )
        for row in closed_by
    ]


def report_refusal(user: User, project: Project) -> str:
    """Why the person may not report a finding; empty when they may."""
    if user.is_lead or user.approver_groups or permissions.takes_part(user, project):
        return ""
    return f"Only the team of {project.key}, approvers and CoE leads report a finding."


@transaction.atomic
def report(
    *, project_key: str, title: str, severity: str, owner: str, due_on: date | None, detail: str = "", actor: User
) -> Finding:
    """Report what a person found in a review.

    Args:
        owner: username of who puts it right and can see the project; its owner when it is empty.
        due_on: until when; 7 days for high and critical ones, else 30, when it is left out.

    Raises NotFound, NotAllowed, InvalidInput, StaleState (the project has ended).
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if reason := report_refusal(actor, project):
        raise NotAllowed(reason)
    if not project.is_open:
        raise StaleState(f"{project.key} is {project.get_stage_display().lower()}; it is kept as it ended.")
    words = " ".join(title.split())
    errors, person = _errors(words, severity, due_on, detail), project.owner
    if owner:
        try:
            person = finding_owners.candidate(project, owner)
        except InvalidInput as error:
            errors |= error.errors
    if errors:
        raise InvalidInput(errors)
    until = due_on or timezone.localdate() + timedelta(days=SOON if severity in URGENT else LATER)
    trouble = Trouble(REVIEW, words, Severity(severity), person, until, detail.strip())
    return _just_reported(project, trouble, actor) or raise_finding(project, trouble, actor=actor)


def _just_reported(project: Project, trouble: Trouble, actor: User) -> Finding | None:
    """The same report of the same person a moment ago: a form that was sent twice."""
    recent = Finding.objects.open().filter(created_at__gte=timezone.now() - AGAIN_WITHIN, raised_by=actor)
    return recent.filter(project=project, **vars(trouble)).first()


def _errors(title: str, severity: str, due_on: date | None, detail: str) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not MIN_TITLE <= len(title) <= MAX_TITLE:
        errors["title"] = [f"Say in {MIN_TITLE} to {MAX_TITLE} characters what is wrong."]
    if severity not in Severity.values:
        errors["severity"] = [f"Choose one of {', '.join(Severity.values)}."]
    if due_on is not None and due_on < timezone.localdate():
        errors["due_on"] = ["Choose today or a later day."]
    if len(detail) > MAX_RESOLUTION:
        errors["detail"] = ["Shorten this to at most 4,000 characters."]
    return errors


def refusal(finding: Finding, user: User) -> str:
    """Why the person may not resolve it; empty when they may. Who reported it in a review did not cause it."""
    if user.pk == finding.raised_by_id and finding.source != REVIEW:
        return "You caused this finding, so somebody else says that it is resolved."
    if user.pk == finding.owner_id or user.is_lead or user.approver_groups:
        return _needs_another(finding, user)
    return f"Only {finding.owner}, CoE leads and approvers resolve this finding."


def _needs_another(finding: Finding, user: User) -> str:
    """A grave finding is not declared resolved by who had to put it right."""
    if user.pk == finding.owner_id and finding.severity in URGENT and finding.source == REVIEW:
        return "You put this right, so a CoE lead or an approver looks at it and says that it is resolved."
    return ""


@transaction.atomic
def resolve(*, finding_id: str, resolution: str, evidence: str = "", actor: User) -> Finding:
    """Close a finding and say how, with a link to what shows it where there is one.

    Raises NotFound, NotAllowed, InvalidInput (no words, no web address), StaleState (resolved already).
    """
    seen = Finding.objects.visible_to(actor).filter(pk=finding_id[:26])
    finding = Finding.objects.filter(pk__in=seen.values("pk")).for_list().select_for_update(of=("self",)).first()
    if finding is None:
        raise NotFound("There is no such finding that you may see.")
    if reason := refusal(finding, actor):
        raise NotAllowed(reason)
    words, address = resolution.strip(), evidence.strip()
    errors: dict[str, list[str]] = {}
    if not words or len(words) > MAX_RESOLUTION:
        errors["resolution"] = ["Say how it was resolved, in at most 4,000 characters."]
    if address and not _is_web_address(address):
        errors["evidence"] = ["Needs to be an address that starts with https:// or http://."]
    if errors:
        raise InvalidInput(errors)
    FINDING_LIFECYCLE.move(
        finding,
        FindingState.RESOLVED,
        actor=actor,
        action="finding.resolved",
        comment=words,
        resolution=words,
        evidence=address,
        resolved_at=timezone.now(),
        resolved_by=actor,
    )
    return finding


def _is_web_address(text: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        return False
    return len(text) <= MAX_ADDRESS


def tasks(keys: list[int]) -> list[Task]:
    """What somebody has to put right, for their inbox; the first due first."""
    rows = Finding.objects.filter(pk__in=keys).select_related("project__business_unit").order_by("due_on", "id")
    return [
        open_points.task(
            row,
            title=row.title,
            what_to_do=f"{row.get_severity_display()} severity: put it right.",
            kind="Finding",
            icon="flag",
        )
        for row in rows[: open_points.MAX_TASKS]
    ]
