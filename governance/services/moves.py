"""Moving projects to another published version of a policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from coe_portal.core import outbox
from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from governance.events import ProjectMovedToPolicy
from governance.models import ApprovalRequest, ApprovalState, PolicyMove, PolicyStatus, PolicyVersion, RiskAssessment
from governance.policies.document import Policy
from governance.policies.moving import Change, Held, Plan, fitted, plan
from governance.policies.rules import Facts
from governance.services import policies, risk
from governance.services.approvals import closing
from governance.services.consequences import ADVANCE
from projects import permissions
from projects.models import Criterion, Project
from projects.services import moving, projects

MOST = 200


@dataclass(frozen=True)
class Preview:
    """What a move would mean now.

    Attributes:
        restored: removed earlier and asked again: their answers come back.
        voided: requests for a gate that would be void and are asked again under the new policy.
        risk: what happens to the risk tier, in a sentence; empty when nothing does.
    """

    project: Project
    target: PolicyVersion
    plan: Plan
    restored: tuple[Change, ...]
    voided: tuple[ApprovalRequest, ...]
    risk: str

    def as_json(self) -> dict[str, Any]:
        return {
            **self.plan.as_json(),
            "restored": [change.as_json() for change in self.restored],
            "approvals_voided": [request.key for request in self.voided],
            "risk": self.risk,
        }


def preview(*, project_key: str, target: str, actor: User) -> Preview:
    """What moving the project to this version would add, remove and change. Nothing is written.

    Raises NotFound (project or version), StaleState (it cannot be moved there).
    """
    return preview_of(permissions.visible_project(actor, project_key), version_of(target, actor))


def preview_of(project: Project, version: PolicyVersion) -> Preview:
    """What moving this project to this version would mean. Raises StaleState when it cannot be moved there."""
    _refuse(project, version)
    return previews([project], version)[0]


def version_of(target: str, actor: User) -> PolicyVersion:
    """The version with this label, if the person may see it. Raises NotFound."""
    version = PolicyVersion.objects.visible_to(actor).labelled(target).first()
    if version is None:
        raise NotFound(f"There is no policy {target[:60]} that you may see.")
    return version


def previews(found: Sequence[Project], version: PolicyVersion) -> list[Preview]:
    """What moving each of these projects would mean; what they hold is read once for all of them."""
    held = moving.answers_of(found)
    open_gates = ApprovalRequest.objects.filter(
        project__in=found, state=ApprovalState.OPEN, action__startswith=ADVANCE
    ).order_by("pk")
    asked: dict[int, list[ApprovalRequest]] = {}
    for request in open_gates:
        asked.setdefault(request.project_id, []).append(request)
    assessed = {row.project_id: row for row in RiskAssessment.objects.filter(project__in=found, is_current=True)}
    return [
        Preview(
            project,
            version,
            planned := _plan(project, version, [row for row in held[project.pk] if row.removed_at is None]),
            _restored(planned, [row for row in held[project.pk] if row.removed_at]),
            tuple(asked.get(project.pk, ())),
            _risk_words(project, Policy(version.document), assessed.get(project.pk)),
        )
        for project in found
    ]


def _refuse(project: Project, version: PolicyVersion) -> None:
    if project.policy_version == version.label:
        raise StaleState(f"{project.key} is pinned to {version.label} already.")
    if version.status != PolicyStatus.PUBLISHED:
        state = version.get_status_display().lower()
        raise StaleState(f"{version.label} is {state}; projects only move to a published version.")
    if not project.is_open:
        raise StaleState(f"{project.key} is {project.get_stage_display().lower()}; it is kept as it ended.")


def _plan(project: Project, version: PolicyVersion, asked: Sequence[Criterion]) -> Plan:
    held = {row.code: Held(row.answer, row.status) for row in asked}
    facts = Facts(project.poc_budget, project.risk_tier, project.data_classification)
    return plan(policies.policy_of(project.policy_version), Policy(version.document), held, project.stage, facts)


def _restored(planned: Plan, removed: Sequence[Criterion]) -> tuple[Change, ...]:
    earlier = {row.code: row for row in removed if row.answer}
    added = [item for item in planned.added if item["code"] in earlier]
    return tuple(
        fitted(item, Held(row.answer, row.status), ("question",))
        for item, row in ((item, earlier[item["code"]]) for item in added)
    )


def _risk_words(project: Project, new: Policy, row: RiskAssessment | None) -> str:
    tier = project.get_risk_tier_display().lower() or "not known"
    if new.risk is None:
        return f"The new policy has no risk questionnaire; the tier stays {tier} as an estimate." if row else ""
    if row is None:
        gone = project.risk_tier and project.risk_tier not in new.risk.names
        return f"The tier {tier} is no tier of the new policy; its questionnaire is to be answered." if gone else ""
    if new.risk.problems(row.answers):
        return "The new risk questionnaire asks other questions; it is to be answered."
    score = new.risk.score(row.answers)
    return f"The risk tier becomes {score.tier}, with the same answers." if score.tier != row.tier else ""


@transaction.atomic
def move(*, project_key: str, target: str, actor: User) -> PolicyMove:
    """Pin the project to this version. Answers that still fit stay; the record keeps those that do not.

    Open requests for a gate become void, because the gate may ask for something else now: they are asked again under
    the new policy, and approvals whose part did not change are kept. Other requests stay open under the version for
    which they were asked.

    Raises:
        NotFound, NotAllowed: only CoE leads move projects.
        StaleState: it is there already, has ended, or the version is not in force.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if not actor.is_lead:
        raise NotAllowed("Only CoE leads move projects to another policy.")
    # The version's row is locked, so that it cannot be superseded while the project moves to it.
    version = PolicyVersion.objects.select_for_update().get(pk=version_of(target, actor).pk)
    found = preview_of(project, version)
    source, report = project.policy_version, found.as_json()
    changes = {change.code: moving.Fitted(change.answer, change.status_after) for change in found.plan.changed}
    changes |= {change.code: moving.Fitted(change.answer, change.status_after) for change in found.restored}
    new = Policy(version.document)
    moving.adopt(project, policy_version=version.label, criteria=new.criteria, fitted=changes)
    _reassess(project, new, actor)
    row = PolicyMove.objects.create(project=project, source=source, target=version.label, report=report, moved_by=actor)
    moving.record(project, before=source, after=version.label, report=report, actor=actor, comment="")
    for request in found.voided:
        why = f"{project.key} moved to {version.label}, so the gate may ask for something else. Ask again."
        closing.close(closing.locked(request.pk, None), ApprovalState.VOID, actor=None, comment=why)
    outbox.publish(ProjectMovedToPolicy(project.key, row.pk, source, version.label))
    return row


