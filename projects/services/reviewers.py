"""Who besides the CoE leads is asked to score an intake."""

from django.db import transaction

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from projects import permissions
from projects.events import ReviewerInvited
from projects.models import Project, Reviewer, Stage


def _project(project_key: str, actor: User) -> Project:
    project = permissions.visible_project(actor, project_key, lock=True)
    if not actor.is_lead:
        raise NotAllowed("Only CoE leads say who reviews an intake.")
    if project.stage not in (Stage.INTAKE, Stage.QUALIFICATION, Stage.DEFERRED):
        raise StaleState(f"{project.key} is in {project.get_stage_display().lower()}; its intake is decided.")
    return project


@transaction.atomic
def invite(*, project_key: str, username: str, actor: User) -> Reviewer:
    """Ask a colleague to review an intake, which lets them read it. Asking twice changes nothing.

    Raises:
        NotFound, NotAllowed: only CoE leads invite.
        InvalidInput: no such colleague, or somebody who takes part and so cannot judge.
        StaleState: the intake is decided.
    """
    project = _project(project_key, actor)
    person = User.objects.people().filter(username=username.replace("\x00", "")).first()
    if person is None:
        raise InvalidInput({"user": [f"There is no colleague with the username “{username[:64]}”."]})
    if permissions.takes_part(person, project):
        raise InvalidInput({"user": [f"{person} takes part in {project.key}, so somebody else reviews it."]})
    if person.is_auditor:
        raise InvalidInput({"user": [f"{person} is an auditor, who reads everything and changes nothing."]})
    reviewer, created = Reviewer.objects.get_or_create(project=project, user=person, defaults={"invited_by": actor})
    if created:
        audit.record(actor=actor, action="reviewer.invited", subject=reviewer)
        outbox.publish(ReviewerInvited(project.key, person.username, reviewer.invited_at.isoformat()))
    return reviewer


@transaction.atomic
def release(*, project_key: str, username: str, actor: User) -> None:
    """Take an invitation back; a review that was given stays. Raises NotFound, NotAllowed, StaleState."""
    project = _project(project_key, actor)
    reviewer = project.reviewers.select_related("user").filter(user__username=username[:64]).first()
    if reviewer is None:
        raise NotFound(f"Nobody of that name was asked to review {project.key}.")
    reviewer.project = project
    audit.record(actor=actor, action="reviewer.released", subject=reviewer)
    reviewer.delete()
