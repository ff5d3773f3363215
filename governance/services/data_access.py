"""Access to data: asked for, decided by its owner, granted behind the gate, ended by time or by people."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.urls import reverse

from coe_portal.core import outbox
from coe_portal.core.errors import GateClosed, InvalidInput, Missing, NotAllowed, NotFound, StaleState
from coe_portal.core.models import ApproverGroup, User
from governance.events import CopyAttested
from governance.models import ApprovalRequest, ApprovalState
from governance.policies.rules import Facts
from governance.services import approvals, consequences, gates, policies
from projects import permissions
from projects.models import AccessPattern, AccessStatus, DataAccess, Dataset, EndReason, Project, Stage
from projects.services import accesses, datasets, places

ACTION = "grant_data"
PRODUCTION = "prod"
# A wish may be decided before the project may use it; it is granted when the stage allows it.
MAY_COME_LATER = ("stage",)


@transaction.atomic
def ask(*, project_key: str, dataset_id: str, wish: accesses.Wish, actor: User) -> DataAccess:
    """Ask for access of a project to a data set; its owner, and for some classes security, decide.

    Raises:
        NotFound, NotAllowed: only the team asks, from qualification on.
        GateClosed: the person's role in the team, or something else but the stage, stands in the way.
        InvalidInput: a field cannot be used.
        StaleState: it is asked for or granted already, or the data set is retired.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if reason := ask_refusal(actor, project):
        raise NotAllowed(reason)
    obstacles = [item for item in ask_missing(project, actor) if item.code not in MAY_COME_LATER]
    if obstacles:
        raise GateClosed(f"{obstacles[0].message} {obstacles[0].how_to_fix}".strip(), obstacles)
    dataset = datasets.locked(dataset_id)
    if not Dataset.objects.in_use().filter(pk=dataset.pk).exists():
        raise StaleState(f"{dataset} is retired. Look in the register for what took its place.")
    access = accesses.create(project, dataset, wish, actor=actor)
    _request(access, actor)
    return access


def ask_refusal(user: User, project: Project) -> str:
    """Why the person may not ask in this project, whatever the data; empty when they may."""
    if not (user.is_lead or permissions.takes_part(user, project)):
        return f"Only the team of {project.key} and CoE leads ask for its data. Ask {project.owner} to add you."
    if project.stage == Stage.INTAKE or not project.is_open:
        stage = project.get_stage_display().lower()
        return f"{project.key} is in {stage}; data is asked for from qualification on, until the project ends."
    return ""


def ask_missing(project: Project, user: User) -> tuple[Missing, ...]:
    """What the gate says to granting data in this project to this person."""
    return gates.check(project, ACTION, actor=user).missing


def _request(access: DataAccess, actor: User) -> ApprovalRequest:
    project, dataset = access.project, access.dataset
    question = approvals.Question(
        subject=access.ref,
        action=ACTION,
        title=f"Access to {dataset} for {project.name}: {access.get_pattern_display().lower()}, {access.days} days",
        specification=accesses.said(access),
        revision=project.revision,
        authors=(project.owner_id,),
        named={"data_owner": dataset.owner},
    )
    facts = Facts(None, project.risk_tier, dataset.classification, _kind_of(access))
    return approvals.request_approval(project, question, policies.policy_of(project.policy_version), facts, actor=actor)


def _kind_of(access: DataAccess) -> str:
    """The kind of environment that the data is read in: reading on the platform is reading production data."""
    if access.pattern == AccessPattern.PLATFORM_READ:
        return PRODUCTION
    return next((place.kind for place in places.known() if place.name == access.environment), "")


def request_of(access: DataAccess) -> ApprovalRequest | None:
    """The approval request that decides this access."""
    return ApprovalRequest.objects.filter(subject=access.ref, action=ACTION).order_by("-pk").first()


def _specification(request: ApprovalRequest) -> dict[str, Any]:
    """Read with the data set locked, so that its place and class cannot change while it is being decided."""
    access = _of(request)
    access.dataset = datasets.locked(access.dataset_id)
    return accesses.said(access)


def _of(request: ApprovalRequest) -> DataAccess:
    return DataAccess.objects.for_list().get(pk=request.subject.partition(":")[2])


