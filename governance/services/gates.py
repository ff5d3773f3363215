"""One function decides whether an action may run. It is asked before every AWS call, and it fails closed."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from coe_portal.core.errors import GateClosed, Missing
from coe_portal.core.models import User
from governance.models import ApprovalRequest, ApprovalState, BreakGlass, Condition, Finding
from governance.policies.document import ActionRule
from governance.policies.schema import ENVIRONMENT_KINDS
from governance.services import (
    break_glass,
    conditions,
    consequences,
    findings,
    gate_demands,
    intakes,
    poc_clock,
    policies,
    risk,
)
from projects import permissions as project_permissions
from projects.models import Member, Project, ProjectRole, Stage

log = structlog.get_logger(__name__)
# What a broken glass passes; a missing role only for who asked for it, and never an error or an unknown action.
PASSABLE = ("stage", "poc_ended", "poc_budget_spent", "condition_overdue", "finding")
ACTIONS = ("advance", "start_run", "register_model", "deploy", "change_traffic", "apply_stack", "grant_data")


@dataclass(frozen=True)
class GateAnswer:
    """May it run? If not, ``missing`` says everything that stands in the way."""

    allowed: bool
    missing: tuple[Missing, ...]
    break_glass: str = ""  # why it is open although something is missing; empty when nothing is


class Facts(NamedTuple):
    """Is a condition overdue, the open findings, the actor's roles in the team, what the clock needs: one query."""

    is_overdue: bool
    opened: list[findings.OpenFinding]
    roles: list[str]
    clock: poc_clock.Known


class Known:
    """What the gates of one project need to know, for one person: read once for however many actions."""

    def __init__(self, project: Project, actor: User | None) -> None:
        self.project, self.actor = project, actor

    @cached_property
    def facts(self) -> Facts:
        return _facts(self.project, self.actor)

    @cached_property
    def overdue(self) -> list[Missing]:
        return conditions.missing(self.project, "") if self.facts.is_overdue else []

    @cached_property
    def glasses(self) -> list[BreakGlass]:
        return break_glass.open_in(self.project)


def check(
    project: Project, action: str, *, environment_kind: str = "", actor: User | None = None, known: Known | None = None
) -> GateAnswer:
    """Whether ``action`` may run in ``project`` now.

    Args:
        environment_kind: local, sandbox, dev, staging or prod; empty when the action has no environment.
        actor: the person who wants it; None for the portal's own workers, which act on what was allowed before.
        known: what was read already, for whoever asks for several actions of the same project and person.

    Any error is a refusal: nothing passes because something broke.
    """
    try:
        known = known or Known(project, actor)
        missing = _missing(project, action, environment_kind, known)
        glass = _broken_glass(action, environment_kind, known, missing) if missing else ""
    except Exception:
        log.exception("gate_failed_closed", project=project.key, action=action)
        sentence = "The gate could not be evaluated, so it stays closed."
        missing, glass = [Missing("gate_error", sentence, "Try again; if it stays closed, tell your CoE lead.")], ""
    return GateAnswer(True, (), glass) if glass else GateAnswer(not missing, tuple(missing))


def require(project: Project, action: str, *, environment_kind: str = "", actor: User | None = None) -> GateAnswer:
    """Raise GateClosed with everything that is missing unless the action may run; else the answer, for the record."""
    answer = check(project, action, environment_kind=environment_kind, actor=actor)
    if not answer.allowed:
        first = answer.missing[0]
        raise GateClosed(f"{first.message} {first.how_to_fix}".strip(), answer.missing)
    return answer


