"""What a gate between two stages asks of a project: before it is asked for, and again at its last approval."""

from django.urls import reverse

from coe_portal.core.errors import Missing
from governance.models import ApprovalRequest
from governance.policies.known_parts import ADVANCE
from governance.services import conditions, criteria, endings, findings, policies, risk
from projects.models import DataClassification, Project, RiskTier, Stage
from projects.models.project import ENDED
from projects.services import gaps


def missing_for_gate(project: Project, stage: str, *, asked: ApprovalRequest | None = None) -> list[Missing]:
    """What the gate that leaves ``stage`` still needs from the team.

    Args:
        asked: the request for this gate that is being approved: its own conditions are for afterwards.
    """
    if unknown := unknown_class(project):
        return [unknown]
    policy = policies.policy_of(asked.policy_version if asked else project.policy_version)
    gate = policy.gate_from(stage)
    if gate is None:
        sentence = f"No gate leaves the stage {Stage(stage).label.lower()}."
        return [Missing("no_gate", sentence, "Nothing needs to be done here.")]
    page = reverse("projects:detail", args=[project.key])
    missing = criteria.missing(project, policy.asked_by(gate, project.risk_tier))
    if project.sponsor_id is None:
        missing.append(Missing("sponsor", "No sponsor is named.", "Name the executive who pays for it.", page))
    if gate.target in ENDED:  # nothing that is wrong with a project keeps it alive
        return missing + endings.missing_lessons(project, gate.target)
    missing += _team(project, gate.name) + risk.missing(project, f"{ADVANCE}:{gate.target}")
    return missing + conditions.missing(project, "advance", besides=asked) + findings.missing(project, "advance")


def unknown_class(project: Project) -> Missing | None:
    """A tier or class that no rule knows. One that is not judged yet is left to the rules, which take it strictly."""
    for name, choices in (("risk tier", RiskTier), ("data class", DataClassification)):
        said = project.risk_tier if choices is RiskTier else project.data_classification
        if said and said not in choices.values:
            fix = f"Judge it anew: {', '.join(choices.values)}."
            return Missing("unknown_class", f"No gate knows the {name} “{said}” of {project.key}.", fix)
    return None


def _team(project: Project, gate: str) -> list[Missing]:
    """What the team lacks for this gate."""
    rule = policies.policy_of(project.policy_version).team
    page = reverse("projects:team", args=[project.key])
    found = gaps.standing_in_the_way(project, rule.closing(gate), rule.most_areas)
    return [Missing(gap.code, gap.message, gap.how_to_fix, page) for gap in found]