_ENDS = {
    ApprovalState.REJECTED: AccessStatus.REFUSED,
    ApprovalState.CHANGES_REQUESTED: AccessStatus.REFUSED,
}


def _closed(request: ApprovalRequest, actor: User) -> None:
    access = _of(request)
    if request.state == ApprovalState.APPROVED:
        _grant_or_wait(access, actor)
        return
    last = request.decisions.order_by("-pk").first()
    words = last.comment if last and request.state in _ENDS else ""
    note = f"{request.key} is {request.get_state_display().lower()}. {words}".strip()
    accesses.turn_down(access, _ENDS.get(ApprovalState(request.state), AccessStatus.WITHDRAWN), note, actor=actor)


def _grant_or_wait(access: DataAccess, actor: User) -> None:
    answer = gates.check(access.project, ACTION)
    if answer.allowed:
        accesses.grant(access, actor=actor)
        return
    first = answer.missing[0]
    accesses.approve(access, f"{first.message} {first.how_to_fix}".strip(), actor=actor)


@transaction.atomic
def grant(*, access_id: str, actor: User) -> DataAccess:
    """Grant what was approved while the gate was closed.

    Raises:
        NotFound, NotAllowed: only the data's owner, data owners and CoE leads, never who asked.
        GateClosed: with everything that is missing.
        StaleState: it is not approved, or granted already.
    """
    access = _locked(access_id, actor)
    if reason := grant_refusal(actor, access):
        raise NotAllowed(reason)
    if access.status != AccessStatus.APPROVED:
        raise StaleState(f"{access} is {access.get_status_display().lower()}; only an approved one is granted.")
    gates.require(access.project, ACTION)
    accesses.grant(access, actor=actor)
    return access


@transaction.atomic
def grant_waiting(project_key: str) -> int:
    """Grant what was approved before the project's stage allowed it. Returns how many."""
    project = Project.objects.by_key(project_key).select_for_update(of=("self",)).first()
    waiting = DataAccess.objects.for_list().filter(project=project, status=AccessStatus.APPROVED)
    rows = list(waiting) if project and gates.check(project, ACTION).allowed else []
    for access in rows:
        accesses.grant(access, actor=None)
    return len(rows)


@transaction.atomic
def end_with_project(project_key: str) -> int:
    """End what an ended project may read; its copies have to be destroyed. Returns how many."""
    project = Project.objects.by_key(project_key).select_for_update(of=("self",)).first()
    held = (AccessStatus.APPROVED, AccessStatus.GRANTED)
    rows = list(DataAccess.objects.for_list().filter(project=project, status__in=held))
    if project is None or project.is_open:
        return 0
    for access in rows:
        accesses.end(access, EndReason.REVOKED, actor=None, comment=f"{project.key} has ended.")
    return len(rows)


@transaction.atomic
def revoke(*, access_id: str, reason: str, actor: User) -> DataAccess:
    """End an approved or granted access before its time. A copy must then be destroyed.

    Raises NotFound, NotAllowed, InvalidInput (no reason), StaleState (it is not approved or granted).
    """
    access = _locked(access_id, actor)
    if refusal := revoke_refusal(actor, access):
        raise NotAllowed(refusal)
    words = _words("reason", reason, 5, "Say why, so that the team knows what to do.")
    if access.status not in (AccessStatus.APPROVED, AccessStatus.GRANTED):
        raise StaleState(
            f"{access} is {access.get_status_display().lower()}; only an approved or granted one is revoked. "
            "A request that waits is withdrawn or rejected on its own page."
        )
    accesses.end(access, EndReason.REVOKED, actor=actor, comment=words)
    return access