def _missing(project: Project, action: str, environment_kind: str, known: Known) -> list[Missing]:
    if action not in ACTIONS:
        fix = f"Use one of {', '.join(ACTIONS)}."
        return [Missing("unknown_action", f"No gate knows the action “{action}”.", fix)]
    if environment_kind and environment_kind not in ENVIRONMENT_KINDS:
        fix = f"Use one of {', '.join(ENVIRONMENT_KINDS)}."
        return [Missing("unknown_environment", f"No gate knows the kind of environment “{environment_kind}”.", fix)]
    if unknown := gate_demands.unknown_class(project):
        return [unknown]
    if action == "advance":
        return [*_may_not_ask(project, known.actor), *_missing_to_advance(project)]
    rule = policies.policy_of(project.policy_version).action(action)
    if rule is None:
        fix = "A CoE lead adds it to the policy."
        return [Missing("no_rule", f"The policy {project.policy_version} has no rule for {action}.", fix)]
    facts = known.facts
    found = [_wrong_stage(project, rule, environment_kind), _wrong_person(project, rule, known.actor, facts.roles)]
    wrong = [item for item in found if item is not None]
    clock = poc_clock.missing(project, known.actor, facts.clock) if rule.within_poc_dates else []
    closing = findings.closing(facts.opened, project, action)
    return [*clock, *wrong, *known.overdue, *closing, *risk.missing(project, action)]


def _may_not_ask(project: Project, actor: User | None) -> list[Missing]:
    reason = "" if actor is None else project_permissions.refusal(actor, "submit", project)
    return [Missing("role", reason, "", reverse("projects:team", args=[project.key]))] if reason else []


def _facts(project: Project, actor: User | None) -> Facts:
    opened = ArraySubquery(findings.as_facts(Finding.objects.open().filter(project=OuterRef("pk"))))
    overdue = Condition.objects.binding().overdue().filter(project=OuterRef("pk"))
    roles = Member.objects.filter(project=OuterRef("pk"), user=actor).values("roles")[:1]
    asked = {"is_overdue": Exists(overdue), "opened": opened, "actor_roles": Subquery(roles), **poc_clock.annotations()}
    row = Project.objects.annotate(**asked).values_list(*asked).get(pk=project.pk)
    is_overdue, found, held, spent, newest = row
    facts = [findings.OpenFinding.of(said) for said in found]
    return Facts(is_overdue, facts, held or [], poc_clock.known_from(spent, newest))


def _broken_glass(action: str, environment_kind: str, known: Known, missing: list[Missing]) -> str:
    """Which broken glass lets the action run, in words; empty when none does or when it does not help."""
    if not {item.code for item in missing} <= {*PASSABLE, "role"}:
        return ""
    wanted, actor = (action, environment_kind), known.actor
    glass = next((row for row in known.glasses if (row.action, row.environment_kind) == wanted), None)
    asked_by_actor = glass is not None and actor is not None and actor.pk == glass.requested_by_id
    if glass is None or glass.request is None or ("role" in {item.code for item in missing} and not asked_by_actor):
        return ""
    return f"The glass is broken until {timezone.localtime(glass.closes_at):%d %B %H:%M} ({glass.request.key})."


def _missing_to_advance(project: Project) -> list[Missing]:
    if project.stage == Stage.INTAKE:
        return intakes.missing_to_submit(project)
    waiting = ApprovalRequest.objects.filter(
        project=project, state=ApprovalState.OPEN, action__startswith=consequences.ADVANCE
    ).first()
    if waiting is not None:
        url = reverse("governance:approval", args=[waiting.key])
        return [Missing("waiting", f"{waiting.key} waits for {project.waiting_on}.", "Wait for the decision.", url)]
    return gate_demands.missing_for_gate(project, project.stage)


def _wrong_stage(project: Project, rule: ActionRule, environment_kind: str) -> Missing | None:
    allowed = rule.stages_in(environment_kind)
    if project.stage in allowed:
        return None
    names = " or ".join(Stage(stage).label.lower() for stage in allowed)
    place = f" in a {environment_kind} environment" if environment_kind else ""
    return Missing(
        "stage",
        f"{project.key} is in {project.get_stage_display().lower()}; this{place} needs {names}.",
        "Submit the intake and have it approved." if project.stage == Stage.INTAKE else "Pass the gates before it.",
        reverse("projects:detail", args=[project.key]),
    )


def _wrong_person(project: Project, rule: ActionRule, actor: User | None, held: list[str]) -> Missing | None:
    if actor is None or set(held) & set(rule.roles):
        return None
    labels = dict(ProjectRole.choices)
    roles = " or ".join(str(labels[role]).lower() for role in rule.roles)
    return Missing(
        "role",
        f"You are not a {roles} in the team of {project.key}.",
        f"Ask {project.owner} to add you with that role.",
        reverse("projects:team", args=[project.key]),
    )
