"""Policies as people read them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.errors import NotFound
from coe_portal.core.models import ApproverGroup, SiteRole
from coe_portal.core.sessions import signed_in
from governance.models import HolderKind, PolicyStatus, PolicyVersion
from governance.models.policy import NEVER_IN_FORCE
from governance.policies.document import GateRule, Policy
from governance.policies.rules import Holder, StepRule, step_of
from governance.policies.wording import condition_words, pointers_words, words
from governance.services import policies
from projects.models import ProjectRole, Stage, WorkArea


@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every version, newest first; drafts only for CoE leads."""
    rows = PolicyVersion.objects.defer("source", "document").select_related("published_by", "created_by")
    if not signed_in(request).is_lead:
        rows = rows.once_in_force()
    return render(request, "governance/policies.html", {"rows": rows})


@require_GET
def policy(request: HttpRequest, label: str) -> HttpResponse:
    """One version: stages, gates, criteria and who approves, in words and as YAML."""
    row = PolicyVersion.objects.labelled(label).first()
    if row is None or (row.status in NEVER_IN_FORCE and not signed_in(request).is_lead):
        raise NotFound(f"There is no policy {label[:60]}.")
    rules = Policy(row.document)
    shorts = {item["code"]: item["short"] for item in rules.criteria}
    references = row.document.get("references", [])
    earlier = PolicyVersion.objects.filter(name=row.name, number__lt=row.number).exclude(status=PolicyStatus.DISCARDED)
    before = earlier.order_by("-number").first()
    context = {
        "row": row,
        "gates": [_gate(gate, shorts) for gate in rules.gates],
        "rules": [_rule(rule, shorts) for rule in rules.rules],
        "criteria": [
            item | {"sources": pointers_words(item.get("references", ()), references)} for item in rules.criteria
        ],
        "fallback": _holder(rules.fallback) if rules.fallback else "",
        "author_barred": rules.author_may_not_decide,
        "actions": [_action(name, rule) for name, rule in row.document["actions"].items()],
        "risk": rules.risk,
        "intake": rules.intake,
        "references": references,
        "begins": policies.begins_projects(row),
        "before": before,
        "changes": policies.changes_between(before, row) if before else [],
    }
    return render(request, "governance/policy.html", context)


def _gate(gate: GateRule, shorts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": gate.title,
        "source": Stage(gate.source).label,
        "target": Stage(gate.target).label,
        "criteria": [shorts[code] for code in gate.criteria],
        "approvals": _steps(gate.approvals, shorts),
    }


def _rule(rule: Mapping[str, Any], shorts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "action": rule["action"],
        "when": condition_words(rule.get("when", {})),
        "steps": _steps(rule["steps"], shorts),
        "days": rule.get("expires_after_days"),
    }


def _steps(rules: Iterable[Mapping[str, Any]], shorts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Approval steps in words, for gates and rules alike."""
    steps = [(step_of(rule, number), condition_words(rule.get("when", {}))) for number, rule in enumerate(rules, 1)]
    return [
        {
            "name": step.name,
            "order": step.order,
            "holder": _holder(step.holder),
            "needed": step.needed,
            "days": step.days,
            "after": _after(step, shorts),
            "when": when,
        }
        for step, when in steps
    ]


def _after(step: StepRule, shorts: Mapping[str, str]) -> str:
    """What else the policy says of the step; empty for nothing."""
    parts = [f"at full time {_holder(step.escalate_to)} may decide too"] if step.escalate_to else []
    if step.fields:
        named = [shorts.get(field.removeprefix("answers."), words(field)).lower() for field in step.fields]
        parts.append(f"answers for {', '.join(named)}")
    return ", ".join(parts)


def _holder(holder: Holder) -> str:
    if holder.kind == HolderKind.SITE_ROLE:
        return f"any {SiteRole(holder.value).label}"
    if holder.kind == HolderKind.GROUP:
        return f"anyone of the group {ApproverGroup(holder.value).label}"
    if holder.kind == HolderKind.PROJECT_ROLE:
        return f"any {ProjectRole(holder.value).label.lower()} of the team"
    if holder.kind == HolderKind.ACCOUNTABLE:
        return f"whoever is accountable for {WorkArea(holder.value).label.lower()}"
    return f"the project's {holder.value.replace('_', ' ')}"


def _action(name: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "stages": [Stage(stage).label for stage in rule["stages"]],
        "elsewhere": [
            (kind, [Stage(stage).label for stage in stages])
            for kind, stages in rule.get("stages_by_environment", {}).items()
        ],
        "roles": [ProjectRole(role).label for role in rule["roles"]],
        "within_poc_dates": rule.get("within_poc_dates", False),
    }
