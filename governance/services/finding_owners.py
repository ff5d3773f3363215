"""Who puts a finding right: handed over to somebody else, with a reason."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import SiteRole, User
from coe_portal.core.models.user import UserQuerySet
from governance.events import FindingAssigned
from governance.models import Finding, FindingState
from projects.models import Project, Stage

MAX_REASON = 2000


def refusal(finding: Finding, user: User, known: Project | None = None) -> str:
    """Why the person may not say who puts it right; empty when they may. ``known`` is its project, with its owner."""
    project = known or finding.project
    if finding.state != FindingState.OPEN:
        return "It is resolved; nobody has to put it right any more."
    if user.is_lead or user.pk in (finding.owner_id, project.owner_id):
        return ""
    return f"Only {finding.owner}, the owner of {project.key} and CoE leads hand it over."


def candidates(project: Project) -> UserQuerySet:
    """Whom ``candidate`` accepts: who sees the project, by their part in it, a role or a group, and changes things."""
    named = [project.owner_id, project.sponsor_id, project.created_by_id, project.deploy_authority_id]
    sees = Q(pk__in=[pk for pk in named if pk]) | ~Q(site_roles=[])
    sees |= Q(pk__in=project.members.values("user")) | Q(pk__in=project.reviewers.values("user"))
    if project.stage != Stage.INTAKE:
        sees |= ~Q(approver_groups=[])
    only_reads = Q(site_roles__contains=[SiteRole.AUDITOR]) & ~Q(site_roles__contains=[SiteRole.COE_LEAD])
    return User.objects.people().filter(sees).exclude(only_reads)


def candidate(project: Project, username: str) -> User:
    """The colleague who may own a finding of the project: active, and able to see it and to do something.

    Raises InvalidInput.
    """
    person = User.objects.people().filter(username=username.replace("\x00", "")[:64]).first()
    if person is None:
        raise InvalidInput({"owner": [f"There is no colleague with the username “{username[:64]}”."]})
    if not Project.objects.visible_to(person).filter(pk=project.pk).exists():
        sentence = f"{person} cannot see {project.key}. Add them to its team first, or name somebody else."
        raise InvalidInput({"owner": [sentence]})
    if person.is_auditor and not person.is_lead:
        raise InvalidInput({"owner": [f"{person} is an auditor, who reads everything and changes nothing."]})
    return person


@transaction.atomic
def assign(*, finding_id: str, owner: str, reason: str, actor: User) -> Finding:
    """Have somebody else put a finding right.

    Args:
        owner: username of an active colleague who can see the project.

    Raises:
        NotFound, NotAllowed: only its owner, the project's owner and CoE leads.
        InvalidInput: no such colleague, one who cannot see the project, or no reason.
        StaleState: it is resolved, or theirs already.
    """
    seen = Finding.objects.visible_to(actor).filter(pk=finding_id[:26])
    rows = Finding.objects.filter(pk__in=seen.values("pk")).for_list().select_related("project__owner")
    finding = rows.select_for_update(of=("self",)).first()
    if finding is None:
        raise NotFound("There is no such finding that you may see.")
    if reason_against := refusal(finding, actor):
        raise StaleState(reason_against) if finding.state != FindingState.OPEN else NotAllowed(reason_against)
    words = reason.strip()
    if not 1 <= len(words) <= MAX_REASON or "\x00" in words:
        raise InvalidInput({"reason": [f"Say why, in at most {MAX_REASON:,} characters."]})
    person, before = candidate(finding.project, owner), finding.owner
    if person.pk == before.pk:
        raise StaleState(f"{person} has to put it right already.")
    finding.owner = person
    finding.save(update_fields=["owner"])
    audit.record(
        actor=actor,
        action="finding.assigned",
        subject=finding,
        before={"owner": before},
        after={"owner": person},
        comment=words,
    )
    outbox.publish(FindingAssigned(finding.pk, person.username, actor.username, timezone.now().isoformat()))
    return finding
