"""One function decides whether an action may run. It is asked before every AWS call, and it fails closed."""

from dataclasses import dataclass

import structlog
from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from coe_portal.core.errors import GateClosed, Missing
from coe_portal.core.models import User
from governance.models import ApprovalRequest, ApprovalState, Condition
from governance.policies.document import ActionRule
from governance.policies.schema import ENVIRONMENT_KINDS
from governance.services import break_glass, conditions, consequences, intakes, poc_clock, policies, risk
from projects.models import Member, Project, ProjectRole, Stage

log = structlog.get_logger(__name__)
# What a broken glass passes; a missing role only for who asked for it, and never an error or an unknown action.
PASSABLE = ("stage", "poc_ended", "poc_budget_spent", "condition_overdue")
ACTIONS = ("advance", "start_run", "register_model", "deploy", "change_traffic", "apply_stack", "grant_data")


@dataclass(frozen=True)
class GateAnswer:
    """May it run? If not, ``missing`` says everything that stands in the way."""

    allowed: bool
    missing: tuple[Missing, ...]
    break_glass: str = ""  # why it is open although something is missing; empty when nothing is


def check(project: Project, action: str, *, environment_kind: str = "", actor: User | None = None) -> GateAnswer:
    """Whether ``action`` may run in ``project`` now.

    Args:
        environment_kind: local, sandbox, dev, staging or prod; empty when the action has no environment.
        actor: the person who wants it; None for the portal's own workers, which act on what was allowed before.

    Any error is a refusal: nothing passes because something broke.
    """
    try:
        missing = _missing(project, action, environment_kind, actor)
        glass = _broken_glass(project, action, environment_kind, actor, missing) if missing else ""
    except Exception:
        log.exception("gate_failed_closed", project=project.key, action=action)
        sentence = "The gate could not be evaluated, so it stays closed."
        missing, glass = [Missing("gate_error", sentence, "Try again; if it stays closed, tell your CoE lead.")], ""
    return GateAnswer(True, (), glass) if glass else GateAnswer(not missing, tuple(missing))


def require(project: Project, action: str, *, environment_kind: str = "", actor: User | None = None) -> None:
    """Raise GateClosed with everything that is missing unless the action may run."""
    answer = check(project, action, environment_kind=environment_kind, actor=actor)
    if not answer.allowed:
        first = answer.missing[0]
        raise GateClosed(f"{first.message} {first.how_to_fix}".strip(), answer.missing)


def _missing(project: Project, action: str, environment_kind: str, actor: User | None) -> list[Missing]:
    if action not in ACTIONS:
        known = ", ".join(ACTIONS)
        return [Missing("unknown_action", f"No gate knows the action “{action}”.", f"Use one of {known}.")]
    if environment_kind and environment_kind not in ENVIRONMENT_KINDS:
        fix = f"Use one of {', '.join(ENVIRONMENT_KINDS)}."
        return [Missing("unknown_environment", f"No gate knows the kind of environment “{environment_kind}”.", fix)]
    if action == "advance":
        return _missing_to_advance(project)
    rule = policies.policy_of(project.policy_version).action(action)
    if rule is None:
        fix = "A CoE lead adds it to the policy."
        return [Missing("no_rule", f"The policy {project.policy_version} has no rule for {action}.", fix)]
    is_overdue, roles, clock_facts = _facts(project, actor)
    found = [_wrong_stage(project, rule, environment_kind), _wrong_person(project, rule, actor, roles)]
    clock = poc_clock.missing(project, actor, clock_facts) if rule.within_poc_dates else []
    overdue = conditions.missing(project, action) if is_overdue else []
    wrong = [item for item in found if item is not None]
    return [*clock, *wrong, *overdue, *risk.missing(project, action)]


def _facts(project: Project, actor: User | None) -> tuple[bool, list[str], poc_clock.Known]:
    """In one query: whether a condition is overdue, the roles that the actor has in the team, what the clock needs."""
    overdue = Condition.objects.binding().overdue().filter(project=OuterRef("pk"))
    roles = Member.objects.filter(project=OuterRef("pk"), user=actor).values("roles")[:1]
    asked = {"is_overdue": Exists(overdue), "actor_roles": Subquery(roles), **poc_clock.annotations()}
    row = Project.objects.annotate(**asked).values_list(*asked).get(pk=project.pk)
    is_overdue, held, spent, newest = row
    return is_overdue, held or [], poc_clock.known_from(spent, newest)


def _broken_glass(
    project: Project, action: str, environment_kind: str, actor: User | None, missing: list[Missing]
) -> str:
    """Which broken glass lets the action run, in words; empty when none does or when it does not help."""
    if not {item.code for item in missing} <= {*PASSABLE, "role"}:
        return ""
    glass = break_glass.open_for(project, action, environment_kind)
    asked_by_actor = glass is not None and actor is not None and actor.pk == glass.requested_by_id
    if glass is None or glass.request is None or ("role" in {item.code for item in missing} and not asked_by_actor):
        return ""
    return f"The glass is broken until {timezone.localtime(glass.closes_at):%d %B %H:%M} ({glass.request.key})."


def _missing_to_advance(project: Project) -> list[Missing]:
    waiting = ApprovalRequest.objects.filter(
        project=project, state=ApprovalState.OPEN, action__startswith=consequences.ADVANCE
    ).first()
    if waiting is not None:
        url = reverse("governance:approval", args=[waiting.key])
        return [Missing("waiting", f"{waiting.key} waits for {project.waiting_on}.", "Wait for the decision.", url)]
    stage = Stage.QUALIFICATION if project.stage == Stage.INTAKE else project.stage
    return intakes.missing_for_gate(project, stage)


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