@transaction.atomic
def attest_destroyed(*, access_id: str, statement: str, actor: User) -> DataAccess:
    """Say that a sandbox copy is destroyed; a worker looks whether its prefix is empty, and only then it is closed.

    A copy that is still granted is given back with it.

    Raises NotFound, NotAllowed (only the team and CoE leads), InvalidInput (no statement), StaleState (no copy, or
    somebody is looking already).
    """
    access = _locked(access_id, actor)
    if refusal := attest_refusal(actor, access):
        raise NotAllowed(refusal)
    least = accesses.MIN_WORDS
    words = _words("statement", statement, least, f"Say in {least} to 2,000 characters what was destroyed, and how.")
    if not access.is_copy or access.status not in (AccessStatus.GRANTED, AccessStatus.AWAITING_DESTRUCTION):
        state = access.get_status_display().lower()
        raise StaleState(f"{access} is {state}, so there is no copy whose destruction could be attested.")
    if access.check_requested_at is not None:
        raise StaleState("A worker is looking at the copy's prefix already. Wait for what it finds.")
    if access.status == AccessStatus.GRANTED:
        accesses.end(access, EndReason.FINISHED, actor=actor, comment="The team has no more use for it.")
    accesses.attest(access, words, actor=actor)
    outbox.publish(CopyAttested(access.pk, f"{access.check_requested_at}"))
    return access


def _words(field: str, text: str, least: int, sentence: str) -> str:
    words = text.strip()
    if not least <= len(words) <= accesses.MAX_WORDS:
        raise InvalidInput({field: [sentence]})
    return words


@transaction.atomic
def record_look(*, access_id: str, seen: accesses.Seen) -> DataAccess | None:
    """Keep what a worker found below a copy's prefix. None when nobody waits for it any more."""
    known = DataAccess.objects.filter(pk=access_id).first()
    if known is None:
        return None
    access = _lock(known)
    if access.status != AccessStatus.AWAITING_DESTRUCTION or access.check_requested_at is None:
        return None
    accesses.record_look(access, seen)
    return access


def _locked(access_id: str, actor: User) -> DataAccess:
    found = DataAccess.objects.visible_to(actor).filter(pk=access_id[:26]).first()
    if found is None:
        raise NotFound("There is no such data access that you may see.")
    return _lock(found)


def _lock(access: DataAccess) -> DataAccess:
    """The project's row first, in the same order as approvals take their locks: no two can cross."""
    Project.objects.select_for_update().get(pk=access.project_id)
    return DataAccess.objects.select_for_update(of=("self",)).for_list().get(pk=access.pk)


def _decides(user: User, access: DataAccess) -> bool:
    return user.is_lead or user.pk == access.dataset.owner_id or ApproverGroup.DATA_OWNER in user.approver_groups


def grant_refusal(user: User, access: DataAccess) -> str:
    """Why the person may not grant it; empty when they may."""
    if user.pk == access.requested_by_id:
        return "You asked for this, so somebody else grants it."
    if _decides(user, access):
        return ""
    return f"Only {access.dataset.owner}, data owners and CoE leads grant access to {access.dataset}."


def revoke_refusal(user: User, access: DataAccess) -> str:
    """Why the person may not revoke it; empty for those who decide, security and the team that gives it back."""
    if _decides(user, access) or ApproverGroup.SECURITY in user.approver_groups:
        return ""
    if permissions.takes_part(user, access.project):
        return ""
    return f"Only {access.dataset.owner}, data owners, security, CoE leads and the team end this access."


def attest_refusal(user: User, access: DataAccess) -> str:
    """Why the person may not attest the destruction; empty for the team and CoE leads."""
    if user.is_lead or permissions.takes_part(user, access.project):
        return ""
    return f"Only the team of {access.project.key} and CoE leads attest that its copy is destroyed."


def missing_for(project: Project, wanted: Iterable[str]) -> list[Missing]:
    """What keeps the project from reading these S3 locations; empty when nothing does."""
    return [_missing(project, location, what) for location, what in accesses.unread(project, wanted).items()]


def _missing(project: Project, location: str, what: Dataset | DataAccess) -> Missing:
    url = reverse("governance:project_data", args=[project.key])
    if isinstance(what, Dataset):
        sentence = f"{location} lies in the data set {what}, and {project.key} has no granted access to read it there."
        return Missing("data_access", sentence, f"Ask {what.owner}, who owns it, for access.", url)
    if what.project_id == project.pk:
        sentence = f"{location} lies in a copy of {what.dataset} to which {project.key} has no access any more."
        return Missing("data_access", sentence, "Ask for access again.", url)
    sentence = f"{location} lies in the sandbox copy of another project."
    return Missing("data_access", sentence, "Ask for access of your own.", url)


consequences.register(ACTION, consequences.Kind(_specification, _closed))
