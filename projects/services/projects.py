"""Projects: proposed, changed, kept as numbered revisions."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, StaleState
from coe_portal.core.models import User
from projects import permissions
from projects.events import ProjectCreated
from projects.models import BusinessUnit, ChecklistVersion, Criterion, Member, Project, ProjectRole, Revision, RiskTier
from projects.services import checklist, handovers

MAX_NAME, MAX_SUMMARY = 120, 2000
COPIED = ("code", "question", "short", "hint", "step", "weight", "answer_schema")  # from the policy's criteria
EDITABLE = ("name", "summary", "business_unit", "sponsor", "owner", "deploy_authority", "risk_tier")


@transaction.atomic
def create_project(
    *,
    name: str,
    summary: str,
    business_unit_id: str,
    owner: str = "",
    sponsor: str = "",
    deploy_authority: str = "",
    risk_tier: str = "",
    actor: User,
) -> Project:
    """Propose a project: a row in stage intake with the eight open questions of the current policy.

    Args:
        owner: username; the actor when left out.
        sponsor, deploy_authority: usernames, may come later.

    Raises:
        NotAllowed: auditors change nothing.
        InvalidInput: a field cannot be used.
        StaleState: no policy is published yet.
    """
    permissions.require_to_propose(actor)
    version = ChecklistVersion.objects.filter(is_current=True).first()
    if version is None:
        raise StaleState(
            "No policy is published yet, so there is no checklist. A CoE lead publishes one in the admin console."
        )
    values = _checked(
        {
            "name": name,
            "summary": summary,
            "business_unit": business_unit_id,
            "owner": owner or actor.username,
            "sponsor": sponsor,
            "deploy_authority": deploy_authority,
            "risk_tier": risk_tier,
        }
    )
    project = Project.objects.create(**values, created_by=actor, policy_version=version.policy_version)
    Criterion.objects.bulk_create(_criteria(project, version.criteria))
    Member.objects.create(project=project, user=project.owner, roles=[ProjectRole.DOMAIN_EXPERT])
    checklist.refresh_readiness(project)
    audit.record(actor=actor, action="project.created", subject=project, after=values)
    outbox.publish(ProjectCreated(project.key))
    return project


def _criteria(project: Project, criteria: list[dict[str, Any]]) -> list[Criterion]:
    return [
        Criterion(project=project, position=position, **{name: item[name] for name in COPIED if name in item})
        for position, item in enumerate(criteria, start=1)
    ]


@transaction.atomic
def update_project(*, project_key: str, changes: Mapping[str, Any], actor: User) -> Project:
    """Change what is written about a project.

    Raises:
        NotFound, NotAllowed: the person may not.
        InvalidInput: a field cannot be used, or cannot be changed here.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, "edit", project)
    permissions.require_open_checklist(project)
    values = _checked(changes)
    _refuse_to_overrule_the_questionnaire(project, values)
    changed = {name: value for name, value in values.items() if getattr(project, name) != value}
    if not changed:
        return project
    before = {name: getattr(project, name) for name in changed}
    for name, value in changed.items():
        setattr(project, name, value)
    touch(project, *changed)
    audit.record(actor=actor, action="project.changed", subject=project, before=before, after=changed)
    handovers.settle(project, actor=actor)
    return project


def _refuse_to_overrule_the_questionnaire(project: Project, values: Mapping[str, Any]) -> None:
    if project.risk_assessed_at and values.get("risk_tier", project.risk_tier) != project.risk_tier:
        raise InvalidInput({"risk_tier": ["The risk questionnaire gave this tier. Answer it again to change it."]})


def set_risk_tier(project: Project, tier: str, *, assessed: bool) -> None:
    """Keep the tier that the policy's questionnaire gave, or that it is not known. Only governance calls this."""
    project.risk_tier = tier
    project.risk_assessed_at = timezone.now() if assessed else None
    touch(project, "risk_tier", "risk_assessed_at")


def touch(project: Project, *fields: str) -> None:
    """Save the named columns together with a new version and time."""
    project.version += 1
    project.updated_at = timezone.now()
    project.save(update_fields=[*fields, "version", "updated_at"])


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, raw in changes.items():
        try:
            values[name] = _clean(name, raw)
        except ValueError as error:
            errors[name] = [str(error)]
    if errors:
        raise InvalidInput(errors)
    return values


def _clean(name: str, raw: Any) -> Any:
    if name not in EDITABLE:
        raise ValueError(f"This cannot be changed here. Known: {', '.join(EDITABLE)}.")
    if name in ("sponsor", "owner", "deploy_authority"):
        return _person(str(raw or ""), required=name == "owner")
    if name == "business_unit":
        return _unit(str(raw))
    text = " ".join(str(raw).split()) if name == "name" else str(raw).strip()
    limit = MAX_NAME if name == "name" else MAX_SUMMARY
    if name == "risk_tier" and text not in ("", *RiskTier.values):
        raise ValueError(f"Choose one of {', '.join(RiskTier.values)}, or leave it empty.")
    if name == "name" and len(text) < 3:
        raise ValueError("Give the project a name of at least 3 characters.")
    if len(text) > limit:
        raise ValueError(f"Shorten this to at most {limit} characters.")
    return text


def _person(username: str, *, required: bool) -> User | None:
    if not username and not required:
        return None
    person = User.objects.people().filter(username=username).first()
    if person is None:
        raise ValueError(f"There is no colleague with the username “{username[:64]}”.")
    return person


def _unit(unit_id: str) -> BusinessUnit:
    unit = BusinessUnit.objects.filter(pk=unit_id[:26]).first()
    if unit is None:
        raise ValueError("There is no such business unit. Choose one of the list.")
    return unit


def freeze_revision(project: Project, *, actor: User) -> Revision:
    """Keep everything the project says as the next numbered revision. Call inside a transaction with the row locked."""
    project.revision += 1
    touch(project, "revision")
    return Revision.objects.create(
        project=project, number=project.revision, content=content_of(project), submitted_by=actor
    )


def content_of(project: Project) -> dict[str, Any]:
    """What a project says now, as plain JSON: this is what approvals are given for."""
    project = Project.objects.with_people().get(pk=project.pk)
    names = ("name", "summary", "risk_tier", "data_classification", "currency", "policy_version")
    people = ("owner", "sponsor", "deploy_authority")
    members = project.members.for_list()
    content: dict[str, Any] = audit.plain(
        {
            "key": project.key,
            **{name: getattr(project, name) for name in names},
            "business_unit": project.business_unit.name,
            **{name: person.username if (person := getattr(project, name)) else "" for name in people},
            "poc": {"starts_on": project.poc_starts_on, "ends_on": project.poc_ends_on, "budget": project.poc_budget},
            "answers": {criterion.code: criterion.answer for criterion in project.criteria.all()},
            "team": {member.user.username: _duties(member) for member in members},
        }
    )
    return content


def _duties(member: Member) -> dict[str, Any]:
    return {
        "roles": sorted(member.roles),
        "responsibilities": {duty.work_area: duty.kind for duty in member.responsibilities.all()},
    }


def set_waiting_on(project: Project, text: str) -> None:
    """Keep who decides next, for lists. Only governance calls this."""
    project.waiting_on = text[:200]
    project.waiting_since = timezone.now() if text else None
    project.save(update_fields=["waiting_on", "waiting_since"])