def _reassess(project: Project, new: Policy, actor: User) -> None:
    """Score the same answers under the new questionnaire, or ask again."""
    row: RiskAssessment | None = risk.current(project)
    if new.risk is None:
        if row is not None:
            risk.end(project, "The policy has no risk questionnaire.")
            projects.set_risk_tier(project, project.risk_tier, assessed=False)
    elif row is not None and not new.risk.problems(row.answers):
        because = f"The project moved to {project.policy_version}."
        risk.keep(project, new.risk, row.answers, by=row.answered_by, actor=actor, because=because)
    elif row is not None or (project.risk_tier and project.risk_tier not in new.risk.names):
        risk.reopen(project, f"The project moved to {project.policy_version}.")


@dataclass(frozen=True)
class Moved:
    """How it went for one of many projects; ``refusal`` is empty for those that moved."""

    key: str
    move: PolicyMove | None
    refusal: str


def move_many(*, project_keys: Sequence[str], target: str, actor: User) -> list[Moved]:
    """Move each project in a transaction of its own: what is refused for one does not hold up the others.

    Raises NotAllowed, and InvalidInput for no project or too many at once.
    """
    if not actor.is_lead:
        raise NotAllowed("Only CoE leads move projects to another policy.")
    keys = list(dict.fromkeys(project_keys))
    if not 1 <= len(keys) <= MOST:
        raise InvalidInput({"projects": [f"Name 1 to {MOST} projects."]})
    return [_tried(key, target, actor) for key in keys]


def _tried(key: str, target: str, actor: User) -> Moved:
    try:
        return Moved(key, move(project_key=key, target=target, actor=actor), "")
    except DomainError as error:
        return Moved(key, None, error.message)
