"""Each gate of a project as people read it: what is met, what is missing, and the way to fix it.

What is missing is the gate's own answer; what is met are the same demands without an answer that they are missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils import timezone

from coe_portal.core.models import User
from governance.policies.document import ActionRule, Policy
from governance.services import gates, policies
from projects.models import Project, ProjectRole, Stage
from projects.models.project import ENDED

# Codes that say that the gate was not evaluated, so nothing of it is known to be met.
NOT_EVALUATED = {
    "gate_error",
    "unknown_action",
    "unknown_environment",
    "unknown_class",
    "no_rule",
    "no_gate",
    "waiting",
}


@dataclass(frozen=True)
class Wanted:
    """A gate to show: the action, in which kind of environment, its title and the words on its button."""

    action: str
    kind: str
    title: str
    button: str = ""


FIRST = (
    Wanted("advance", "", "Next gate", "Ask for the next gate"),
    Wanted("start_run", "local", "Start a run", "Launch a run"),
    Wanted("deploy", "prod", "Deploy to production"),
)
ALL = (
    *FIRST,
    Wanted("register_model", "", "Register a model"),
    Wanted("change_traffic", "prod", "Change traffic in production"),
    Wanted("apply_stack", "prod", "Apply a stack in production"),
    Wanted("grant_data", "", "Have data granted"),
)


@dataclass(frozen=True)
class GateList:
    """One gate with its answer; ``met`` are sentences."""

    wanted: Wanted
    answer: gates.GateAnswer
    met: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Id of the list of reasons, for the button that they explain."""
        return f"why-{self.wanted.action.replace('_', '-')}"


def lists(project: Project, wanted: tuple[Wanted, ...], actor: User) -> list[GateList]:
    """The gates in the order in which they are wanted."""
    known = gates.Known(project, actor)
    return [_list(project, each, actor, known) for each in wanted]


def _list(project: Project, each: Wanted, actor: User, known: gates.Known) -> GateList:
    answer = gates.check(project, each.action, environment_kind=each.kind, actor=actor, known=known)
    policy, advances = policies.policy_of(project.policy_version), each.action == "advance"
    ends = advances and (gate := policy.gate_from(project.stage)) is not None and gate.target in ENDED
    if ends:
        each = replace(each, title="End of the project", button="Ask to retire it")
    codes = {item.code for item in answer.missing}
    if codes & NOT_EVALUATED or answer.break_glass:
        return GateList(each, answer, ())
    found = _met_to_advance(project, policy) if advances else _met(project, policy, each, known)
    return GateList(each, answer, tuple(sentence for code, sentence in found if code not in codes))


def _met_to_advance(project: Project, policy: Policy) -> Iterator[tuple[str, str]]:
    """Code and sentence of each demand of the gate that leaves the project's stage."""
    stage = Stage.QUALIFICATION if project.stage == Stage.INTAKE else project.stage
    gate = policy.gate_from(stage)
    asked = policy.asked_by(gate, project.risk_tier) if gate is not None else ()
    for criterion in policy.criteria:
        if criterion["code"] in asked:
            yield criterion["code"], f"{criterion['short']} is answered"
    yield "sponsor", "The sponsor is named"
    if gate is not None and gate.target in ENDED:
        yield "lesson_owed", "Its lessons are written"
        return
    yield "condition_open", "No condition is open"
    yield "finding", "No finding closes it"


def _met(project: Project, policy: Policy, each: Wanted, known: gates.Known) -> Iterator[tuple[str, str]]:
    """Code and sentence of each demand of an action."""
    rule = policy.action(each.action)
    if rule is None:
        return
    yield "stage", f"It is in {project.get_stage_display().lower()}"
    if rule.within_poc_dates and project.stage == Stage.POC and project.poc_ends_on:
        left = (project.poc_ends_on - timezone.localdate()).days
        yield "poc_ended", f"The proof of concept goes on for {left} day{'' if left == 1 else 's'}"
    yield "role", f"You are {_roles(rule, known)} in the team"
    yield "condition_overdue", "No condition is overdue"
    yield "finding", "No finding closes it"


def _roles(rule: ActionRule, known: gates.Known) -> str:
    labels = dict(ProjectRole.choices)
    held = [str(labels[role]).lower() for role in rule.roles if role in known.facts[2]]
    return " and ".join(held)
