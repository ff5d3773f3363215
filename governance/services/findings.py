"""Findings: raised by what goes wrong, resolved by people with words."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound
from coe_portal.core.models import User
from governance.models import FINDING_LIFECYCLE, Finding, FindingState, Severity
from projects.models import Project

MAX_RESOLUTION = 4000


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
    return finding


def refusal(finding: Finding, user: User) -> str:
    """Why the person may not resolve it; empty when they may."""
    if user.pk == finding.raised_by_id:
        return "You caused this finding, so somebody else says that it is resolved."
    if user.pk == finding.owner_id or user.is_lead or user.approver_groups:
        return ""
    return f"Only {finding.owner}, CoE leads and approvers resolve this finding."


@transaction.atomic
def resolve(*, finding_id: str, resolution: str, actor: User) -> Finding:
    """Close a finding and say how.

    Raises NotFound, NotAllowed, InvalidInput (no words), StaleState (resolved already).
    """
    seen = Finding.objects.visible_to(actor).filter(pk=finding_id[:26])
    finding = Finding.objects.filter(pk__in=seen.values("pk")).for_list().select_for_update(of=("self",)).first()
    if finding is None:
        raise NotFound("There is no such finding that you may see.")
    reason = refusal(finding, actor)
    if reason:
        raise NotAllowed(reason)
    words = resolution.strip()
    if not words or len(words) > MAX_RESOLUTION:
        raise InvalidInput({"resolution": ["Say how it was resolved, in at most 4,000 characters."]})
    FINDING_LIFECYCLE.move(
        finding,
        FindingState.RESOLVED,
        actor=actor,
        action="finding.resolved",
        comment=words,
        resolution=words,
        resolved_at=timezone.now(),
        resolved_by=actor,
    )
    return finding
